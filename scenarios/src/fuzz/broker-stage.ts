import type { Broker } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import type { Api } from '@samsa/protocol'
import {
  ApiVersions,
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  KafkaError,
  peekRequest,
} from '@samsa/protocol'
import type { Sink, Transport } from '@samsa/runtime'
import { SimWorld, transportPair, turn } from '@samsa/runtime'
import { signatureOf } from './oracle.ts'
import { apis } from './targets.ts'

/** Virtual time after each input: what waits for a little while is answered in it. */
const PASS_MS = 50
const START_LIMIT_MS = 60_000

/** A broker in a virtual world, and what must not be said of it. */
export class BrokerStage {
  readonly #world: SimWorld
  readonly #broker: Broker
  readonly #complaints: string[] = []
  readonly #refusals: string[] = []

  private constructor(world: SimWorld, broker: Broker) {
    this.#world = world
    this.#broker = broker
  }

  static async open(): Promise<BrokerStage> {
    const world = new SimWorld({ seed: 'fuzz', turn })
    const problems: Error[] = []
    const runtime = world.host('broker')
    const onProblem = (_remote: string, error: Error) => void problems.push(error)
    const options = { runtime, host: 'broker', onProblem, messageMaxBytes: 1024 * 1024 }
    const broker = await world.until(startBroker(options), START_LIMIT_MS)
    broker.createTopic('t', { partitions: 2 })
    const stage = new BrokerStage(world, broker)
    stage.#take = () => problems.splice(0)
    return stage
  }

  #take: () => Error[] = () => []

  /**
   * Sends bytes over a connection of their own.
   * @returns what must not be; undefined when all is well
   */
  async feed(bytes: Buffer): Promise<string | undefined> {
    const asked = askedIn(bytes)
    const client = new Listener(this.#broker)
    client.write(bytes)
    await this.#world.pass(PASS_MS)
    for (const frame of client.frames) this.#checkReply(frame, asked)
    client.close()
    await turn()
    for (const error of this.#take()) {
      if (isProgrammersError(error)) this.#complaints.push(`the session broke with ${signatureOf(error)}`)
      else this.#refusals.push(signatureOf(error))
    }
    return this.#complaints.shift()
  }

  /** Why connections were closed since it was asked last. */
  refusals(): string[] {
    return this.#refusals.splice(0)
  }

  /** Whether somebody who knows how to behave is still answered. */
  async isAlive(): Promise<boolean> {
    const client = new Listener(this.#broker)
    client.write(Buffer.concat(encodeRequest(ApiVersions, 0, 7, 'alive', {})))
    await this.#world.pass(PASS_MS)
    const [frame] = client.frames
    client.close()
    return frame !== undefined && decodeResponse(ApiVersions, 0, frame).errorCode === 0
  }

  async close(): Promise<void> {
    await this.#world.until(this.#broker.close(), START_LIMIT_MS)
    await turn()
  }

  #checkReply(frame: Buffer, asked: Map<number, { api: Api; version: number }>): void {
    const question = asked.get(correlationIdOf(frame))
    if (!question) return
    const { api, version } = question
    try {
      decodeResponse(api, version, frame)
    } catch (error) {
      this.#complaints.push(`an answer to ${api.name} v${version} cannot be read: ${signatureOf(error)}`)
    }
  }
}

/** Which answers can be expected; a number that is used twice says nothing. */
function askedIn(bytes: Buffer): Map<number, { api: Api; version: number }> {
  const asked = new Map<number, { api: Api; version: number }>()
  const twice = new Set<number>()
  for (let at = 0; at + 4 <= bytes.length; ) {
    const size = bytes.readInt32BE(at)
    if (size < 0 || size > bytes.length - at - 4) break
    try {
      const { apiKey, apiVersion, correlationId } = peekRequest(bytes.subarray(at + 4, at + 4 + size))
      const api = apis.get(apiKey)
      if (asked.has(correlationId)) twice.add(correlationId)
      if (api && apiVersion >= api.minVersion && apiVersion <= api.maxVersion)
        asked.set(correlationId, { api, version: apiVersion })
    } catch {
      break
    }
    at += 4 + size
  }
  for (const id of twice) asked.delete(id)
  return asked
}

/** What the broker says on purpose is a KafkaError or a plain Error with a reason; anything else is a slip. */
function isProgrammersError(error: Error): boolean {
  return !(error instanceof KafkaError) && error.constructor !== Error
}

/** Takes whatever the broker says. */
class Listener implements Sink {
  readonly #transport: Transport
  readonly #splitter = new FrameSplitter((frame) => void this.frames.push(frame as Buffer))
  readonly frames: Buffer[] = []

  constructor(broker: Broker) {
    const [near, far] = transportPair()
    this.#transport = near
    near.attach(this)
    broker.handle(far)
  }

  write(bytes: Buffer): void {
    this.#transport.write([bytes])
  }

  close(): void {
    this.#transport.destroy()
  }

  room(): Uint8Array {
    return this.#splitter.room()
  }

  filled(length: number): void {
    this.#splitter.filled(length)
  }

  drained(): void {}

  ended(): void {}
}
