import type { Finding } from './anomalies.ts'
import type { HistoryIndex, Poll } from './history-index.ts'
import { append } from './lists.ts'
import { VisibleRanks } from './visibility.ts'

/** Moments at which a worker's position in a partition may have changed without a record being read. */
export class Excuses {
  readonly #times = new Map<string, number[]>()

  constructor(index: HistoryIndex) {
    for (const event of index.events) {
      if (event.f === 'seek') for (const tp of Object.keys(event.offs)) this.#note(event.inc, tp, event.t)
      if (event.f === 'assign' || event.f === 'reb')
        for (const tp of event.tps) this.#note(event.inc, tp, event.t)
      if (event.f === 'reset') this.#note(event.inc, event.tp, event.t)
    }
  }

  /** Whether there was one for an incarnation and a partition within a time. */
  between(inc: string, tp: string, from: number, to: number): boolean {
    return (this.#times.get(`${inc} ${tp}`) ?? []).some((t) => t >= from && t <= to)
  }

  #note(inc: string, tp: string, t: number): void {
    append(this.#times, `${inc} ${tp}`, t)
  }
}

/** C1 to C4: within a poll and from one to the next, records follow each other without a gap and never go back. */
export function checkPolls(index: HistoryIndex): Finding[] {
  const found: Finding[] = []
  const ranks = new VisibleRanks(index)
  const excuses = new Excuses(index)
  const last = new Map<string, { offset: number; poll: Poll }>()
  const { reads } = index
  for (const poll of index.polls) {
    const isCommittedOnly = poll.iso === 'read_committed'
    for (let row = poll.from; row < poll.to; row++) {
      const partition = reads.partition.at(row)
      const tp = index.partitions.all[partition] as string
      const offset = reads.offset.at(row)
      const key = `${poll.inc} ${partition}`
      const before = last.get(key)
      last.set(key, { offset, poll })
      if (!before) continue
      const isWithin = before.poll === poll
      const who = `${poll.who} got offset ${offset} after ${before.offset}`
      const isExcused = () => !isWithin && excuses.between(poll.inc, tp, before.poll.begin, poll.end)
      if (offset <= before.offset) {
        if (!isExcused()) found.push({ code: isWithin ? 'C3' : 'C4', tp, text: who })
        continue
      }
      const between =
        ranks.before(partition, offset, isCommittedOnly) -
        ranks.before(partition, before.offset + 1, isCommittedOnly)
      if (between > 0 && !isExcused()) {
        found.push({ code: isWithin ? 'C1' : 'C2', tp, text: `${who}; ${between} records lie between` })
      }
    }
  }
  return found
}
