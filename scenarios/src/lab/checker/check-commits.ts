import type { Commit } from './commits.ts'
import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { isVanished } from './incarnations.ts'
import { ensure } from './lists.ts'
import { isCommitted } from './transactions.ts'

const NEVER = Number.POSITIVE_INFINITY

/** By group and partition, in the order in which they began, those of transactions among them. */
export type AllCommits = ReadonlyMap<string, ReadonlyMap<number, readonly Commit[]>>

/** Those of transactions are carried out with the transaction, or not at all. */
export function allCommits(index: HistoryIndex): AllCommits {
  const all = new Map<string, Map<number, Commit[]>>()
  for (const [group, byPartition] of index.commits.byGroup) {
    all.set(group, new Map([...byPartition].map(([partition, list]) => [partition, [...list]])))
  }
  for (const transaction of index.transactions.all) {
    const { incarnation, offsets, commitBegin } = transaction
    const who = index.incarnations.at(incarnation)
    // Of a process that was killed the last lines may be missing.
    const begin = commitBegin === NEVER && isVanished(who) ? who.last : commitBegin
    if (begin === NEVER) continue
    const isOk = isCommitted(transaction)
    const end = isOk ? transaction.committed : NEVER
    for (const { group, offs } of offsets) {
      const byPartition = ensure(all, group, () => new Map<number, Commit[]>())
      for (const [tp, offset] of Object.entries(offs)) {
        const list = ensure(byPartition, index.partitions.of(tp), () => [] as Commit[])
        list.push({ incarnation, begin, end, offset, isOk, isFailed: false, isLate: !isOk })
      }
    }
  }
  for (const byPartition of all.values()) {
    for (const list of byPartition.values()) list.sort((a, b) => a.begin - b.begin)
  }
  return all
}

/** C7 and C8: committed offsets say what was processed, and never go back by themselves. */
export function checkCommits(evidence: Evidence, found: Findings): void {
  const { index } = evidence
  const commits = allCommits(index)
  for (const [group, byPartition] of commits) {
    for (const [partition, list] of byPartition) checkOrder(index, group, partition, list, found)
  }
  checkAnswers(index, commits, found)
  checkAhead(evidence, found)
}

function checkOrder(
  index: HistoryIndex,
  group: string,
  partition: number,
  list: readonly Commit[],
  found: Findings,
): void {
  const settled = list.filter(({ isOk }) => isOk).sort((a, b) => a.end - b.end)
  let next = 0
  let highest: Commit | undefined
  for (const commit of list) {
    for (; next < settled.length && (settled[next] as Commit).end < commit.begin; next++) {
      const each = settled[next] as Commit
      if (!highest || each.offset >= highest.offset) highest = each
    }
    const before = highest
    if (!commit.isOk || !before || commit.offset >= before.offset) continue
    if (isExcused(index, group, partition, list, before, commit)) continue
    found.add('C8', { tp: index.tp(partition), offsets: [commit.offset, before.offset] }, () => {
      return `${index.inc(commit.incarnation)} committed ${commit.offset} after ${before.offset} had been committed`
    })
  }
}

/**
 * Whether a group may have gone back from a commit to a lower offset: somebody sought or was reset, or an older commit
 * was carried out late, as Kafka does when an attempt that nobody waits for comes last.
 */
function isExcused(
  index: HistoryIndex,
  group: string,
  partition: number,
  list: readonly Commit[],
  before: Commit,
  lower: { offset: number; begin: number },
): boolean {
  const isMember = (number: number) => index.incarnations.at(number).group === group
  const moves = index.moves.get(partition) ?? []
  const isTold = ({ kind, t, incarnation }: (typeof moves)[number]) =>
    kind !== 'assigned' && t >= before.begin && t <= lower.begin && isMember(incarnation)
  if (moves.some(isTold)) return true
  return list.some(
    (each) => each.begin < lower.begin && each.offset <= lower.offset && mayComeAfter(index, each, before),
  )
}

/** Whether an attempt of a commit may have been carried out after a later commit: both are not too far apart. */
export function mayComeAfter({ mode }: HistoryIndex, late: Commit, than: Commit): boolean {
  const since = late.end === NEVER ? late.begin : late.end
  return late.isLate && since + mode.callMs * 1e6 >= than.begin
}

/** C8 as the coordinator's answers show it. */
function checkAnswers(index: HistoryIndex, commits: AllCommits, found: Findings): void {
  const asked = new Map<number, { group: string; t: number }>()
  for (const event of index.events) {
    if (event.f !== 'committed') continue
    if (event.ph === 'b') {
      asked.set(event.op, event)
      continue
    }
    const question = asked.get(event.op)
    if (!question || event.r !== 'ok') continue
    const { group, t } = question
    for (const [tp, offset] of Object.entries(event.offs)) {
      const partition = index.partitions.of(tp)
      const list = commits.get(group)?.get(partition) ?? []
      let highest: Commit | undefined
      for (const commit of list) {
        if (commit.isOk && commit.end < t && commit.offset > (highest?.offset ?? -1)) highest = commit
      }
      if (!highest || offset >= highest.offset) continue
      const { offset: before } = highest
      if (isExcused(index, group, partition, list, highest, { offset, begin: event.t })) continue
      // A later commit that went back is told of by itself.
      if (list.some((commit) => commit.begin > (highest as Commit).end && commit.offset <= offset)) continue
      found.add(
        'C8',
        { tp, offsets: [offset, before] },
        () => `${offset} is committed of ${group} after ${before} had been`,
      )
    }
  }
}

/** C7: records before the committed offset that nobody had processed when it was committed. */
function checkAhead({ index, ranks }: Evidence, found: Findings): void {
  for (const { commit, group, partition, base, underWay } of index.commits.claims) {
    if (commit.isFailed || !index.commits.wasHanded(group)) continue
    // What a member that was killed had processed nobody knows any more.
    const open = underWay.find(
      ([, who]) => who === commit.incarnation || !isVanished(index.incarnations.at(who)),
    )
    const missed = ranks.firstBetween(partition, base, commit.offset, true)
    const offset = open?.[0] ?? missed
    if (offset < 0) continue
    found.add('C7', { tp: index.tp(partition), offsets: [offset, commit.offset] }, () => {
      return `${index.inc(commit.incarnation)} committed ${commit.offset}, but offset ${offset} had not been processed`
    })
  }
}
