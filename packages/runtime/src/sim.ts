import type { DiskSettings } from './sim/disk.ts'
import { diskDefaults, SimDisk } from './sim/disk.ts'
import { Host } from './sim/host.ts'
import type { NetworkSettings } from './sim/network.ts'
import { Network, networkDefaults } from './sim/network.ts'
import { Random } from './sim/random.ts'
import { Scheduler } from './sim/scheduler.ts'
import type { Station } from './sim/station.ts'
import { Trace } from './sim/trace.ts'

export type { Cut } from './sim/connection.ts'

export type { DiskSettings } from './sim/disk.ts'
export type { Host } from './sim/host.ts'
export type { NetworkSettings, SimConnection } from './sim/network.ts'
export { Random } from './sim/random.ts'
export type { Place } from './sim/ways.ts'

export interface SimOptions {
  /** All that is left to chance follows from it. */
  seed: number | string
  /**
   * Resolves once everything that can run now has run: the world's one wish to the real event loop, `turn` of node.ts.
   * Promises that are ready run as microtasks; only the event loop can tell that none is left, and only then may
   * virtual time go on. It is handed in so that the simulation itself touches nothing of the real world.
   */
  turn: () => Promise<void>
  network?: Partial<NetworkSettings>
  disk?: Partial<DiskSettings>
  /** How much faster or slower (a share of 1) than the world's time the clocks of hosts may go at most. Default 0. */
  drift?: number
  /** Told each step of the state machines of all hosts; see `Runtime.observe`. */
  observe?: (machine: string, state: string, event: string) => void
  /** Called after each event, when everything has run that it made possible. */
  onStep?: () => void
  /** Told each event, for people. */
  onLine?: (line: string) => void
}

/** 2025-01-01, where wall clocks begin. */
const EPOCH_MS = 1_735_689_600_000
/** Hosts have been up for up to so long (ms) when the world begins. */
const LONGEST_UPTIME_MS = 1_000_000

interface Machine {
  readonly station: Station
  readonly disk: SimDisk
  readonly random: Random
  readonly uptimeMs: number
  readonly rate: number
  epochMs: number
  program: Host | undefined
}

/**
 * A world from a seed: hosts with clocks, disks and a network between them, all in one process and in virtual time.
 * Every host is a `Runtime`; the code that runs on it cannot tell. What happens is a function of the seed and of that
 * code alone, so a run can be repeated, and `digest` tells whether it was the same.
 *
 *   const world = new SimWorld({ seed: 1, turn })
 *   const broker = await world.until(startBroker({ runtime: world.host('broker'), host: 'broker' }), 1000)
 */
export class SimWorld {
  readonly network: Network
  /** The seed's numbers for whoever drives the world. */
  readonly random: Random
  readonly #options: SimOptions
  readonly #scheduler = new Scheduler()
  readonly #trace: Trace
  readonly #machines = new Map<string, Machine>()
  #programs = 0

