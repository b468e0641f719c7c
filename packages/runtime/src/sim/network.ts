import type { DialTarget, Listener, ListenTarget, Transport } from '../runtime.ts'
import { NetworkError } from '../runtime.ts'
import type { ConnectionSettings, Cut } from './connection.ts'
import type { Port } from './link.ts'
import { Link } from './link.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Program, Station } from './station.ts'
import type { Trace } from './trace.ts'
import type { Place } from './ways.ts'
import { Ways } from './ways.ts'

/** How the network behaves while nobody breaks it. */
export interface NetworkSettings extends ConnectionSettings {
  /** Between which times (ms) the usual delay from one host to another is drawn; each parcel adds some of its own. */
  readonly delayMs: readonly [number, number]
}

export const networkDefaults: NetworkSettings = {
  delayMs: [0.2, 5],
  windowBytes: 65_536,
  pieceChance: 0.25,
  tearChance: 0.25,
}

/** A connection as those who break it see it. */
export interface SimConnection {
  /** Name of the host that dialled. */
  readonly from: string
  /** Name and port of the listener: `broker:9092`. */
  readonly to: string
  /** Breaks it off; see `Cut`. `side` is whose writes are counted, by default those of the client. */
  cut(when: Cut, side?: 'client' | 'server'): void
  /**
   * Holds back what one side writes, by default the client, from what is on its way on, until a time of the world. When
   * the writer gives up meanwhile, the other side still gets what was written, and learns of the end behind it.
   */
  hold(until: number, side?: 'client' | 'server'): void
}

const FIRST_FREE_PORT = 49_152
/** How long it takes to look a name up. Milliseconds. */
const LOOKUP_MS = 0.5
const HERE = ['localhost', '127.0.0.1', '::1']
const EVERYWHERE = ['0.0.0.0', '::']

/** Hosts, what listens on them, the connections between them, and what is wrong with the ways. */
export class Network {
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #trace: Trace
  readonly #settings: NetworkSettings
  readonly #ways: Ways
  readonly #stations: Station[] = []
  readonly #ports = new Map<string, Port>()
  readonly #links = new Set<Link>()
  readonly #nextPorts = new Map<Station, number>()
  readonly #late = new Map<string, number>()

  constructor(scheduler: Scheduler, random: Random, trace: Trace, settings: NetworkSettings) {
    this.#scheduler = scheduler
    this.#random = random
    this.#trace = trace
    this.#settings = settings
    this.#ways = new Ways(random.fork('ways'), settings.delayMs)
  }

