import type { Api, Reply, Request } from '@samsa/protocol'
import { encodeRequest, encodeResponse } from '@samsa/protocol'
import { Random } from '@samsa/runtime'
import type { ProxyEvent } from './core.ts'
import { ProxyCore } from './core.ts'
import type { FaultRule } from './fault.ts'
import { Fault } from './fault.ts'
import type { Effect, Side } from './state.ts'

export const ADDRESS = 'kafka.example:9092'

/** A proxy's core with a clock of its own, and what it wants to be done. */
export class CoreStage {
  readonly core: ProxyCore
  now = 1000
  /** Everything but bytes, in short. */
  readonly log: string[] = []
  readonly #written = new Map<string, Buffer[]>()
  #faults = 0
  #ports = 40_000

  constructor(seed = 1, isTls = false) {
    this.core = new ProxyCore({ host: '127.0.0.1', random: new Random(`${seed}`), traceLimit: 1000, isTls })
    this.#carryOut(this.core.listen(ADDRESS))
  }

  /** A client connects, and the way to the broker is there. */
  connect(connection = 1): void {
    this.step({ kind: 'accepted', connection, address: ADDRESS })
    this.step({ kind: 'opened', connection })
  }

  inject(rule: FaultRule): Fault {
    const fault = new Fault(++this.#faults, rule)
    this.step({ kind: 'inject', fault })
    return fault
  }

  step(event: ProxyEvent): void {
    this.#carryOut(this.core.step(event, this.now))
  }

  bytes(side: Side, bytes: Uint8Array, connection = 1): void {
    this.step({ kind: 'bytes', connection, side, bytes: Buffer.from(bytes) })
  }

  /** Lets time pass, with a tick whenever one is wanted. */
  wait(ms: number): void {
    const end = this.now + ms
    while (this.core.wakeAt <= end) {
      this.now = Math.max(this.now, this.core.wakeAt)
      this.step({ kind: 'tick' })
    }
    this.now = end
  }

  ask<A extends Api>(api: A, version: number, id: number, body: Request<A>, connection = 1): Buffer {
    const frame = Buffer.concat(encodeRequest(api, version, id, 'test', body))
    this.bytes('client', frame, connection)
    return frame
  }

  answer<A extends Api>(api: A, version: number, id: number, body: Reply<A>, connection = 1): Buffer {
    const frame = Buffer.concat(encodeResponse(api, version, id, body))
    this.bytes('server', frame, connection)
    return frame
  }

  /** What that side has got since it was asked last. */
  got(side: Side, connection = 1): Buffer {
    const key = `${connection} ${side}`
    const bytes = Buffer.concat(this.#written.get(key) ?? [])
    this.#written.delete(key)
    return bytes
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'write') {
        const key = `${effect.connection} ${effect.side}`
        this.#written.set(key, [...(this.#written.get(key) ?? []), effect.bytes])
        this.log.push(`${this.now} write ${effect.side} ${effect.bytes.length}`)
      } else {
        const { kind, connection, side, isReset, address } = effect as Record<string, unknown> & Effect
        const parts = [
          kind,
          connection,
          side,
          isReset === undefined ? undefined : isReset ? 'reset' : 'close',
          address,
        ]
        this.log.push(parts.filter((part) => part !== undefined).join(' '))
      }
      if (effect.kind === 'listen')
        this.step({ kind: 'listening', address: effect.address, port: effect.port ?? this.#ports++ })
    }
  }

  /** Whether something was done, e.g. `end 1 client`. */
  did(what: string): boolean {
    return this.log.includes(what)
  }
}
