import type { Random } from '@samsa/runtime'
import type { ActionName, Fault } from './fault.ts'
import { hiddenFrames } from './fault.ts'
import type { Gate } from './lane.ts'
import type { Seen, Trace } from './trace.ts'

/** The two ends that a connection joins. */
export type Side = 'client' | 'server'

/** What the rim is to do. */
export type Effect =
  /** Open the way to the broker. */
  | { readonly kind: 'connect'; readonly connection: number; readonly address: string }
  | { readonly kind: 'write'; readonly connection: number; readonly side: Side; readonly bytes: Buffer }
  /** Tell that side that nothing more comes, behind what was written. */
  | { readonly kind: 'end'; readonly connection: number; readonly side: Side }
  /** Be done with that side, after what was written; with a RST, or in order. */
  | { readonly kind: 'destroy'; readonly connection: number; readonly side: Side; readonly isReset: boolean }
  | { readonly kind: 'pause' | 'resume'; readonly connection: number; readonly side: Side }
  /** Listen for a broker, on a port that was its own before if there is one. */
  | { readonly kind: 'listen'; readonly address: string; readonly port: number | undefined }
  | { readonly kind: 'unlisten'; readonly address: string }

/** Where clients find a broker. */
interface Listener {
  readonly address: string
  /** Undefined until it listens for the first time. */
  port: number | undefined
  isRefusing: boolean
  waiting: (() => void)[]
}

/** What a fault keeps back. */
interface Held {
  readonly fault: Fault
  readonly gate: Gate
  readonly onOpen: () => void
}

/** A predicate's connection: where it leads. */
interface Way {
  readonly id: number
  readonly address: string
}

/** What all connections of a proxy share. */
export class ProxyState {
  readonly random: Random
  readonly trace: Trace
  /** What clients are told as the host of every broker. */
  readonly host: string
  now = 0
  effects: Effect[] = []
  /** Every fault that was injected, in that order. */
  readonly faults: Fault[] = []
  /** Brokers' ids by their addresses, as answers have told them. */
  readonly nodes = new Map<string, number>()
  /** Topics' names by their ids. */
  readonly topicNames = new Map<string, string>()
  readonly #listeners = new Map<string, Listener>()
  #held: Held[] = []
  #alarms: { at: number; run: () => void }[] = []
  /** Whether the frames are hidden by TLS. */
  #isHidden: boolean

  constructor(options: { random: Random; trace: Trace; host: string; isTls: boolean }) {
    this.random = options.random
    this.trace = options.trace
    this.host = options.host
    this.#isHidden = options.isTls
  }

  readonly draw = (): number => this.random.next()

  note(what: string, seen: Seen = {}): void {
    this.trace.add(this.now, { ...seen, did: [what] })
  }

  /** Whether a fault that names a broker or connection means this one. */
  isMeant({ rule }: Fault, { id, address }: Way): boolean {
    if (rule.connection !== undefined && rule.connection !== id) return false
    if (rule.address !== undefined && rule.address !== address) return false
    return rule.node === undefined || rule.node === this.nodes.get(address)
  }

  get isHidden(): boolean {
    return this.#isHidden
  }

  /** TLS was met: no fault of frames can be met any more. */
  hide(): void {
    this.#isHidden = true
    for (const fault of this.faults) {
      if (fault.level === 'frames' && !fault.isOver) fault.refusal ??= hiddenFrames(fault.rule)
    }
  }

  alarm(at: number, run: () => void): void {
    this.#alarms.push({ at, run })
  }

  get nextAlarm(): number {
    return Math.min(...this.#alarms.map(({ at }) => at))
  }

  ring(): void {
    const due = this.#alarms.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at)
    if (due.length === 0) return
    this.#alarms = this.#alarms.filter(({ at }) => at > this.now)
    for (const { run } of due) run()
  }

  /** A gate that opens with the fault's end or release. */
  hold(fault: Fault, onOpen: () => void): Gate {
    const gate = { isClosed: true }
    this.#held.push({ fault, gate, onOpen })
    return gate
  }

  open(gate: Gate): void {
    const held = this.#held.find((each) => each.gate === gate)
    if (held === undefined) return
    this.#held = this.#held.filter((each) => each !== held)
    gate.isClosed = false
    held.onOpen()
  }

  release(fault: Fault): void {
    for (const held of this.#held.filter((each) => each.fault === fault)) this.open(held.gate)
  }

  /** Whether the fault keeps something back at this moment. */
  isHolding(fault: Fault): boolean {
    return this.#held.some((held) => held.fault === fault)
  }

  /** The port that stands for a broker; undefined while it is being opened, and then `then` is told. */
  portFor(address: string, then: () => void): number | undefined {
    const listener = this.listen(address)
    if (listener.port === undefined) listener.waiting.push(then)
    return listener.port
  }

  listen(address: string, port?: number): Listener {
    const known = this.#listeners.get(address)
    if (known) return known
    const made: Listener = { address, port: undefined, isRefusing: false, waiting: [] }
    this.#listeners.set(address, made)
    this.effects.push({ kind: 'listen', address, port })
    return made
  }

  listening(address: string, port: number): void {
    const listener = this.listen(address)
    listener.port = port
    const waiting = listener.waiting
    listener.waiting = []
    for (const then of waiting) then()
    this.reviewListeners()
  }

  /** Opens and closes listeners as the faults want it now. */
  reviewListeners(): void {
    for (const listener of this.#listeners.values()) {
      const { address, port } = listener
      if (port === undefined) continue
      const refusing = this.#listenerFault('refuse', address, listener.isRefusing)
      if (refusing === listener.isRefusing) continue
      listener.isRefusing = refusing
      this.effects.push(refusing ? { kind: 'unlisten', address } : { kind: 'listen', address, port })
      this.note(`${address} ${refusing ? 'refuses' : 'accepts'} connections`)
    }
  }

  #listenerFault(action: ActionName, address: string, isMet: boolean): boolean {
    const meant = this.faults.filter(
      (fault) => !fault.isOver && fault.rule.action === action && this.isMeant(fault, { id: -1, address }),
    )
    if (isMet) return meant.length > 0
    return meant.some((fault) => fault.meets(this.draw))
  }
}
