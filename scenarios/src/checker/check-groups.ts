import type { Finding } from './anomalies.ts'
import type { HistoryEvent } from './history.ts'
import type { HistoryIndex } from './history-index.ts'
import { OK } from './history-index.ts'
import { append, groupedBy } from './lists.ts'

const NEVER = Number.POSITIVE_INFINITY

/** A time in which a member owned a partition. */
interface Ownership {
  inc: string
  tp: string
  generation: number
  from: number
  /** When its revocation had ended, or it learned that it was lost. */
  to: number
}

/** C5 and C6: a partition has one owner at a time, and nothing is handed over of one that was given back. */
export function checkOwnership(index: HistoryIndex): Finding[] {
  const groups = ownerships(index)
  return [...groups.values()].flatMap((owned) => [
    ...twoOwners(index, owned),
    ...afterRevocation(index, owned),
  ])
}

/** By group, in the order of time. */
function ownerships(index: HistoryIndex): Map<string, Ownership[]> {
  const groups = new Map<string, Ownership[]>()
  for (const event of index.events) {
    if (event.f === 'close' || event.f === 'crash') {
      for (const owned of groups.values()) end(owned, event.inc, undefined, event.t)
    }
    if (event.f !== 'reb') continue
    const owned = groups.get(event.group) ?? []
    groups.set(event.group, owned)
    if (event.kind === 'assigned' && event.ph === 'e') {
      for (const tp of event.tps) {
        end(owned, event.inc, [tp], event.t)
        owned.push({ inc: event.inc, tp, generation: event.gen, from: event.t, to: NEVER })
      }
    } else if (event.kind !== 'assigned' && event.ph === 'e') end(owned, event.inc, event.tps, event.t)
  }
  return groups
}

function end(owned: Ownership[], inc: string, tps: readonly string[] | undefined, t: number): void {
  for (const each of owned) {
    if (each.inc === inc && each.to === NEVER && (tps === undefined || tps.includes(each.tp))) each.to = t
  }
}

function* handedOver(
  index: HistoryIndex,
): Generator<{ inc: string; tp: string; offset: number; t: number }, void> {
  const { handed } = index
  for (let row = 0; row < handed.begin.length; row++) {
    const inc = index.incarnations.all[handed.inc.at(row)] as string
    const tp = index.partitions.all[handed.partition.at(row)] as string
    yield { inc, tp, offset: handed.offset.at(row), t: handed.begin.at(row) }
  }
}

function twoOwners(index: HistoryIndex, owned: readonly Ownership[]): Finding[] {
  const found: Finding[] = []
  const byPartition = groupedBy(owned, ({ tp }) => tp)
  const alive = signsOfLife(index)
  for (const [tp, list] of byPartition) {
    const generations = new Map<number, string>()
    for (const { generation, inc } of list) {
      const other = generations.get(generation)
      if (other !== undefined && other !== inc) {
        found.push({ code: 'C5', tp, text: `${other} and ${inc} own it in generation ${generation}` })
      }
      generations.set(generation, inc)
    }
  }
  for (const { inc, tp, offset, t } of handedOver(index)) {
    const list = byPartition.get(tp) ?? []
    const mine = list.findLast((each) => each.inc === inc && each.from <= t)
    if (!mine || mine.to < t) continue
    const later = list.find(
      (each) =>
        each.inc !== inc && each.from > mine.from && each.from < t && each.generation > mine.generation,
    )
    // A member that was stalled cannot know; one whose heartbeat was answered since, or that asked for more, must.
    if (!later || !(alive.get(inc) ?? []).some((sign) => sign > later.from && sign < t)) continue
    found.push({
      code: 'C5',
      tp,
      text: `${inc} was handed offset ${offset} after ${later.inc} had been assigned it`,
    })
  }
  return found
}

/** Times at which a member's heartbeat was answered, or it polled. */
function signsOfLife(index: HistoryIndex): Map<string, number[]> {
  const signs = new Map<string, number[]>()
  for (const event of index.events) if (event.f === 'beat') append(signs, event.inc, event.t)
  for (const { inc, begin } of index.polls) append(signs, inc, begin)
  return signs
}

