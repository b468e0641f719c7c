import type { Random } from '@samsa/runtime'
import type { TapMaker } from './connection.ts'
import { Connection } from './connection.ts'
import type { Fault } from './fault.ts'
import { hiddenFrames } from './fault.ts'
import { FrameTap } from './frame-tap.ts'
import type { Effect, Side } from './state.ts'
import { ProxyState } from './state.ts'
import type { TraceEntry } from './trace.ts'
import { Trace } from './trace.ts'

/** What happened, as the rim tells it. */
export type ProxyEvent =
  /** A client has connected to where `address` is listened for. */
  | { readonly kind: 'accepted'; readonly connection: number; readonly address: string }
  /** The way to the broker is there. */
  | { readonly kind: 'opened'; readonly connection: number }
  | { readonly kind: 'bytes'; readonly connection: number; readonly side: Side; readonly bytes: Buffer }
  /** That side will send nothing more. */
  | { readonly kind: 'ended'; readonly connection: number; readonly side: Side }
  /** That side is gone altogether, or could not be reached. */
  | { readonly kind: 'gone'; readonly connection: number; readonly side: Side }
  /** That side takes no more bytes for now, or takes them again. */
  | { readonly kind: 'full' | 'writable'; readonly connection: number; readonly side: Side }
  | { readonly kind: 'listening'; readonly address: string; readonly port: number }
  /** The time that was asked for has come. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'inject'; readonly fault: Fault }
  /** Ends faults; all of them when none is named. */
  | { readonly kind: 'heal'; readonly faults?: readonly Fault[] }
  /** Lets go of what a fault holds back. */
  | { readonly kind: 'release'; readonly fault: Fault }
  /** Resets every connection. */
  | { readonly kind: 'cutAll' }

export interface CoreOptions {
  /** What clients are told as the host of every broker. */
  readonly host: string
  readonly random: Random
  /** Entries that the trace keeps. */
  readonly traceLimit: number
  /** The cluster speaks TLS, so frames are never seen. */
  readonly isTls: boolean
}

/**
 * A proxy between a client and every broker of a cluster, without sockets and clock: `step` is told what happened and
 * when, and says what is to be done. The same events with the same random numbers give the same effects.
 */
export class ProxyCore {
  readonly #state: ProxyState
  readonly #connections = new Map<number, Connection>()
  readonly #tap: TapMaker

  constructor({ host, random, traceLimit, isTls }: CoreOptions) {
    const state = new ProxyState({ host, random, isTls, trace: new Trace(traceLimit) })
    this.#state = state
    this.#tap = (connection, direction) => new FrameTap(state, connection, direction)
  }

  /** Takes a broker in. Its listener is asked for, on that port if one is given. */
  listen(address: string, port?: number): Effect[] {
    this.#state.listen(address, port)
    return this.#take()
  }

  step(event: ProxyEvent, now: number): Effect[] {
    this.#state.now = now
    this.#state.ring()
    this.#on(event)
    for (const connection of this.#connections.values()) {
      if (connection.wakeAt <= now) connection.settle()
      if (connection.isDone) this.#forget(connection)
    }
    return this.#take()
  }

  /** When a tick is wanted; Infinity for never. */
  get wakeAt(): number {
    let at = this.#state.nextAlarm
    for (const connection of this.#connections.values()) at = Math.min(at, connection.wakeAt)
    return at
  }

  get faults(): readonly Fault[] {
    return this.#state.faults
  }

  get trace(): readonly TraceEntry[] {
    return this.#state.trace.entries
  }

  /** Whether TLS hides the frames. */
  get isHidden(): boolean {
    return this.#state.isHidden
  }

  get connections(): number {
    return this.#connections.size
  }

  isHolding(fault: Fault): boolean {
    return this.#state.isHolding(fault)
  }

  #take(): Effect[] {
    const { effects } = this.#state
    this.#state.effects = []
    return effects
  }

