import assert from 'node:assert/strict'
import test from 'node:test'
import type { Assignment, Assignor, AssignorMember, AssignorTopic } from './assignor.ts'
import { brokerRange } from './broker-range.ts'
import { range } from './range.ts'
import { roundRobin } from './round-robin.ts'
import { shareSimple } from './share-simple.ts'
import { cooperativeSticky, sticky } from './sticky.ts'
import { encodeStickyUserData } from './sticky-user-data.ts'
import { uniform } from './uniform.ts'

const MEMBERS = 1000
const PARTITIONS = 10_000
const RACKS = ['a', 'b', 'c', 'd']

const assignors: [string, Assignor][] = [
  ['range', range],
  ['roundrobin', roundRobin],
  ['sticky', sticky],
  ['cooperative-sticky', cooperativeSticky],
  ['uniform', uniform],
  ['broker-range', brokerRange],
  ['share-simple', shareSimple],
]

/** A group whose members subscribe to all topics, or each to two of three. */
function group(topicCount: number, isEven: boolean): [AssignorMember[], Map<string, AssignorTopic>] {
  const names = Array.from({ length: topicCount }, (_, index) => `topic-${index}`)
  const perTopic = PARTITIONS / topicCount
  const racks = Array.from({ length: perTopic }, (_, index) => [
    RACKS[index % 4] as string,
    RACKS[(index * 7) % 3] as string,
  ])
  const topics = new Map(names.map((name) => [name, { partitions: perTopic, racks }]))
  const members = Array.from({ length: MEMBERS }, (_, index) => ({
    memberId: `member-${index}`,
    topics: isEven ? names : names.filter((_, topic) => (topic + index) % 3 !== 0),
    ...(index % 5 === 0 ? {} : { rackId: RACKS[index % 4] as string }),
  }))
  return [members, topics]
}

/** The answer as what members have when they join the next time. */
function again(members: readonly AssignorMember[], answer: Map<string, Assignment>): AssignorMember[] {
  return members.map((member) => {
    const ownedPartitions = [...(answer.get(member.memberId) ?? [])].map(([topic, partitions]) => ({
      topic,
      partitions,
    }))
    const userData = encodeStickyUserData({ ownedPartitions, generationId: 1 })
    return { ...member, ownedPartitions, generationId: 1, userData }
  })
}

/** Every partition is with one member; in a share group with one at least. */
function check(assign: Assignor, answer: Map<string, Assignment>): void {
  const owned = new Set<string>()
  let count = 0
  for (const assignment of answer.values()) {
    for (const [topic, partitions] of assignment) {
      count += partitions.length
      for (const partition of partitions) owned.add(`${topic}-${partition}`)
    }
  }
  assert.equal(owned.size, PARTITIONS)
  if (assign !== shareSimple) assert.equal(count, PARTITIONS)
}

for (const [name, assign] of assignors) {
  for (const topicCount of [1, 100, PARTITIONS]) {
    for (const isEven of [true, false]) {
      // A share group's answer would itself have 6.7 million entries.
      if (assign === shareSimple && !isEven && topicCount === PARTITIONS) continue
      const title = `${topicCount} topics, ${isEven ? 'equal' : 'different'} subscriptions`
      test(`${name} shares ${PARTITIONS} partitions among ${MEMBERS} members: ${title}`, {
        timeout: 120_000,
      }, () => {
        const [members, topics] = group(topicCount, isEven)
        const first = assign(members, topics)
        check(assign, first)
        const fewer = again(members, first).filter((_, index) => index % 10 !== 3)
        let answer = assign(fewer, topics)
        // In the cooperative protocol what moves is given back first and assigned in the next round.
        if (assign === cooperativeSticky) answer = assign(again(fewer, answer), topics)
        check(assign, answer)
      })
    }
  }
}