  constructor(options: SimOptions) {
    this.#options = options
    this.random = new Random(String(options.seed))
    this.#trace = new Trace(options.onLine)
    const network = { ...networkDefaults, ...options.network }
    this.network = new Network(this.#scheduler, this.random.fork('network'), this.#trace, network)
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#scheduler.now
  }

  /**
   * Hash of everything that has happened: equal for equal runs. Between versions of Node it differs where zlib
   * compresses differently. 16 hexadecimal digits.
   */
  get digest(): string {
    return this.#trace.digest
  }

  /** How many events there were. */
  get events(): number {
    return this.#trace.count
  }

  /** The program that runs on a host; starts one, on a new host or on the disk of one that was killed. */
  host(name: string): Host {
    let machine = this.#machines.get(name)
    if (!machine) {
      machine = this.#machine(name)
      this.#machines.set(name, machine)
      this.network.join(machine.station)
    }
    if (machine.program) return machine.program
    const { station, disk, random, uptimeMs, rate } = machine
    const programId = ++this.#programs
    machine.program = new Host(
      {
        scheduler: this.#scheduler,
        network: this.network,
        random: random.fork(`program ${programId}`),
        trace: this.#trace,
        station,
        uptimeMs,
        rate,
        epochMs: () => machine.epochMs,
        observe: this.#options.observe,
      },
      (program) => disk.mount(program, programId),
    )
    station.isUp = true
    this.network.isBack()
    return machine.program
  }

  /** Kills the program of a host, as `kill -9` does: its files are as it left them. `host` starts the next one. */
  kill(name: string): void {
    const { program, station } = this.#known(name)
    this.note('kill', name)
    program?.die()
    this.#known(name).program = undefined
    station.isUp = false
    this.network.died(station)
  }

  /** Cuts the power of a host: its program is gone, and so is what was not forced to its disk, or parts of it. */
  cutPower(name: string): void {
    this.kill(name)
    this.note('power', name)
    this.#known(name).disk.forget()
  }

  /** From now on a read of a host's files gives a wrong bit with this chance; the medium itself keeps the right one. */
  damageReads(name: string, chance: number): void {
    this.note('damage', name, chance)
    this.#known(name).disk.damageChance = chance
  }

  /** The program of a host stands still for a while, as under a debugger or on a laptop that sleeps, and then goes on. */
  freeze(name: string, ms: number): void {
    this.note('freeze', name, ms)
    this.#known(name).program?.block(ms)
  }

  /** Sets the wall clock of a host forwards or, with less than 0, back. */
  jumpWallClock(name: string, ms: number): void {
    this.note('jump', name, ms)
    this.#known(name).epochMs += ms
  }

  /** Lets something happen at a time, outside of any host: a fault, or its end. */
  at(ms: number, run: () => void): void {
    this.#scheduler.at(ms, run)
  }

  /** Takes something into the trace that happened outside of the hosts: a fault, or what a test has seen. */
  note(what: string, where: string, detail: string | number = ''): void {
    this.#trace.note(this.now, what, where, detail)
  }

  /**
   * Lets the world go on until a promise is settled, and gives its outcome; or until a condition holds.
   * @param limitMs virtual time after which it is given up
   * @throws Error when the limit is reached, or before it when nothing is left to happen
   */
  async until<T>(work: PromiseLike<T> | (() => boolean), limitMs: number, what = 'this'): Promise<T> {
    let isOver = false
    let outcome: () => T = () => undefined as T
    if (typeof work !== 'function') {
      work.then(
        (value) => {
          isOver = true
          outcome = () => value
        },
        (error) => {
          isOver = true
          outcome = () => {
            throw error
          }
        },
      )
    }
    const isDone = typeof work === 'function' ? work : () => isOver
    const limit = this.now + limitMs
    for (;;) {
      await this.#settle()
      if (isDone()) return outcome()
      const next = this.#scheduler.nextAt
      if (next === Number.POSITIVE_INFINITY)
        throw new Error(`nothing is left to happen at ${this.now} ms, and ${what} has not come about`)
      if (next > limit) throw new Error(`${what} has not come about within ${limitMs} virtual ms`)
      this.#scheduler.step()
    }
  }

  /** Lets so much virtual time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms
    for (;;) {
      await this.#settle()
      if (this.#scheduler.nextAt > end) break
      this.#scheduler.step()
    }
    this.#scheduler.passTo(end)
  }

  async #settle(): Promise<void> {
    await this.#options.turn()
    this.#options.onStep?.()
  }

  #machine(name: string): Machine {
    const random = this.random.fork(`host ${name}`)
    // Sums of such a rate and of the steps of the world's clock are exact.
    const rate = 1 + Math.round(random.fork('rate').between(-1, 1) * (this.#options.drift ?? 0) * 1024) / 1024
    const disk = { ...diskDefaults, ...this.#options.disk }
    return {
      station: { name, address: `10.0.0.${this.#machines.size + 1}`, isUp: true },
      disk: new SimDisk(this.#scheduler, random.fork('disk'), this.#trace, disk),
      random,
      uptimeMs: random.whole(0, LONGEST_UPTIME_MS),
      rate,
      epochMs: EPOCH_MS,
      program: undefined,
    }
  }

  #known(name: string): Machine {
    const machine = this.#machines.get(name)
    if (!machine) throw new Error(`there is no host ${name}`)
    return machine
  }
}
