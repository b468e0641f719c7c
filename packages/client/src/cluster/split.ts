import type { Metadata } from './metadata.ts'

/**
 * A request whose partitions have several leaders, or its answer. They are built alike, whichever API it is: topics, and
 * partitions in them.
 */
export interface SplitBody {
  readonly topics: readonly object[]
}

interface Topic {
  readonly name?: string
  readonly topic?: string
  readonly partitions: readonly Partition[]
}

interface Partition {
  readonly partitionIndex?: number
  readonly partition?: number
}

/** What one broker is asked of a request for several. */
export interface Part<B> {
  /** -1: nobody leads these partitions, as far as is known. */
  node: number
  body: B
}

/** Splits a request by who leads its partitions; what nobody leads is a part of its own. */
export function splitByLeader<B extends SplitBody>(body: B, { topics, brokers }: Metadata): Part<B>[] {
  const parts = new Map<number, Map<Topic, Partition[]>>()
  for (const topic of body.topics as readonly Topic[]) {
    const known = topics.get(topic.name ?? topic.topic ?? '')
    for (const partition of topic.partitions) {
      const leader = known?.partitions[partition.partitionIndex ?? partition.partition ?? -1]?.leader ?? -1
      const node = brokers.has(leader) ? leader : -1
      const part = parts.get(node) ?? new Map<Topic, Partition[]>()
      parts.set(node, part)
      const partitions = part.get(topic)
      if (partitions) partitions.push(partition)
      else part.set(topic, [partition])
    }
  }
  return [...parts].map(([node, part]) => ({
    node,
    body: { ...body, topics: [...part].map(([topic, partitions]) => ({ ...topic, partitions })) },
  }))
}

/** One answer made of those of several brokers: topics that several answered for stand in it once. */
export function joinByTopic<R extends SplitBody>(answers: readonly R[]): R | undefined {
  const [first] = answers
  if (!first || answers.length === 1) return first
  const topics = new Map<string, Topic>()
  for (const topic of answers.flatMap((answer) => answer.topics as readonly Topic[])) {
    const name = topic.name ?? topic.topic ?? ''
    const known = topics.get(name)
    topics.set(name, known ? { ...known, partitions: [...known.partitions, ...topic.partitions] } : topic)
  }
  return { ...first, topics: [...topics.values()] }
}

/** APIs that every broker is asked: the list that is joined, and what tells its entries apart. */
const lists = { ListGroups: ['groups', 'groupId'] } as const

/**
 * One answer made of those of every broker. While coordinators move, two may name the same thing: it stands in it once.
 * The first error code stays, since then the list may lack something.
 */
export function joinOfAll<R extends object>(api: keyof typeof lists, answers: readonly R[]): R | undefined {
  const [first] = answers as readonly (R & { errorCode?: number })[]
  if (!first) return undefined
  const [list, key] = lists[api]
  const entries = new Map<unknown, unknown>()
  let { errorCode } = first
  for (const answer of answers as readonly (R & Record<string, unknown>)[]) {
    errorCode ||= answer['errorCode'] as number
    for (const entry of answer[list] as readonly Record<string, unknown>[]) {
      if (!entries.has(entry[key])) entries.set(entry[key], entry)
    }
  }
  return { ...first, errorCode, [list]: [...entries.values()] }
}
