import type { Mode } from './anomalies.ts'
import type { HistoryEvent, Isolation, Offsets } from './history.ts'

/** Draws whole numbers below `n`. */
export type Draw = (n: number) => number

/** A small generator with 32 bits of state. Source: mulberry32, T. Ettinger, public domain. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * n)
  }
}

interface Stored {
  v: number
  txn: string | undefined
  isMarker: boolean
}

interface Member {
  who: string
  inc: string
  owned: string[]
  position: Record<string, number>
  done: Record<string, number>
}

const INPUT = ['in-0', 'in-1']
const OUTPUT = ['out-0', 'out-1']
const GROUP = 'group'
const COPIERS = 'copiers'
const MILLISECOND = 1e6

/**
 * A history in which nothing is wrong, as a right Kafka would give it: producers whose calls succeed, are refused or stay
 * unknown (and may be stored all the same), a group whose members come and go, a copier in transactions of which some are
 * aborted, faults, healing, a drain. For the checker to stay silent on, and for mutators to break.
 */
export class CleanHistory {
  readonly events: HistoryEvent[] = []
  readonly #draw: Draw
  readonly #logs = new Map<string, Stored[]>()
  readonly #aborted = new Set<string>()
  readonly #open = new Set<string>()
  readonly #committed: Record<string, Record<string, number>> = { [GROUP]: {}, [COPIERS]: {} }
  readonly #members: Member[] = []
  #t = 1000
  #op = 0
  #value = 0
  #generation = 0
  #incarnation = 0

