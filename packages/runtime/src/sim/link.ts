import type { Transport } from '../runtime.ts'
import type { ConnectionSettings, Cut } from './connection.ts'
import { End } from './connection.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Program, Station } from './station.ts'
import type { Trace } from './trace.ts'
import type { Ways } from './ways.ts'
import type { Parcel } from './wire.ts'
import { Wire } from './wire.ts'

/** Somebody who listens. */
export interface Port {
  readonly program: Program
  readonly accept: (transport: Transport) => void
  /** Accepted and not over: closing waits for them, as `server.close` of node:net does. */
  readonly accepted: Set<End>
  /** Told when the last of them is over. */
  onEmpty: () => void
}

/** What a link needs of the network that it is part of. */
export interface LinkOptions {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly trace: Trace
  readonly settings: ConnectionSettings
  readonly ways: Ways
  readonly program: Program
  /** As it was dialled. */
  readonly address: string
  readonly localPort: number
  readonly server: Station
  readonly port: number
  /** Who listens there now. */
  readonly listening: () => Port | undefined
  /** The answer to the first parcel: established or refused. */
  readonly onAnswer: (isEstablished: boolean) => void
  /** Bytes of the client arrived although it has given up the connection. */
  readonly onLate: () => void
  /** Both ends are over. */
  readonly onOver: () => void
}

/**
 * A connection on its way to being one, and then as long as an end of it lives. What opens it travels on the same
 * wires as everything after it, so a split hits all of it alike.
 */
export class Link {
  /** Name of the host that dialled. */
  readonly from: string
  /** Name and port of the listener: `broker:9092`. */
  readonly to: string
  readonly client: End
  readonly #options: LinkOptions
  readonly #server: End
  readonly #forward: Wire
  readonly #backward: Wire
  #port: Port | undefined
  #isAnswered = false
  /** The client takes the connection for open; the server has accepted it. */
  #isOpened = false
  #isAccepted = false

  constructor(options: LinkOptions) {
    this.#options = options
    const { program, server, port, address, localPort, scheduler, random, ways } = options
    const { station } = program
    this.from = station.name
    this.to = `${server.name}:${port}`
    const ends = {
      ...options,
      onLate: () => {},
      onCut: () => {
        this.#forward.send({ is: 'reset' })
        this.#backward.send({ is: 'reset' })
      },
      onOver: () => this.#endIsOver(),
    }
    const ours = `${station.address}:${localPort}`
    const theirs = `${server.address}:${port}`
    this.client = new End({ ...ends, local: ours, remote: address, isAlive: () => program.isAlive })
    this.#server = new End({
      ...ends,
      onLate: options.onLate,
      local: theirs,
      remote: ours,
      isAlive: () => this.#port?.program.isAlive ?? false,
    })
    const there = ways.between(station, server, server, port)
    const back = ways.between(server, station, server, port)
    this.#forward = new Wire(scheduler, random, there, (parcel) => this.#atServer(parcel))
    this.#backward = new Wire(scheduler, random, back, (parcel) => this.#atClient(parcel))
    this.client.join(this.#forward, this.#server)
    this.#server.join(this.#backward, this.client)
    this.#forward.send({ is: 'syn' })
  }

  /** Breaks it off; see `Cut`. `side` is whose writes are counted. */
  cut(when: Cut, side: 'client' | 'server' = 'client'): void {
    if (side === 'client') this.client.cut(when)
    else this.#server.cut(when)
  }

  /** Holds back what one side writes, from what is on its way on, until a time of the world. */
  hold(until: number, side: 'client' | 'server' = 'client'): void {
    if (side === 'client') this.#forward.hold(until)
    else this.#backward.hold(until)
  }

  /** A host takes nothing in before `until`. */
  stall(station: Station, until: number): void {
    if (this.#options.program.station === station) this.#backward.stall(until)
    if (this.#options.server === station) this.#forward.stall(until)
  }

  /** Who dialled has given up before there was an answer. */
  abandon(): void {
    this.#isAnswered = true
    this.client.die()
    this.#options.onOver()
  }

  /** Ways may be open again. */
  release(): void {
    this.#forward.release()
    this.#backward.release()
  }

  /**
   * The processes of a host died. The other side is told at once, or hears nothing until the host is up again and no
   * longer knows the connection, as after a power cut.
   */
  died(station: Station): void {
    const isClient = this.#options.program.station === station
    const isServer = this.#options.server === station
    if (!isClient && !isServer) return
    if (isClient) this.client.die()
    // Who has not accepted yet has nothing to lose; the host that is up again may still do so.
    if (isServer && this.#isAccepted) this.#server.die()
    if (isClient && !this.#isOpened) this.#server.die()
    if (this.client.isOver && this.#server.isOver) {
      this.#options.onOver()
      return
    }
    if (!this.#isOpened) return
    const [ours, theirs] = isClient ? [this.#forward, this.#backward] : [this.#backward, this.#forward]
    if (this.#options.random.chance(0.5)) ours.send({ is: 'reset' })
    else theirs.send({ is: 'probe' })
  }

  #atServer(parcel: Parcel): void {
    const { scheduler, trace, listening } = this.#options
    if (parcel.is === 'syn') {
      this.#port = listening()
      this.#backward.send({ is: this.#port ? 'accept' : 'refuse' })
    } else if (parcel.is === 'open') {
      const port = listening()
      if (!port || port !== this.#port || this.#server.isOver) {
        this.#server.die()
        this.#backward.send({ is: 'reset' })
        if (this.client.isOver) this.#options.onOver()
        return
      }
      this.#isAccepted = true
      trace.note(scheduler.now, 'accept', this.to, this.#server.remote)
      port.accepted.add(this.#server)
      port.accept(this.#server)
    } else this.#server.receive(parcel)
  }

  #atClient(parcel: Parcel): void {
    const { program, onAnswer } = this.#options
    if (parcel.is !== 'accept' && parcel.is !== 'refuse') {
      this.client.receive(parcel)
      return
    }
    if (this.#isAnswered || !program.isAlive) return
    this.#isAnswered = true
    const isEstablished = parcel.is === 'accept'
    this.#isOpened = isEstablished
    if (isEstablished) this.#forward.send({ is: 'open' })
    onAnswer(isEstablished)
  }

  #endIsOver(): void {
    const port = this.#port
    if (this.#server.isOver && port?.accepted.delete(this.#server) && port.accepted.size === 0) port.onEmpty()
    if (this.client.isOver && this.#server.isOver) this.#options.onOver()
  }
}
