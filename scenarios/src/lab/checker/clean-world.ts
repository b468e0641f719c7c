import type { Draw } from './draw.ts'
import { drawFrom } from './draw.ts'
import type { HistoryEvent, Isolation, Offsets } from './history.ts'

interface Stored {
  v: number
  txn: string | undefined
  isMarker: boolean
}

interface Waiting {
  stamp: { who: string; inc: string; op: number }
  v: number
  txn: string | undefined
  /** The producer has given up on it. */
  isGivenUp: boolean
}

interface SendOptions {
  /** Acknowledged at once. */
  isSure?: boolean
  txn?: string
  src?: string
}

const MILLISECOND = 1e6

/** A right Kafka in little: logs, what of them is committed, a clock, and the lines that clients write. */
export class CleanWorld {
  readonly events: HistoryEvent[] = []
  readonly draw: Draw
  readonly #logs = new Map<string, Stored[]>()
  readonly #aborted = new Set<string>()
  readonly #open = new Set<string>()
  /** By producer and partition: what is sent is stored in that order, or not at all. */
  readonly #waiting = new Map<string, Waiting[]>()
  #t = 1000
  #op = 0
  #value = 0
  #incarnation = 0

  constructor(seed: number, partitions: readonly string[]) {
    this.draw = drawFrom(seed)
    for (const tp of partitions) this.#logs.set(tp, [])
  }

  nextOp(): number {
    return ++this.#op
  }

  push(event: object): void {
    this.#t += MILLISECOND + this.draw(1000)
    this.events.push({ ...event, t: this.#t } as HistoryEvent)
  }

  moment(event: object, who = 'judge', inc = 'judge'): void {
    this.push({ ph: 'b', op: this.nextOp(), who, inc, ...event })
  }

  openClient(who: string): string {
    const inc = `${who}#${this.#incarnation++}`
    this.moment({ f: 'open' }, who, inc)
    return inc
  }

  stamp(inc: string): { who: string; inc: string; op: number } {
    return { who: whoOf(inc), inc, op: this.nextOp() }
  }

  close(inc: string): void {
    const stamp = this.stamp(inc)
    this.push({ ...stamp, ph: 'b', f: 'close' })
    this.push({ ...stamp, ph: 'e', f: 'close' })
  }

  crash(inc: string): void {
    this.moment({ f: 'crash' }, whoOf(inc), inc)
    // What was under way arrives, or does not; nobody is left to be told.
    for (const [key, list] of this.#waiting) {
      if (!key.startsWith(`${inc} `)) continue
      for (const { v, txn } of list.slice(0, this.draw(list.length + 1)))
        this.#store(partitionOf(key), v, txn)
      this.#waiting.delete(key)
    }
  }

  send(inc: string, tp: string, { isSure = false, txn, src }: SendOptions = {}): void {
    const v = this.#value++
    const stamp = this.stamp(inc)
    this.push({ ...stamp, ph: 'b', f: 'send', tp, v, ...(txn ? { txn } : {}), ...(src ? { src } : {}) })
    const key = `${inc} ${tp}`
    const list = this.#waiting.get(key) ?? []
    this.#waiting.set(key, list)
    if (!isSure && this.draw(10) === 0) {
      this.push({ ...stamp, ph: 'e', f: 'send', r: 'fail', attempts: ['MESSAGE_TOO_LARGE'] })
      return
    }
    list.push({ stamp, v, txn, isGivenUp: false })
    while (isSure && list.length > 0) this.#arrive(key, list, true)
  }

  /** The oldest send of somebody gets on. */
  getOn(): void {
    const busy = [...this.#waiting].filter(([, list]) => list.length > 0)
    const one = busy[this.draw(busy.length)]
    if (one) this.#arrive(...one)
  }

  /** Everything that is under way comes to its end. */
  settle(): void {
    for (const [key, list] of this.#waiting) while (list.length > 0) this.#arrive(key, list)
  }

  #arrive(key: string, list: Waiting[], isSure = false): void {
    const first = list[0] as Waiting
    const { stamp, v, txn, isGivenUp } = first
    if (!isGivenUp && !isSure && this.draw(8) === 0) {
      // It may still be stored, long after its producer was told that it took too long.
      this.push({ ...stamp, ph: 'e', f: 'send', r: 'unk', attempts: ['TIMEOUT'] })
      first.isGivenUp = true
      return
    }
    list.shift()
    if (isGivenUp && this.draw(2) === 0) return
    const off = this.#store(partitionOf(key), v, txn)
    if (!isGivenUp) this.push({ ...stamp, ph: 'e', f: 'send', r: 'ok', off })
  }

  #store(tp: string, v: number, txn: string | undefined): number {
    return this.#log(tp).push({ v, txn, isMarker: false }) - 1
  }

  #log(tp: string): Stored[] {
    return this.#logs.get(tp) as Stored[]
  }

  beginTransaction(txn: string): void {
    this.#open.add(txn)
  }

  /** What was stored of a transaction counts from here on, or never. */
  endTransaction(txn: string, isAborted: boolean): void {
    if (!this.#open.delete(txn)) return
    if (isAborted) this.#aborted.add(txn)
    for (const log of this.#logs.values()) {
      if (log.some((stored) => stored.txn === txn)) log.push({ v: -1, txn, isMarker: true })
    }
  }

  isOpen(txn: string): boolean {
    return this.#open.has(txn)
  }

  /** Where readers of committed records must stop. */
  #stable(tp: string): number {
    const at = this.#log(tp).findIndex(({ txn }) => txn !== undefined && this.#open.has(txn))
    return at < 0 ? this.#log(tp).length : at
  }

  visible(tp: string, from: number, iso: Isolation, most: number): { recs: number[]; next: number } {
    const log = this.#log(tp)
    const end = iso === 'read_committed' ? this.#stable(tp) : log.length
    const recs: number[] = []
    let next = from
    for (; next < end && recs.length < most * 3; next++) {
      const { v, txn, isMarker } = log[next] as Stored
      const isHidden = isMarker || (iso === 'read_committed' && txn !== undefined && this.#aborted.has(txn))
      if (!isHidden) recs.push(next, v, 1)
    }
    return { recs, next }
  }

  ends(iso: Isolation, inc = 'judge'): Offsets {
    const stamp = this.stamp(inc)
    this.push({ ...stamp, ph: 'b', f: 'ends', iso })
    const offs = Object.fromEntries(
      [...this.#logs].map(([tp, log]) => [tp, iso === 'read_committed' ? this.#stable(tp) : log.length]),
    )
    // The leader of one does not know its end for the moment.
    const isKnown = inc !== 'judge' || this.draw(6) > 0
    this.push({ ...stamp, ph: 'e', f: 'ends', r: isKnown ? 'ok' : 'fail', offs: isKnown ? offs : {} })
    return offs
  }

  drain(iso: Isolation): void {
    const inc = this.openClient(`drain-${iso}`)
    const offs = this.ends(iso, inc)
    for (const tp of this.#logs.keys()) {
      const stamp = this.stamp(inc)
      this.push({ ...stamp, ph: 'b', f: 'poll', iso, drain: true })
      const { recs } = this.visible(tp, 0, iso, Number.POSITIVE_INFINITY)
      this.push({ ...stamp, ph: 'e', f: 'poll', recs: recs.length > 0 ? { [tp]: recs } : {} })
    }
    this.moment({ f: 'drain', iso, offs }, whoOf(inc), inc)
    this.close(inc)
  }
}

export function whoOf(inc: string): string {
  return inc.slice(0, inc.indexOf('#') < 0 ? undefined : inc.indexOf('#'))
}

function partitionOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1)
}
