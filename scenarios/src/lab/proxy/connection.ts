import type { Api } from '@samsa/protocol'
import type { Direction, Fault, Manner } from './fault.ts'
import type { CutterTarget } from './frame-cutter.ts'
import { FrameCutter } from './frame-cutter.ts'
import type { Gate, Outlet, Parcel } from './lane.ts'
import { Lane } from './lane.ts'
import type { Touched } from './parts.ts'
import type { ProxyState, Side } from './state.ts'

/** A request whose answer has not come. */
export interface Pending {
  readonly api: Api | undefined
  readonly version: number
  readonly correlationId: number
  readonly touched: readonly Touched[]
}

/** What one side has done and was told. */
interface SideState {
  isOpen: boolean
  /** It will send nothing more. */
  hasEnded: boolean
  /** It was told that nothing more comes. */
  isEnded: boolean
  isPaused: boolean
}

/** A held request, and what is known of the client. */
interface Late {
  readonly gate: Gate
  readonly begin: () => void
  hasBegun: boolean
}

/** Unsent bytes of a direction up to which reading goes on: usually, and while they wait for a time or a gate. */
const FLOWING_BYTES = 1024 * 1024
const HELD_BYTES = 64 * 1024 * 1024
/** How long the broker may take to answer or to go once the client is gone. Milliseconds. */
const LINGER_MS = 10_000
/** Requests without an answer are those with acks=0; older ones are not worth keeping. */
const PENDING_MAX = 10_000
const REQUEST_HEAD_BYTES = 8
const RESPONSE_HEAD_BYTES = 4
const NOTHING = Buffer.alloc(0)

/** Makes what looks at the frames of one direction. */
export type TapMaker = (connection: Connection, direction: Direction) => CutterTarget

/** One client's connection and the proxy's own one to the broker behind it. */
export class Connection {
  readonly id: number
  readonly address: string
  readonly client: SideState = { isOpen: true, hasEnded: false, isEnded: false, isPaused: false }
  readonly server: SideState = { isOpen: true, hasEnded: false, isEnded: false, isPaused: false }
  readonly request: Lane
  readonly response: Lane
  /** In the order of the requests. */
  pending: Pending[] = []
  /** No frames are looked for. */
  isForeign = false
  /** Frames may be bare tokens of SASL, which are secrets. */
  hasTokens = false
  readonly #state: ProxyState
  readonly #cutters: { readonly [side in Side]: FrameCutter }
  readonly #silentBy: Fault | undefined
  #lates: Late[] = []
  /** Keeps the news of the client's end from the broker until it has answered. */
  #answered: Gate | undefined
  #isAwaiting = false
  /** One side is gone and the other is not to know. */
  #isForgotten = false
  #isSettling = false