function afterRevocation(index: HistoryIndex, owned: readonly Ownership[]): Finding[] {
  const found: Finding[] = []
  const byOwner = groupedBy(owned, ({ inc, tp }) => `${inc} ${tp}`)
  for (const { inc, tp, offset, t } of handedOver(index)) {
    const last = byOwner.get(`${inc} ${tp}`)?.findLast(({ from }) => from <= t)
    if (!last || last.to > t) continue
    found.push({
      code: 'C6',
      tp,
      text: `${inc} was handed offset ${offset} after it had given the partition back`,
    })
  }
  return found
}

interface Commit {
  begin: number
  end: number
  inc: string
  offset: number
  isOk: boolean
}

/** C7 to C9: committed offsets say what was processed, never go back by themselves, and are where reading goes on. */
export function checkCommits(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const commits = commitsByPartition(index)
  const soughtBetween = seeksOfGroups(index, commits)
  for (const [key, list] of commits) {
    const tp = key.slice(key.indexOf(' ') + 1)
    let highest: Commit | undefined
    for (const commit of list) {
      if (!commit.isOk) continue
      if (highest && commit.begin > highest.end && commit.offset < highest.offset) {
        if (!soughtBetween(key, highest.begin, commit.begin)) {
          const text = `${commit.inc} committed ${commit.offset} after ${highest.offset} had been committed`
          found.push({ code: 'C8', tp, text })
        }
      }
      if (!highest || commit.offset >= highest.offset) highest = commit
    }
  }
  return [
    ...found,
    ...answersGoBack(index, commits, soughtBetween),
    ...ahead(index, commits),
    ...silentResets(index, commits),
  ]
}

/** Whether a member of the group of a key went to another offset of its partition within a time. */
function seeksOfGroups(
  index: HistoryIndex,
  commits: ReadonlyMap<string, readonly Commit[]>,
): (key: string, from: number, to: number) => boolean {
  const seeks = index.events.filter((event) => event.f === 'seek')
  return (key, from, to) => {
    const tp = key.slice(key.indexOf(' ') + 1)
    const members = new Set((commits.get(key) ?? []).map(({ inc }) => inc))
    return seeks.some(
      (event) => event.t >= from && event.t <= to && members.has(event.inc) && tp in event.offs,
    )
  }
}

/** By group and partition, in the order in which they began. */
function commitsByPartition(index: HistoryIndex): Map<string, Commit[]> {
  const commits = new Map<string, Commit[]>()
  const open = new Map<number, Commit[]>()
  for (const event of index.events) {
    if (event.f !== 'commit') continue
    if (event.ph === 'e') {
      for (const commit of open.get(event.op) ?? []) {
        commit.end = event.t
        commit.isOk = event.r === 'ok'
        if (event.r === 'fail') commit.offset = -1
      }
      continue
    }
    const fresh = Object.entries(event.offs).map(([tp, offset]): [string, Commit] => [
      `${event.group} ${tp}`,
      { begin: event.t, end: NEVER, inc: event.inc, offset, isOk: false },
    ])
    open.set(
      event.op,
      fresh.map(([, commit]) => commit),
    )
    for (const [key, commit] of fresh) append(commits, key, commit)
  }
  for (const transaction of index.transactions) {
    if (transaction.step !== 'commit') continue
    for (const { group, offs } of transaction.offsets) {
      for (const [tp, offset] of Object.entries(offs)) {
        const { inc, finishBegin: begin, finishEnd: end, outcome } = transaction
        append(commits, `${group} ${tp}`, { begin, end, inc, offset, isOk: outcome === OK })
      }
    }
  }
  for (const list of commits.values()) list.sort((a, b) => a.begin - b.begin)
  return commits
}