  #on(event: ProxyEvent): void {
    switch (event.kind) {
      case 'accepted':
        this.#accept(event.connection, event.address)
        return
      case 'listening':
        this.#state.listening(event.address, event.port)
        return
      case 'inject':
        this.#inject(event.fault)
        return
      case 'heal':
        this.#heal(event.faults ?? this.#state.faults)
        return
      case 'release':
        this.#state.release(event.fault)
        return
      case 'cutAll':
        this.#state.note('every connection is reset')
        for (const connection of this.#connections.values()) connection.destroyBoth('reset')
        return
      case 'tick':
        return
      default:
        this.#onConnection(event, this.#connections.get(event.connection))
    }
  }

  #onConnection(
    event: Extract<ProxyEvent, { connection: number }>,
    connection: Connection | undefined,
  ): void {
    // What was under way when the connection ended here.
    if (!connection) return
    switch (event.kind) {
      case 'opened':
        connection.request.isWritable = true
        connection.settle()
        return
      case 'bytes':
        connection.read(event.side, event.bytes)
        return
      case 'ended':
        connection.ended(event.side)
        return
      case 'gone':
        if (connection[event.side].isOpen) this.#state.note(`${event.side} is gone`, whereOf(connection))
        connection.gone(event.side)
        return
      case 'full':
      case 'writable': {
        const lane = event.side === 'server' ? connection.request : connection.response
        lane.isWritable = event.kind === 'writable'
        connection.settle()
        return
      }
    }
  }

  #accept(id: number, address: string): void {
    const state = this.#state
    const silent = this.#live().find(
      (fault) =>
        fault.rule.action === 'silent' && state.isMeant(fault, { id, address }) && fault.meets(state.draw),
    )
    const connection = new Connection(state, id, address, this.#tap, silent)
    this.#connections.set(id, connection)
    state.note(silent ? `connected; silent by fault ${silent.id}` : 'connected', whereOf(connection))
    if (!silent) state.effects.push({ kind: 'connect', connection: id, address })
    for (const fault of this.#live()) this.#meet(fault, connection)
    connection.settle()
  }

  #inject(fault: Fault): void {
    const state = this.#state
    state.faults.push(fault)
    state.note(`injected ${fault}`)
    if (state.isHidden && fault.level === 'frames') fault.refusal = hiddenFrames(fault.rule)
    if (fault.rule.forMs !== undefined)
      state.alarm(state.now + fault.rule.forMs, () => this.#heal(fault.isOver ? [] : [fault]))
    state.reviewListeners()
    for (const connection of [...this.#connections.values()]) {
      this.#meet(fault, connection)
      connection.settle()
    }
  }

  /** Lets a fault of bytes work on a connection that it is meant for. */
  #meet(fault: Fault, connection: Connection): void {
    if (fault.level !== 'bytes' || !this.#state.isMeant(fault, connection)) return
    if (!fault.meets(this.#state.draw)) return
    const { direction, rule } = fault
    const afterBytes = 'afterBytes' in rule ? (rule.afterBytes ?? 0) : 0
    if (direction !== 'response') connection.request.meet(fault, afterBytes)
    if (direction !== 'request') connection.response.meet(fault, afterBytes)
  }

  #heal(faults: readonly Fault[]): void {
    const ending = faults.filter((fault) => !fault.isOver)
    for (const fault of ending) {
      fault.isOver = true
      this.#state.note(`ended ${fault} after ${fault.hits} hits`)
    }
    for (const fault of ending) this.#state.release(fault)
    this.#state.reviewListeners()
    for (const connection of [...this.#connections.values()]) connection.review()
  }

  #live(): Fault[] {
    return this.#state.faults.filter((fault) => !fault.isOver)
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection.id)
    this.#state.note('connection is over', whereOf(connection))
  }
}

function whereOf({ id, address }: Connection): { connection: number; address: string } {
  return { connection: id, address }
}
