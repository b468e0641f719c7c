import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { append } from './lists.ts'
import type { Ownership } from './ownership.ts'
import { ownerships } from './ownership.ts'

const NEVER = Number.POSITIVE_INFINITY

/** A time in which a member owned a partition, and from when on it had to know that another one did. */
interface Claim extends Ownership {
  knows: number
  rival: number
}

/** C5 and C6: a partition has one owner at a time, and nothing is handed over of one that was given back. */
export function checkOwnership({ index }: Evidence, found: Findings): void {
  for (const [group, owned] of ownerships(index)) {
    const byPartition = new Map<number, Ownership[]>()
    for (const each of owned) append(byPartition, each.partition, each)
    const claims = new Map<number, Map<number, Claim[]>>()
    for (const [partition, list] of byPartition) {
      checkGenerations(index, partition, list, found)
      const byIncarnation = new Map<number, Claim[]>()
      for (const each of list) append(byIncarnation, each.incarnation, claim(index, each, list))
      claims.set(partition, byIncarnation)
    }
    checkHanded(index, group, claims, found)
  }
}

/** Two that have a partition at one time and in one generation. */
function checkGenerations(
  index: HistoryIndex,
  partition: number,
  list: readonly Ownership[],
  found: Findings,
): void {
  list.forEach((each, at) => {
    for (let before = at - 1; before >= 0; before--) {
      const other = list[before] as Ownership
      if (other.incarnation === each.incarnation || other.to <= each.from || each.generation < 0) continue
      if (other.generation > each.generation || other.lastGeneration < each.generation) continue
      const names = `${index.inc(other.incarnation)} and ${index.inc(each.incarnation)}`
      found.add('C5', { tp: index.tp(partition) }, () => `${names} own it in generation ${each.generation}`)
    }
  })
}

/**
 * When a member has to know that it lost a partition to a later one: once it polls after the answer to a heartbeat that
 * was sent after the other one had been assigned it. Before that it may be stalled, or cut off, and nobody can tell it.
 */
function claim(index: HistoryIndex, mine: Ownership, list: readonly Ownership[]): Claim {
  let knows = NEVER
  let rival = -1
  for (const other of list) {
    if (other.incarnation === mine.incarnation || other.from <= mine.from || other.from >= mine.to) continue
    if (other.generation >= 0 && other.generation <= mine.generation) continue
    const beat = index.beats.get(mine.incarnation)?.find(({ sent }) => sent >= other.from)
    const poll = beat && firstFrom(index, mine.incarnation, beat.answered)
    if (poll === undefined || poll >= knows) continue
    knows = poll
    rival = other.incarnation
  }
  return { ...mine, knows, rival }
}

/** When an incarnation first began a poll after a time. */
function firstFrom(index: HistoryIndex, incarnation: number, t: number): number | undefined {
  const times = index.pollTimes.get(incarnation)
  for (let at = 0; times && at < times.length; at++) if (times.at(at) > t) return times.at(at)
  return undefined
}

function checkHanded(
  index: HistoryIndex,
  group: string,
  claims: ReadonlyMap<number, ReadonlyMap<number, readonly Claim[]>>,
  found: Findings,
): void {
  const { handed } = index.commits
  /** Rows lie in the order of time, so that the claim in force only goes on. */
  const current = new Map<readonly Claim[], number>()
  for (let row = 0; row < handed.begin.length; row++) {
    const partition = handed.partition.at(row)
    const incarnation = handed.incarnation.at(row)
    const list = claims.get(partition)?.get(incarnation)
    if (!list || index.incarnations.at(incarnation).group !== group) continue
    const t = handed.begin.at(row)
    let at = current.get(list) ?? -1
    while (at + 1 < list.length && (list[at + 1] as Claim).from <= t) at++
    current.set(list, at)
    const mine = list[at]
    if (!mine) continue
    const offset = handed.offset.at(row)
    const where = { tp: index.tp(partition), offsets: [offset] }
    const who = index.inc(incarnation)
    if (t > mine.to) {
      const why = mine.isGivenBack ? 'had given the partition back' : 'had been closed'
      found.add('C6', where, () => `${who} was handed offset ${offset} after it ${why}`)
    } else if (t > mine.knows) {
      const text = () =>
        `${who} was handed offset ${offset} although it had heard since that it is ${index.inc(mine.rival)}'s`
      found.add('C5', where, text)
    }
  }
}