  /** Connections that are being opened or of which an end is not over. */
  get connections(): readonly SimConnection[] {
    return [...this.#links]
  }

  /**
   * How often bytes of a host arrived where it had dialled after it had given up the connection: a request of which it
   * knows nothing any more may have been carried out then.
   */
  late(host: string): number {
    return this.#late.get(host) ?? 0
  }

  /**
   * Lets nothing through between two places any more, or with `oneWay` nothing from the first to the second. What is
   * sent meanwhile is not lost but late; who dials waits until its time is up.
   */
  split(from: Place, to: Place, options: { oneWay?: boolean } = {}): void {
    this.#ways.close(from, to)
    if (!options.oneWay) this.#ways.close(to, from)
  }

  /** Takes back the split of two places. */
  heal(from: Place, to: Place): void {
    this.#ways.open(from, to)
    this.#ways.open(to, from)
    this.#release()
  }

  /** Takes back every split and every slowness. */
  healAll(): void {
    this.#ways.openAll()
    this.#release()
  }

  /** Multiplies the delay from one host to another; 1 is as usual. */
  slow(from: string, to: string, factor: number): void {
    this.#ways.slow(from, to, factor)
  }

  /** @internal A host is new. */
  join(station: Station): void {
    this.#stations.push(station)
  }

  /** @internal The processes of a host died. */
  died(station: Station): void {
    for (const [name, port] of this.#ports) if (port.program.station === station) this.#ports.delete(name)
    for (const link of [...this.#links]) link.died(station)
  }

  /** @internal The program of a host takes nothing in before a time of the world. */
  stall(station: Station, until: number): void {
    for (const link of this.#links) link.stall(station, until)
  }

  /** @internal A host is up again: what waited for it sets out. */
  isBack(): void {
    this.#release()
  }

  /** @internal */
  resolve(program: Program, host: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.#scheduler.after(LOOKUP_MS, () => {
        if (!program.isAlive) return
        this.#trace.note(this.#scheduler.now, 'resolve', program.station.name, host)
        const address = this.#addressOf(program.station, host)
        const why = `the host name ${host} cannot be resolved (ENOTFOUND)`
        if (address === undefined) reject(new NetworkError('resolve', 'ENOTFOUND', host, why))
        else resolve([address])
      })
    })
  }

  /** @internal */
  dial(program: Program, target: DialTarget): Promise<Transport> {
    const { host, port, timeoutMs, signal } = target
    const address = `${host}:${port}`
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      let link: Link | undefined
      let isSettled = false
      const settle = (outcome: string) => {
        isSettled = true
        limit.cancel()
        signal?.removeEventListener('abort', abort)
        this.#trace.note(this.#scheduler.now, 'dial', `${program.station.name} > ${address}`, outcome)
      }
      const give = (error: unknown, outcome: string) => {
        settle(outcome)
        link?.abandon()
        reject(error)
      }
      const fail = (stage: NetworkError['stage'], code: string, why: string) => {
        if (program.isAlive && !isSettled) give(new NetworkError(stage, code, address, why), code)
      }
      const abort = () => give(signal?.reason, 'aborted')
      signal?.addEventListener('abort', abort)
      const expire = () =>
        fail('timeout', 'ETIMEDOUT', `the connection to ${address} took longer than ${timeoutMs} ms`)
      let limit = this.#scheduler.after(timeoutMs, () => {
        // Who stands still is told when he goes on.
        if (this.#scheduler.now < program.stillUntil) limit = this.#scheduler.at(program.stillUntil, expire)
        else expire()
      })
      const to = this.#stationOf(program.station, host)
      if (!to) {
        // A name that nobody has is refused; at an address that nobody has, there is nobody to refuse.
        if (isAddress(host)) return
        const why = `${address}: getaddrinfo ENOTFOUND ${host}`
        this.#scheduler.after(LOOKUP_MS, () => fail('connect', 'ENOTFOUND', why))
        return
      }
      const dialled = this.#open(program, to, target, (isEstablished) => {
        if (!isEstablished) fail('connect', 'ECONNREFUSED', `${address}: connect ECONNREFUSED ${address}`)
        else if (target.tls) fail('handshake', 'ENOSYS', `${address}: TLS is not simulated`)
        else {
          settle('established')
          resolve(dialled.client)
        }
      })
      link = dialled
    })
  }

  /** @internal */
  async listen(
    program: Program,
    target: ListenTarget,
    accept: (transport: Transport) => void,
  ): Promise<Listener> {
    const { host } = target
    const { station } = program
    const refused = (code: string, why: string) =>
      new NetworkError('listen', code, `${host}:${target.port}`, why)
    if (!EVERYWHERE.includes(host) && this.#stationOf(station, host) !== station)
      throw refused('EADDRNOTAVAIL', `cannot listen on ${host}:${target.port} (EADDRNOTAVAIL)`)
    const number = target.port === 0 ? this.#freePort(station) : target.port
    const name = `${station.name}:${number}`
    if (this.#ports.has(name)) {
      const why = `port ${number} on ${host} is taken by another program; choose another port, or 0 for any free one`
      throw refused('EADDRINUSE', why)
    }
    const port: Port = { program, accept, accepted: new Set(), onEmpty: () => {} }
    this.#ports.set(name, port)
    const close = () =>
      new Promise<void>((closed) => {
        if (this.#ports.get(name) === port) this.#ports.delete(name)
        port.onEmpty = closed
        if (port.accepted.size === 0) closed()
      })
    return { host, port: number, close }
  }

  #open(
    program: Program,
    server: Station,
    { host, port }: DialTarget,
    onAnswer: (isEstablished: boolean) => void,
  ): Link {
    const link: Link = new Link({
      scheduler: this.#scheduler,
      random: this.#random,
      trace: this.#trace,
      settings: this.#settings,
      ways: this.#ways,
      program,
      address: `${host}:${port}`,
      localPort: this.#freePort(program.station),
      server,
      port,
      listening: () => this.#ports.get(`${server.name}:${port}`),
      onAnswer,
      onLate: () => {
        const { name } = program.station
        this.#late.set(name, this.late(name) + 1)
      },
      onOver: () => void this.#links.delete(link),
    })
    this.#links.add(link)
    return link
  }

  #release(): void {
    for (const link of [...this.#links]) link.release()
  }

  #freePort(station: Station): number {
    let port = this.#nextPorts.get(station) ?? FIRST_FREE_PORT
    while (this.#ports.has(`${station.name}:${port}`)) port++
    this.#nextPorts.set(station, port + 1)
    return port
  }

  #stationOf(from: Station, host: string): Station | undefined {
    if (HERE.includes(host)) return from
    return this.#stations.find(({ name, address }) => name === host || address === host)
  }

  #addressOf(from: Station, host: string): string | undefined {
    if (isAddress(host)) return host
    return host === 'localhost' ? '127.0.0.1' : this.#stationOf(from, host)?.address
  }
}

function isAddress(host: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(':')
}
