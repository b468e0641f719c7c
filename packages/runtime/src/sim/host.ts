import type { DialTarget, Disk, Listener, ListenTarget, Runtime, Timer, Transport } from '../runtime.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Program, Station } from './station.ts'
import type { Trace } from './trace.ts'

/** What a program needs of the world. */
export interface HostOptions {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly random: Random
  readonly trace: Trace
  readonly station: Station
  /** Added to the world's time: every host has been up for another time. Milliseconds. */
  readonly uptimeMs: number
  /** How fast its clocks go: 1 as the world's, 1.01 is a hundredth faster. */
  readonly rate: number
  /** The host's wall clock at the world's beginning, milliseconds since the epoch; a function because it may jump. */
  readonly epochMs: () => number
  /** Whoever counts what state machines go through. */
  readonly observe: Runtime['observe']
}

/** Below the step of the world's clock. */
const TIMER_SLACK_MS = 2 ** -11

/** A program of a simulated host, as the code that runs in it sees its world. */
export class Host implements Runtime, Program {
  readonly station: Station
  readonly disk: Disk
  readonly observe: Runtime['observe']
  isAlive = true
  stillUntil = 0
  readonly #options: HostOptions
  readonly #timers = new Set<Timer>()

  constructor(options: HostOptions, mount: (program: Program) => Disk) {
    this.#options = options
    this.station = options.station
    this.observe = options.observe
    this.disk = mount(this)
  }

  get name(): string {
    return this.station.name
  }

  /** Timers that were neither fired nor cancelled. */
  get timers(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#options.uptimeMs + this.#elapsed
  }

  wallTime(): number {
    return Math.floor(this.#options.epochMs() + this.#elapsed)
  }

  timer(at: number, fire: () => void): Timer {
    const { scheduler, trace, uptimeMs, rate } = this.#options
    if (!this.isAlive) return { cancel: () => {} }
    // Never before its time, also where the division is not exact.
    const due = rate === 1 ? at - uptimeMs : (at - uptimeMs) / rate + TIMER_SLACK_MS
    const run = () => {
      this.#timers.delete(timer)
      trace.note(scheduler.now, 'timer', this.name)
      fire()
    }
    let scheduled = scheduler.at(due, () => {
      // An event loop that turns again runs all that is due, so nothing is put off more than once.
      if (scheduler.now < this.stillUntil) scheduled = scheduler.at(this.stillUntil, run)
      else run()
    })
    const timer: Timer = {
      cancel: () => {
        this.#timers.delete(timer)
        scheduled.cancel()
      },
    }
    this.#timers.add(timer)
    return timer
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.timer(this.now(), resolve))
  }

  /**
   * The program works for so long (ms of the world) without giving its event loop a turn: its clock goes on, and no
   * timer fires and nothing arrives before that time is over. Called from outside, it stands still: a debugger, a
   * sleeping laptop.
   */
  block(ms: number): void {
    const { scheduler, network, trace } = this.#options
    this.stillUntil = Math.max(scheduler.now, this.stillUntil) + ms
    trace.note(scheduler.now, 'blocked', this.name, ms)
    network.stall(this.station, this.stillUntil)
  }

  random(): number {
    return this.#options.random.next()
  }

  randomBytes(length: number): Uint8Array {
    return this.#options.random.bytes(length)
  }

  resolve(host: string): Promise<readonly string[]> {
    return this.#options.network.resolve(this, host)
  }

  dial(target: DialTarget): Promise<Transport> {
    return this.#options.network.dial(this, target)
  }

  listen(target: ListenTarget, accept: (transport: Transport) => void): Promise<Listener> {
    return this.#options.network.listen(this, target, accept)
  }

  get #elapsed(): number {
    const { scheduler, rate } = this.#options
    return Math.max(scheduler.now, this.stillUntil) * rate
  }

  /** @internal The program is killed: none of its timers fires any more. */
  die(): void {
    this.isAlive = false
    for (const timer of [...this.#timers]) timer.cancel()
  }
}
