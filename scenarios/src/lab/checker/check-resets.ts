import { allCommits, mayComeAfter } from './check-commits.ts'
import type { Commit } from './commits.ts'
import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'
import type { HistoryIndex } from './history-index.ts'
import { FLUSH_NS, isVanished } from './incarnations.ts'
import type { Start } from './positions.ts'

/**
 * C9: reading begins where the group has committed, and goes on where it was. A position that is neither is a jump to
 * where the policy for unknown offsets leads, which must be told of. One between what was committed and how far the group
 * had read can come from a commit that no line tells of, and is passed over.
 */
export function checkResets({ index, ranks }: Evidence, found: Findings): void {
  const commits = allCommits(index)
  const rank = (partition: number, offset: number) => ranks.before(partition, offset, true)
  for (const start of index.positions.starts) {
    const { group, partition, position, own, reached } = start
    const { possible, latest } = possibleCommits(index, commits.get(group)?.get(partition) ?? [], start)
    if (latest === undefined) continue
    const at = rank(partition, position)
    const ranksOf = possible.map(({ offset }) => rank(partition, offset))
    if (own !== undefined) ranksOf.push(rank(partition, own))
    if (ranksOf.includes(at)) continue
    const isBack = at < Math.min(...ranksOf)
    const isAhead = at > Math.max(...ranksOf, rank(partition, reached ?? 0))
    if (!isBack && !(isAhead && !mayLackCommits(index, start, latest))) continue
    // Seeking within the callback is no start at all; what was told while the position was looked up counts.
    if (isTold(index, start)) continue
    const who = index.inc(start.incarnation)
    const where = { tp: index.tp(partition), offsets: [position, latest.offset] }
    found.add('C9', where, () => `${who} began at ${position}, although ${latest.offset} is committed`)
  }
  for (const { incarnation, group, partition, end, from, to } of index.positions.jumps) {
    const list = commits.get(group)?.get(partition) ?? []
    if (rank(partition, from) === rank(partition, to) || !list.some((each) => each.isOk && each.end < end))
      continue
    found.add('C9', { tp: index.tp(partition), offsets: [from, to] }, () => {
      return `${index.inc(incarnation)} stood at ${from} and went on at ${to}, and nothing had been said`
    })
  }
}

/** Commits that the coordinator may have answered with, and the latest that had been acknowledged. */
function possibleCommits(
  index: HistoryIndex,
  list: readonly Commit[],
  start: Start,
): { possible: Commit[]; latest: Commit | undefined } {
  let latest: Commit | undefined
  for (const each of list) if (each.isOk && each.end < start.assigned && !isOlder(each, latest)) latest = each
  const possible = list.filter((each) => {
    if (each.isFailed || each.begin > start.end) return false
    return !latest || each.end >= latest.begin || mayComeAfter(index, each, latest)
  })
  return { possible, latest }
}

function isOlder(commit: Commit, than: Commit | undefined): boolean {
  return than !== undefined && commit.begin < than.begin
}

function isTold(index: HistoryIndex, { incarnation, partition, assigned, end }: Start): boolean {
  const moves = index.moves.get(partition) ?? []
  return moves.some(
    (move) =>
      move.kind !== 'assigned' && move.incarnation === incarnation && move.t >= assigned && move.t <= end,
  )
}

/** Whether a member was killed after the last commit that is known, so that one may lack its line. */
function mayLackCommits(index: HistoryIndex, start: Start, latest: Commit): boolean {
  return index.incarnations.all.some(
    (each, number) =>
      each.group === start.group &&
      number !== start.incarnation &&
      isVanished(each) &&
      each.first < start.end &&
      each.last + FLUSH_NS > latest.begin,
  )
}