  constructor(seed: number, steps = 60, mode: Partial<Mode> = {}) {
    this.#draw = drawFrom(seed)
    for (const tp of [...INPUT, ...OUTPUT]) this.#logs.set(tp, [])
    this.#moment({
      f: 'mode',
      mode: { expectedOps: 5, expectedFaults: 1, deadlineMs: 1000, progressMs: 500, lagMs: 2000, ...mode },
    })
    this.#join('reader-0')
    this.#join('reader-1')
    const producers = [this.#openClient('producer-0'), this.#openClient('producer-1')]
    const copier = this.#openClient('copier-0')
    const transactionalId = 'copy'
    this.#init('copier-0', copier, transactionalId)
    let transactions = 0
    const copied: Record<string, number> = {}
    for (const inc of producers) for (const tp of INPUT) this.#send(inc, tp, 'ok')
    for (let step = 0; step < steps; step++) {
      const at = this.#draw(20)
      if (at < 8) this.#send(producers[this.#draw(2)] as string, INPUT[this.#draw(2)] as string)
      else if (at < 13) this.#read(this.#members[this.#draw(this.#members.length)] as Member)
      else if (at < 16)
        this.#copy(
          'copier-0',
          copier,
          transactionalId,
          `${copier}/${transactions++}`,
          copied,
          this.#draw(4) === 0,
        )
      else if (at < 17) this.#beat()
      else if (at < 18) this.#ends(this.#draw(2) ? 'read_committed' : 'read_uncommitted')
      else if (at < 19) this.#moment({ f: 'fault', text: 'a broker was killed' })
      else this.#rebalance()
    }
    for (const inc of producers) for (const tp of INPUT) this.#send(inc, tp, 'ok')
    this.#copy('copier-0', copier, transactionalId, `${copier}/${transactions++}`, copied, true)
    this.#copy('copier-0', copier, transactionalId, `${copier}/${transactions++}`, copied, false)
    const heir = this.#openClient('copier-0')
    this.#init('copier-0', heir, transactionalId)
    for (const inc of producers) for (const tp of INPUT) this.#send(inc, tp, 'ok')
    this.#copy('copier-0', heir, transactionalId, `${heir}/0`, { ...this.#committed[COPIERS] }, false)
    this.#moment({ f: 'fault', text: 'the network was cut' })
    this.#moment({ f: 'heal' })
    for (const inc of producers) for (const tp of INPUT) this.#send(inc, tp, 'ok')
    for (const member of this.#members) this.#read(member)
    for (const member of this.#members) this.#commit(member, 'ok')
    this.#rebalance()
    for (const inc of producers) for (const tp of INPUT) this.#send(inc, tp, 'ok')
    for (const member of this.#members) this.#read(member)
    this.#finish(producers, [copier, heir])
  }

  #finish(producers: readonly string[], copiers: readonly string[]): void {
    for (const member of this.#members) {
      const { who, inc, owned } = member
      const stamp = {
        who,
        inc,
        op: ++this.#op,
        group: GROUP,
        kind: 'revoked',
        tps: [...owned],
        gen: this.#generation,
      } as const
      this.#push({ ...stamp, ph: 'b', f: 'reb' })
      this.#commit(member, 'ok')
      this.#push({ ...stamp, ph: 'e', f: 'reb' })
    }
    for (const inc of [...producers, ...copiers, ...this.#members.map((member) => member.inc)])
      this.#close(inc)
    for (const iso of ['read_uncommitted', 'read_committed'] as const) this.#drain(iso)
    this.#ends('read_uncommitted')
    this.#ends('read_committed')
    this.#askCommitted(GROUP)
    this.#askCommitted(COPIERS)
  }

  #now(): number {
    this.#t += MILLISECOND + this.#draw(1000)
    return this.#t
  }

  #push(event: DistributiveOmit<HistoryEvent, 't'>): void {
    this.events.push({ ...event, t: this.#now() } as HistoryEvent)
  }

  #moment(event: object, who = 'judge', inc = 'judge'): void {
    this.#push({ ph: 'b', op: ++this.#op, who, inc, ...event } as never)
  }

  #openClient(who: string): string {
    const inc = `${who}#${this.#incarnation++}`
    this.#moment({ f: 'open' }, who, inc)
    return inc
  }

  #close(inc: string): void {
    const stamp = { who: inc.split('#')[0] as string, inc, op: ++this.#op }
    this.#push({ ...stamp, ph: 'b', f: 'close' })
    this.#push({ ...stamp, ph: 'e', f: 'close' })
  }

  #send(inc: string, tp: string, must?: 'ok', txn?: string, src?: string): number {
    const v = this.#value++
    const stamp = { who: inc.split('#')[0] as string, inc, op: ++this.#op }
    this.#push({ ...stamp, ph: 'b', f: 'send', tp, v, ...(txn ? { txn } : {}), ...(src ? { src } : {}) })
    const chance = must ? 9 : this.#draw(10)
    if (chance === 0) this.#push({ ...stamp, ph: 'e', f: 'send', r: 'fail', attempts: ['MESSAGE_TOO_LARGE'] })
    else if (chance === 1) {
      if (this.#draw(2)) this.#store(tp, v, txn)
      this.#push({ ...stamp, ph: 'e', f: 'send', r: 'unk', attempts: ['TIMEOUT'] })
    } else {
      const off = this.#store(tp, v, txn)
      this.#push({ ...stamp, ph: 'e', f: 'send', r: 'ok', off })
    }
    return v
  }

  #store(tp: string, v: number, txn: string | undefined): number {
    return (this.#logs.get(tp) as Stored[]).push({ v, txn, isMarker: false }) - 1
  }

  /** Where readers of committed records must stop. */
  #stable(tp: string): number {
    const log = this.#logs.get(tp) as Stored[]
    const at = log.findIndex(({ txn }) => txn !== undefined && this.#open.has(txn))
    return at < 0 ? log.length : at
  }

  #visible(tp: string, from: number, iso: Isolation, most: number): { recs: number[]; next: number } {
    const log = this.#logs.get(tp) as Stored[]
    const end = iso === 'read_committed' ? this.#stable(tp) : log.length
    const recs: number[] = []
    let next = from
    while (next < end && recs.length < most * 3) {
      const { v, txn, isMarker } = log[next] as Stored
      const isHidden = isMarker || (iso === 'read_committed' && txn !== undefined && this.#aborted.has(txn))
      if (!isHidden) recs.push(next, v, 1)
      next++
    }
    return { recs, next }
  }

  #join(who: string): void {
    const inc = this.#openClient(who)
    this.#members.push({ who, inc, owned: [], position: {}, done: {} })
    this.#rebalance()
  }

  #rebalance(): void {
    for (const member of this.#members) {
      if (member.owned.length === 0) continue
      const { who, inc, owned } = member
      const stamp = {
        who,
        inc,
        op: ++this.#op,
        group: GROUP,
        kind: 'revoked',
        tps: owned,
        gen: this.#generation,
      } as const
      this.#push({ ...stamp, ph: 'b', f: 'reb' })
      this.#commit(member)
      this.#push({ ...stamp, ph: 'e', f: 'reb' })
      member.owned = []
    }
    this.#generation++
    const shift = this.#draw(2)
    this.#members.forEach((member, number) => {
      const owned = INPUT.filter((_, index) => (index + shift) % this.#members.length === number)
      const { who, inc } = member
      const stamp = {
        who,
        inc,
        op: ++this.#op,
        group: GROUP,
        kind: 'assigned',
        tps: owned,
        gen: this.#generation,
      } as const
      this.#push({ ...stamp, ph: 'b', f: 'reb' })
      this.#push({ ...stamp, ph: 'e', f: 'reb' })
      member.owned = owned
      member.done = {}
      member.position = Object.fromEntries(owned.map((tp) => [tp, this.#committed[GROUP]?.[tp] ?? 0]))
    })
  }

  #read(member: Member): void {
    const { who, inc, owned } = member
    const stamp = { who, inc, op: ++this.#op }
    this.#push({ ...stamp, ph: 'b', f: 'poll', iso: 'read_committed', group: GROUP })
    const recs: Record<string, number[]> = {}
    const pos: Record<string, [number, number]> = {}
    for (const tp of owned) {
      const from = member.position[tp] as number
      const { recs: found, next } = this.#visible(tp, from, 'read_committed', 5)
      if (found.length > 0) recs[tp] = found
      pos[tp] = [from, next]
      member.position[tp] = next
    }
    this.#push({ ...stamp, ph: 'e', f: 'poll', recs, pos })
    for (const [tp, found] of Object.entries(recs)) {
      for (let at = 0; at < found.length; at += 3) {
        const op = ++this.#op
        this.#push({ who, inc, op, ph: 'b', f: 'handed', tp, off: found[at] as number })
        this.#push({ who, inc, op, ph: 'e', f: 'handed' })
        member.done[tp] = (found[at] as number) + 1
      }
    }
    if (this.#draw(2)) this.#commit(member)
  }

  #commit(member: Member, must?: 'ok'): void {
    const offs: Record<string, number> = {}
    for (const tp of member.owned) {
      const done = member.done[tp]
      if (done !== undefined && done > (this.#committed[GROUP]?.[tp] ?? -1)) offs[tp] = done
    }
    if (Object.keys(offs).length === 0) return
    const stamp = { who: member.who, inc: member.inc, op: ++this.#op }
    this.#push({ ...stamp, ph: 'b', f: 'commit', group: GROUP, offs })
    const isLost = !must && this.#draw(8) === 0
    if (!isLost || this.#draw(2)) Object.assign(this.#committed[GROUP] as object, offs)
    this.#push({ ...stamp, ph: 'e', f: 'commit', r: isLost ? 'unk' : 'ok' })
  }

  #beat(): void {
    for (const { who, inc } of this.#members) this.#moment({ f: 'beat' }, who, inc)
  }

  #init(who: string, inc: string, tid: string): void {
    const stamp = { who, inc, op: ++this.#op, f: 'txn', step: 'init', tid, txn: '' } as const
    this.#push({ ...stamp, ph: 'b' })
    this.#push({ ...stamp, ph: 'e', r: 'ok' })
  }

  /** Reads input, writes an output for each record, and commits both or neither. */
  #copy(
    who: string,
    inc: string,
    tid: string,
    txn: string,
    position: Record<string, number>,
    abort: boolean,
  ): void {
    const step = (name: 'begin' | 'offsets' | 'commit' | 'abort', more: object = {}) => {
      const stamp = { who, inc, op: ++this.#op, f: 'txn', step: name, tid, txn } as const
      this.#push({ ...stamp, ph: 'b', ...more } as never)
      return () => this.#push({ ...stamp, ph: 'e', r: 'ok' })
    }
    step('begin')()
    this.#open.add(txn)
    const poll = { who, inc, op: ++this.#op }
    this.#push({ ...poll, ph: 'b', f: 'poll', iso: 'read_committed', txn })
    const recs: Record<string, number[]> = {}
    const next: Record<string, number> = {}
    for (const tp of INPUT) {
      const found = this.#visible(tp, position[tp] ?? 0, 'read_committed', 2)
      if (found.recs.length > 0) recs[tp] = found.recs
      next[tp] = found.next
    }
    this.#push({ ...poll, ph: 'e', f: 'poll', recs })
    const touched = new Set<string>()
    for (const [tp, found] of Object.entries(recs)) {
      for (let at = 0; at < found.length; at += 3) {
        const target = OUTPUT[(found[at + 1] as number) % 2] as string
        this.#send(inc, target, 'ok', txn, `${tp}@${found[at]}`)
        touched.add(target)
      }
    }
    step('offsets', { offs: { ...next }, group: COPIERS })()
    const done = step(abort ? 'abort' : 'commit')
    if (abort) this.#aborted.add(txn)
    for (const tp of touched) (this.#logs.get(tp) as Stored[]).push({ v: -1, txn, isMarker: true })
    this.#open.delete(txn)
    done()
    if (abort) {
      // What was read comes again: a copier goes back by itself.
      const back = Object.fromEntries(INPUT.map((tp) => [tp, position[tp] ?? 0]))
      this.#moment({ f: 'seek', offs: back }, who, inc)
      return
    }
    Object.assign(position, next)
    Object.assign(this.#committed[COPIERS] as object, next)
  }

  #ends(iso: Isolation): void {
    const stamp = { who: 'judge', inc: 'judge', op: ++this.#op }
    this.#push({ ...stamp, ph: 'b', f: 'ends', iso })
    this.#push({ ...stamp, ph: 'e', f: 'ends', r: 'ok', offs: this.#offsets(iso) })
  }

  #offsets(iso: Isolation): Offsets {
    return Object.fromEntries(
      [...this.#logs].map(([tp, log]) => [tp, iso === 'read_committed' ? this.#stable(tp) : log.length]),
    )
  }

  #askCommitted(group: string): void {
    const stamp = { who: 'judge', inc: 'judge', op: ++this.#op }
    this.#push({ ...stamp, ph: 'b', f: 'committed', group })
    this.#push({ ...stamp, ph: 'e', f: 'committed', r: 'ok', offs: { ...this.#committed[group] } })
  }

  #drain(iso: Isolation): void {
    const who = `drain-${iso}`
    for (const tp of this.#logs.keys()) {
      const stamp = { who, inc: who, op: ++this.#op }
      this.#push({ ...stamp, ph: 'b', f: 'poll', iso, drain: true })
      const { recs } = this.#visible(tp, 0, iso, Number.POSITIVE_INFINITY)
      this.#push({ ...stamp, ph: 'e', f: 'poll', recs: recs.length > 0 ? { [tp]: recs } : {} })
    }
    this.#moment({ f: 'drain', iso, offs: this.#offsets(iso) })
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never
