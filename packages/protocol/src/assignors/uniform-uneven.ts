import { parseUuid } from '../uuid.ts'
import type { AssignorTopic } from './assignor.ts'
import type { Group } from './group.ts'
import { NOBODY } from './group.ts'
import { Levels } from './levels.ts'

/** Where subscriptions overlap without being the same, each sweep about halves what is uneven. Source: Kafka's limit. */
const SWEEPS_MAX = 16

/**
 * Members subscribed to different topics. What is free goes topic by topic to the subscribers that have least; then, topic
 * by topic again, partitions move from subscribers that have most to those that have least, until a whole sweep moves
 * nothing. Steps: each sweep is linear in partitions and subscriptions, but for sorting.
 * Source: `UniformHeterogeneousAssignmentBuilder`.
 * @param owners by partition: who has it or `NOBODY`; filled here
 */
export function balanceUniformly(group: Group, owners: Int32Array): void {
  const counts = new Int32Array(group.members.length)
  for (const owner of owners) if (owner !== NOBODY) counts[owner] = (counts[owner] as number) + 1
  const topics = demandingFirst(group)
  for (const topic of topics) fill(group, owners, counts, topic)
  const shared = topics.filter((topic) => (group.subscribers[topic]?.length ?? 0) > 1)
  /** The topic at which the last sweep that moved something has come round. */
  let last: number | undefined
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    for (const topic of shared) {
      if (topic === last) return
      if (level(group, owners, counts, topic) || last === undefined) last = topic
    }
  }
}

/** Topics with most partitions for each subscriber first; then those with fewer subscribers; then by id. */
function demandingFirst(group: Group): number[] {
  const facts = group.topics.map((_, topic) => {
    const { length: subscribers } = group.subscribers[topic] as readonly number[]
    const count = (group.first[topic + 1] as number) - (group.first[topic] as number)
    return { topic, subscribers, demand: count / subscribers, id: idOf(group.facts(topic)) }
  })
  facts.sort(
    (a, b) =>
      b.demand - a.demand || a.subscribers - b.subscribers || compareIds(a.id, b.id) || a.topic - b.topic,
  )
  return facts.map(({ topic }) => topic)
}

function idOf({ id }: AssignorTopic): readonly [bigint, bigint] {
  if (id === undefined) return [0n, 0n]
  const { buffer } = parseUuid(id)
  const view = new DataView(buffer)
  return [view.getBigInt64(0), view.getBigInt64(8)]
}

/** As two signed numbers of 64 bits. Source: `Uuid.compareTo`. */
function compareIds(a: readonly [bigint, bigint], b: readonly [bigint, bigint]): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0
}

/** Gives out what is free of a topic. */
function fill(group: Group, owners: Int32Array, counts: Int32Array, topic: number): void {
  const levels = new Levels(group.subscribers[topic] as readonly number[], counts)
  for (let at = group.first[topic] as number; at < (group.first[topic + 1] as number); at++) {
    if (owners[at] !== NOBODY) continue
    const member = levels.nextLeast()
    owners[at] = member
    counts[member] = (counts[member] as number) + 1
  }
}

/** Moves partitions of a topic between its subscribers; returns whether any moved. */
function level(group: Group, owners: Int32Array, counts: Int32Array, topic: number): boolean {
  const levels = new Levels(group.subscribers[topic] as readonly number[], counts)
  if (levels.spread <= 1) return false
  const held = new Map<number, number[]>()
  for (let at = group.first[topic] as number; at < (group.first[topic + 1] as number); at++) {
    const owner = owners[at] as number
    const list = held.get(owner)
    if (list) list.push(at)
    else held.set(owner, [at])
  }
  let hasMoved = false
  for (;;) {
    const from = levels.nextMost((member) => (held.get(member)?.length ?? 0) > 0)
    if (from === undefined) return hasMoved
    const partition = held.get(from)?.pop() as number
    const to = levels.nextLeast()
    if (levels.isLevel) return hasMoved
    owners[partition] = to
    counts[from] = (counts[from] as number) - 1
    counts[to] = (counts[to] as number) + 1
    hasMoved = true
  }
}
