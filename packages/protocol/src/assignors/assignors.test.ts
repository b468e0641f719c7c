import assert from 'node:assert/strict'
import test from 'node:test'
import { testlines } from '../testdata.test-support.ts'
import type { Assignment, Assignor, AssignorMember, AssignorTopic, TopicPartitions } from './assignor.ts'
import { brokerRange } from './broker-range.ts'
import { range } from './range.ts'
import { roundRobin } from './round-robin.ts'
import { shareSimple } from './share-simple.ts'
import { cooperativeSticky, sticky } from './sticky.ts'
import { uniform } from './uniform.ts'

interface Line {
  name: string
  assignor: string
  topics: { name: string; partitions: number; racks?: string[][]; id?: string }[]
  members: {
    memberId: string
    instanceId?: string
    rack?: string
    topics: string[]
    owned?: [string, number][]
    generation?: number
    userData?: string
  }[]
  exact: boolean
  result: Record<string, [string, number][]>
  sizes: number[]
  kept: number
  sizesExact: boolean
}

const assignors: Record<string, Assignor> = {
  range,
  roundrobin: roundRobin,
  sticky,
  'cooperative-sticky': cooperativeSticky,
  'broker-uniform': uniform,
  'broker-range': brokerRange,
  'broker-share-simple': shareSimple,
}

/** What each assignor must have to show: lines compared wholly, by sizes and kept partitions, by coverage alone. */
const WANTED: Record<string, [exact: number, sizes: number, coverage: number]> = {
  range: [220, 0, 0],
  roundrobin: [220, 0, 0],
  sticky: [216, 15, 1],
  'cooperative-sticky': [216, 16, 0],
  'broker-uniform': [91, 129, 0],
  'broker-range': [220, 0, 0],
  'broker-share-simple': [30, 113, 77],
}

const lines = testlines<Line>('assignors.jsonl')

test('there are golden lines of these assignors and no others', (context) => {
  assert.equal(lines.length, 1564)
  const [exact, sizes, coverage] = [0, 1, 2].map((at) =>
    Object.values(WANTED).reduce((sum, counts) => sum + (counts[at] as number), 0),
  ) as [number, number, number]
  assert.equal(exact + sizes + coverage, lines.length)
  context.diagnostic(
    `${lines.length} lines: ${exact} exact, ${sizes} by sizes and kept, ${coverage} by coverage`,
  )
})

for (const [name, assign] of Object.entries(assignors)) {
  test(`${name} shares out as Kafka's own assignor does`, (context) => {
    const counts: [number, number, number] = [0, 0, 0]
    for (const line of lines.filter(({ assignor }) => assignor === name)) {
      const got = assign(line.members.map(memberOf), topicsOf(line))
      assert.deepEqual([...got.keys()].sort(), line.members.map(({ memberId }) => memberId).sort())
      checkOwners(line, got)
      if (line.exact) {
        counts[0]++
        for (const { memberId } of line.members)
          assert.deepEqual(flat(got.get(memberId)), kafkas(line, memberId), `${line.name}: ${memberId}`)
      } else if (line.sizesExact) {
        counts[1]++
        const sizes = line.members.map(({ memberId }) => flat(got.get(memberId)).length)
        assert.deepEqual(
          sizes.sort((a, b) => a - b),
          line.sizes,
          line.name,
        )
        assert.equal(kept(line, got), line.kept, line.name)
      } else counts[2]++
    }
    context.diagnostic(
      `${name}: ${counts[0]} exact, ${counts[1]} by sizes and kept, ${counts[2]} by coverage`,
    )
    assert.deepEqual(counts, WANTED[name])
  })

  test(`${name} gives the same answer in whatever order members, topics and claims are listed`, () => {
    for (const line of lines.filter(({ assignor }) => assignor === name)) {
      const got = assign(line.members.map(memberOf), topicsOf(line))
      const turned = assign(
        line.members.map(memberOf).reverse().map(turn),
        new Map([...topicsOf(line)].reverse()),
      )
      for (const [memberId, assignment] of got)
        assert.deepEqual(flat(turned.get(memberId)), flat(assignment), `${line.name}: ${memberId}`)
    }
  })
}

/** Every partition of a subscribed topic has an owner who subscribed, and only share groups give it several. */
function checkOwners(line: Line, got: Map<string, Assignment>): void {
  const owners = new Map<string, number>()
  for (const { memberId, topics } of line.members) {
    for (const [topic, partitions] of got.get(memberId) as Assignment) {
      assert.ok(topics.includes(topic), `${line.name}: ${memberId} did not subscribe to ${topic}`)
      assert.ok(partitions.length > 0, `${line.name}: ${memberId} has an empty entry`)
      for (const partition of partitions) {
        const name = `${topic}-${partition}`
        owners.set(name, (owners.get(name) ?? 0) + 1)
      }
    }
  }
  const subscribed = new Set(line.members.flatMap(({ topics }) => topics))
  for (const { name, partitions } of line.topics.filter((topic) => subscribed.has(topic.name))) {
    for (let partition = 0; partition < partitions; partition++) {
      const count = owners.get(`${name}-${partition}`) ?? 0
      owners.delete(`${name}-${partition}`)
      const isMoving = line.assignor === 'cooperative-sticky' && isOwned(line, name, partition)
      const isRight =
        line.assignor === 'broker-share-simple' ? count >= 1 : count === 1 || (count === 0 && isMoving)
      assert.ok(isRight, `${line.name}: ${name}-${partition} has ${count} owners`)
    }
  }
  assert.deepEqual([...owners.keys()], [], `${line.name}: partitions that do not exist`)
}

/** Only what somebody has may be with nobody for the moment, in the cooperative protocol. */
function isOwned({ members }: Line, topic: string, partition: number): boolean {
  return members.some(({ owned }) => owned?.some(([name, index]) => name === topic && index === partition))
}

function kept(line: Line, got: Map<string, Assignment>): number {
  let count = 0
  for (const { memberId, owned } of line.members) {
    const now = new Set(flat(got.get(memberId)))
    count += (owned ?? []).filter(([topic, partition]) => now.has(`${topic}-${partition}`)).length
  }
  return count
}

function flat(assignment: Assignment | undefined): string[] {
  return [...(assignment ?? [])].flatMap(([topic, list]) => list.map((index) => `${topic}-${index}`)).sort()
}

function kafkas(line: Line, memberId: string): string[] {
  return (line.result[memberId] ?? []).map(([topic, partition]) => `${topic}-${partition}`).sort()
}

function topicsOf({ topics }: Line): Map<string, AssignorTopic> {
  return new Map(topics.map(({ name, ...facts }) => [name, facts]))
}

function memberOf({
  memberId,
  instanceId,
  rack,
  topics,
  owned,
  generation,
  userData,
}: Line['members'][number]): AssignorMember {
  return {
    memberId,
    groupInstanceId: instanceId ?? null,
    rackId: rack ?? null,
    topics,
    ownedPartitions: (owned ?? []).map(
      ([topic, partition]): TopicPartitions => ({ topic, partitions: [partition] }),
    ),
    ...(generation === undefined ? {} : { generationId: generation }),
    userData: userData === undefined ? null : Buffer.from(userData, 'base64'),
  }
}

function turn(member: AssignorMember): AssignorMember {
  return {
    ...member,
    topics: [...member.topics].reverse(),
    ownedPartitions: [...(member.ownedPartitions ?? [])].reverse(),
  }
}