  constructor(state: ProxyState, id: number, address: string, tap: TapMaker, silentBy?: Fault) {
    this.#state = state
    this.id = id
    this.address = address
    this.request = new Lane('request', this.#outlet('server'))
    this.response = new Lane('response', this.#outlet('client'))
    this.response.isWritable = true
    this.#cutters = {
      client: new FrameCutter(REQUEST_HEAD_BYTES, tap(this, 'request')),
      server: new FrameCutter(RESPONSE_HEAD_BYTES, tap(this, 'response')),
    }
    this.#silentBy = silentBy
    if (silentBy) {
      this.server.isOpen = false
      this.request.kill()
    }
  }

  get isDone(): boolean {
    return !this.client.isOpen && !this.server.isOpen
  }

  lane(direction: Direction): Lane {
    return direction === 'request' ? this.request : this.response
  }

  /** Bytes came from this side. */
  read(side: Side, bytes: Buffer): void {
    const lane = this.#laneFrom(side)
    // As somebody in between who forgot the connection does.
    if (this.#silentBy?.isOver || (lane.hasLost && !lane.isSwallowing)) {
      this.#state.note('reset, since bytes were lost before', this.#self)
      this.destroyBoth('reset')
      return
    }
    // The broker is gone altogether: bytes for it are answered so, behind what it said last.
    if (side === 'client' && !this.server.isOpen && !this.#silentBy && !this.#isForgotten)
      this.response.put(NOTHING, this.#state.now, { next: 'reset' })
    if (this.isForeign) this.#cutters[side].giveUp()
    this.#cutters[side].push(bytes)
    this.settle()
  }

  /** This side will send nothing more. */
  ended(side: Side): void {
    if (this[side].hasEnded) return
    this[side].hasEnded = true
    if (side === 'client') this.#giveUp()
    this.#laneFrom(side).put(NOTHING, this.#state.now, { next: 'end', gates: this.#endGates(side) })
    this.settle()
  }

  /** This side is gone without or before our doing. */
  gone(side: Side): void {
    const state = this[side]
    if (!state.isOpen) return
    state.isOpen = false
    this.#laneTo(side).kill()
    if (side === 'client') this.#giveUp()
    if (!state.hasEnded) {
      this.#laneFrom(side).put(NOTHING, this.#state.now, { next: 'reset', gates: this.#endGates(side) })
    } else if (side === 'client') {
      this.#linger()
    }
    this.settle()
  }

  /** Keeps a request back until the client has given up and `ms` have passed. */
  deliverLate(
    fault: Fault,
    ms: number,
    gaveUpMs: number | undefined,
    isReleased: (isInTime: boolean) => void,
  ): Gate {
    const state = this.#state
    const gate = state.hold(fault, () => {
      this.#lates = this.#lates.filter((late) => late.gate !== gate)
      isReleased(this.server.isOpen)
      this.settle()
    })
    const late: Late = {
      gate,
      hasBegun: false,
      begin: () => {
        if (late.hasBegun || !gate.isClosed) return
        late.hasBegun = true
        state.note(`the client has given up: released in ${Math.round(ms)} ms`, this.#self)
        state.alarm(state.now + ms, () => state.open(gate))
      },
    }
    this.#lates.push(late)
    if (gaveUpMs !== undefined) state.alarm(state.now + gaveUpMs, late.begin)
    return gate
  }

  answerCame(index: number): void {
    this.pending.splice(0, index + 1)
  }

  asked(pending: Pending): void {
    this.pending.push(pending)
    if (this.pending.length > PENDING_MAX) this.pending.shift()
  }

  /** Ends both sides. */
  destroyBoth(how: Manner): void {
    this.destroy('client', how)
    this.destroy('server', how)
  }

  /** The client is cut off while the broker still gets all that was sent, and its time to answer. */
  cutBehind(how: Manner): void {
    this.destroy('client', how)
    if (!this.server.isEnded) this.#send({ kind: 'end', connection: this.id, side: 'server' })
    this.server.isEnded = true
    this.request.kill()
    this.#linger()
  }

  destroy(side: Side, how: Manner): void {
    if (!this[side].isOpen) return
    this[side].isOpen = false
    this.#laneTo(side).kill()
    this.#send({ kind: 'destroy', connection: this.id, side, isReset: how === 'reset' })
  }

  /** Passes on what may be passed on, and says who may go on sending. */
  settle(): void {
    if (this.#isSettling) return
    this.#isSettling = true
    try {
      this.request.pump(this.#state.now)
      this.response.pump(this.#state.now)
      this.#awaitAnswers()
    } finally {
      this.#isSettling = false
    }
    this.#pace('client', this.request)
    this.#pace('server', this.response)
  }

  /** When it wants to be settled again; Infinity for never. */
  get wakeAt(): number {
    const never = Number.POSITIVE_INFINITY
    return Math.min(this.request.wakeAt ?? never, this.response.wakeAt ?? never)
  }

  /** Takes off faults that are over. */
  review(): void {
    this.request.review()
    this.response.review()
    // The end that went into a black hole was not told; nobody is left who would send the byte that shows it.
    for (const side of ['client', 'server'] as const) {
      const lane = this.#laneFrom(side)
      const hasGone = !this[side].isOpen || this[side].hasEnded
      if (hasGone && lane.hasLost && !lane.isSwallowing) this.destroyBoth('reset')
    }
    this.settle()
  }

  get #self(): { connection: number; address: string } {
    return { connection: this.id, address: this.address }
  }

  #outlet(to: Side): Outlet {
    return {
      write: (bytes) => {
        if (this[to].isOpen) this.#send({ kind: 'write', connection: this.id, side: to, bytes })
      },
      follow: (next) => this.#follow(to, next),
      strike: (fault) => this.#strike(to, fault),
    }
  }

  #follow(to: Side, next: NonNullable<Parcel['next']>): void {
    if (next === 'silence') {
      this.#laneTo(to).kill()
    } else if (next !== 'end') {
      this.destroyBoth(next)
    } else if (this[to].isOpen && !this[to].isEnded) {
      this[to].isEnded = true
      this.#send({ kind: 'end', connection: this.id, side: to })
      if (to === 'server' && !this.client.isOpen) this.#linger()
    }
  }

  #strike(to: Side, fault: Fault): void {
    const { rule } = fault
    this.#state.note(`${rule.action} by fault ${fault.id}`, this.#self)
    if (rule.action === 'halfClose') {
      this.#follow(to, 'end')
      this.#laneTo(to).kill()
    } else if (rule.action === 'forget') {
      this.#isForgotten = true
      this.destroy(to, 'reset')
      this.#laneTo(to === 'client' ? 'server' : 'client').kill()
    } else {
      this.destroyBoth(rule.action === 'cut' ? (rule.how ?? 'reset') : 'reset')
    }
  }

  /** The broker is not waited for endlessly once the client is gone. */
  #linger(): void {
    this.#state.alarm(this.#state.now + LINGER_MS, () => {
      if (this.#lates.length === 0 && this.request.isEmpty) this.destroy('server', 'reset')
    })
  }

  #giveUp(): void {
    if (this.#lates.length > 0 && !this.#answered) this.#answered = { isClosed: true }
    for (const late of this.#lates) late.begin()
  }

  #endGates(side: Side): Gate[] {
    return side === 'client' && this.#answered ? [this.#answered] : []
  }

  /** After a late delivery the broker learns of the client's end when it has answered, or when that takes too long. */
  #awaitAnswers(): void {
    const gate = this.#answered
    if (!gate?.isClosed || this.#lates.length > 0 || this.request.queuedBytes > 0) return
    const open = () => {
      gate.isClosed = false
      this.request.pump(this.#state.now)
    }
    if (this.pending.length === 0) open()
    else if (!this.#isAwaiting) {
      this.#isAwaiting = true
      this.#state.alarm(this.#state.now + LINGER_MS, open)
    }
  }

  #pace(side: Side, lane: Lane): void {
    const state = this[side]
    if (!state.isOpen || state.hasEnded) return
    const most = lane.isWaiting(this.#state.now) ? HELD_BYTES : FLOWING_BYTES
    const isPaused = lane.queuedBytes > (state.isPaused ? most / 2 : most)
    if (isPaused === state.isPaused) return
    state.isPaused = isPaused
    this.#send({ kind: isPaused ? 'pause' : 'resume', connection: this.id, side })
  }

  #laneTo(side: Side): Lane {
    return side === 'server' ? this.request : this.response
  }

  #laneFrom(side: Side): Lane {
    return side === 'client' ? this.request : this.response
  }

  #send(effect: Parameters<ProxyState['effects']['push']>[0]): void {
    this.#state.effects.push(effect)
  }
}