function answersGoBack(
  index: HistoryIndex,
  commits: ReadonlyMap<string, readonly Commit[]>,
  soughtBetween: (key: string, from: number, to: number) => boolean,
): Finding[] {
  const found: Finding[] = []
  const asked = new Map<number, Extract<HistoryEvent, { f: 'committed'; ph: 'b' }>>()
  for (const event of index.events) {
    if (event.f !== 'committed') continue
    if (event.ph === 'b') {
      asked.set(event.op, event)
      continue
    }
    const question = asked.get(event.op)
    if (!question || event.r !== 'ok') continue
    for (const [tp, offset] of Object.entries(event.offs)) {
      const key = `${question.group} ${tp}`
      let highest: Commit | undefined
      for (const commit of commits.get(key) ?? []) {
        if (commit.isOk && commit.end < question.t && commit.offset > (highest?.offset ?? -1))
          highest = commit
      }
      if (!highest || offset >= highest.offset || soughtBetween(key, highest.begin, event.t)) continue
      found.push({ code: 'C8', tp, text: `${offset} is committed after ${highest.offset} had been` })
    }
  }
  return found
}

/** C7: records before the committed offset that nobody had processed when it was committed. */
function ahead(index: HistoryIndex, commits: ReadonlyMap<string, readonly Commit[]>): Finding[] {
  const found: Finding[] = []
  const { handed } = index
  const groupOf = new Map(index.polls.map(({ inc, group }) => [inc, group]))
  const done = new Map<string, { offset: number; end: number }[]>()
  for (let row = 0; row < handed.begin.length; row++) {
    const tp = index.partitions.all[handed.partition.at(row)] as string
    const group = groupOf.get(index.incarnations.all[handed.inc.at(row)] as string)
    append(done, `${group} ${tp}`, { offset: handed.offset.at(row), end: handed.end.at(row) })
  }
  if (handed.begin.length === 0) return found
  for (const [key, list] of commits) {
    const tp = key.slice(key.indexOf(' ') + 1)
    const log = index.logs[index.partitions.find(tp)]
    const processed = new Map<number, number>()
    for (const { offset, end } of done.get(key) ?? []) {
      processed.set(offset, Math.min(end, processed.get(offset) ?? NEVER))
    }
    if (!log || processed.size === 0) continue
    let checked = Math.min(...processed.keys())
    for (const { offset, end, inc } of list) {
      for (let rank = log.rank(checked); rank < log.rank(offset); rank++) {
        const at = log.offsets[rank] as number
        const when = processed.get(at)
        const isHidden = when === undefined && !wasHandedTo(index, log.values[rank] as number)
        if (isHidden || (when !== undefined && when <= end)) continue
        found.push({
          code: 'C7',
          tp,
          text: `${inc} committed ${offset}, but offset ${at} had not been processed`,
        })
        break
      }
      checked = Math.max(checked, offset)
    }
  }
  return found
}

/** Whether a value is one that a group's member must be given: not one of a transaction that did not commit. */
function wasHandedTo(index: HistoryIndex, value: number): boolean {
  const row = index.writes.of(value)
  if (row < 0) return true
  const transaction = index.transactions[index.writes.transaction.at(row)]
  return transaction === undefined || (transaction.step === 'commit' && transaction.outcome === OK)
}

/** C9: the first position after an assignment is what was committed. */
function silentResets(index: HistoryIndex, commits: ReadonlyMap<string, readonly Commit[]>): Finding[] {
  const found: Finding[] = []
  for (const event of index.events) {
    if (event.f !== 'reb' || event.kind !== 'assigned' || event.ph !== 'e') continue
    for (const tp of event.tps) {
      const list = commits.get(`${event.group} ${tp}`) ?? []
      const settled = list.filter(({ isOk, end }) => isOk && end < event.t)
      if (settled.length === 0) continue
      const first = index.polls.find(
        ({ inc, begin, pos }) => inc === event.inc && begin > event.t && tp in pos,
      )
      const position = first?.pos[tp]?.[0]
      if (first === undefined || position === undefined) continue
      const isSaid = index.events.some(
        (each) =>
          each.t >= event.t - 1e9 &&
          each.t <= first.end &&
          ((each.f === 'reset' && each.tp === tp && each.inc === event.inc) ||
            (each.f === 'seek' && tp in each.offs && each.inc === event.inc)),
      )
      const least = Math.max(...settled.map(({ offset }) => offset))
      const isPossible = list.some(
        ({ offset, begin }) => offset === position && offset >= least && begin < first.end,
      )
      if (isSaid || isPossible) continue
      found.push({
        code: 'C9',
        tp,
        text: `${event.inc} began at ${position}, although ${least} is committed`,
      })
    }
  }
  return found
}
