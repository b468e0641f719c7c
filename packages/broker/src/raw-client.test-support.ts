import type { Api, Request, Response } from '@samsa/protocol'
import {
  correlationIdOf,
  DeleteRecords,
  DeleteTopics,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  Metadata,
  Produce,
  zeroUuid,
} from '@samsa/protocol'
import type { Host, Sink, Transport } from '@samsa/runtime'
import { SimWorld, transportPair, turn } from '@samsa/runtime'
import type { Broker, BrokerOptions } from './broker.ts'
import { startBroker } from './broker.ts'

/** Virtual time that an answer may take. */
const ANSWER_LIMIT_MS = 60_000

/** A client that does nothing of its own accord: requests of any version out, answers in. */
export class RawClient implements Sink {
  readonly #transport: Transport
  readonly #splitter = new FrameSplitter((frame) => this.#receive(frame))
  readonly #waiting = new Map<number, { take(frame: Uint8Array): void; fail(error: Error): void }>()
  #correlationId = 0
  /** Frames that nobody waited for, in the order in which they came. */
  readonly frames: Uint8Array[] = []
  isClosed = false

  constructor(transport: Transport) {
    this.#transport = transport
    transport.attach(this)
  }

  /** Sends a request; the answer is read in the version of the request. Rejects when the connection ends first. */
  ask<A extends Api>(
    api: A,
    version: number,
    body: Request<A>,
    clientId: string | null = 'raw',
  ): Promise<Response<A>> {
    const correlationId = ++this.#correlationId
    return new Promise((resolve, reject) => {
      const take = (frame: Uint8Array) => {
        try {
          resolve(decodeResponse(api, version, frame))
        } catch (error) {
          reject(error)
        }
      }
      this.#waiting.set(correlationId, { take, fail: reject })
      this.#transport.write(encodeRequest(api, version, correlationId, clientId, body))
    })
  }

  /** Sends a request that has no answer. */
  tell<A extends Api>(api: A, version: number, body: Request<A>): void {
    this.#transport.write(encodeRequest(api, version, ++this.#correlationId, 'raw', body))
  }

  /** Sends any bytes. */
  write(...pieces: Uint8Array[]): void {
    this.#transport.write(pieces)
  }

  /** Stops reading; `resume` goes on. */
  pause(): void {
    this.#transport.pause()
  }

  resume(): void {
    this.#transport.resume()
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

  ended(): void {
    this.isClosed = true
    for (const { fail } of this.#waiting.values()) fail(new Error('the broker closed the connection'))
    this.#waiting.clear()
  }

  #receive(frame: Uint8Array): void {
    const id = correlationIdOf(frame)
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (waiting) waiting.take(frame)
    else this.frames.push(frame)
  }
}

/** A broker in a virtual world, with clients that speak to it in memory. */
export class Stage {
  readonly world: SimWorld
  readonly host: Host
  readonly broker: Broker
  /** What the broker told of connections that it closed. */
  readonly problems: string[]
  readonly #clients = new Map<number, RawClient>()

  constructor(world: SimWorld, host: Host, broker: Broker, problems: string[]) {
    this.world = world
    this.host = host
    this.broker = broker
    this.problems = problems
  }

  /** @param world where another broker may have been before, on the same disk */
  static async open(
    options: BrokerOptions = {},
    world = new SimWorld({ seed: 'stage', turn }),
  ): Promise<Stage> {
    const host = world.host('broker')
    const problems: string[] = []
    const onProblem = (_remote: string, error: Error) => void problems.push(error.message)
    const starting = startBroker({ runtime: host, host: 'broker', onProblem, ...options })
    return new Stage(world, host, await world.until(starting, ANSWER_LIMIT_MS), problems)
  }

  /** A new connection to a node. */
  connect(node = 1): RawClient {
    const [near, far] = transportPair()
    const client = new RawClient(near)
    this.broker.handle(far, node)
    return client
  }

  /** Asks a node over a connection that is kept for the next question. */
  ask<A extends Api>(api: A, version: number, body: Request<A>, node = 1): Promise<Response<A>> {
    let client = this.#clients.get(node)
    if (!client || client.isClosed) {
      client = this.connect(node)
      this.#clients.set(node, client)
    }
    return this.settled(client.ask(api, version, body))
  }

  /** The id of a topic that exists. */
  async topicId(name: string): Promise<string> {
    const asked = { topics: [{ name, topicId: zeroUuid }], allowAutoTopicCreation: false }
    const { topics } = await this.ask(Metadata, 12, asked)
    return topics[0]?.topicId ?? zeroUuid
  }

  /** Appends a batch to a partition over a new connection to its leader's node; its size in bytes. */
  async append(topic: string, records: Uint8Array, partition = 0, node = 1): Promise<number> {
    const topicData = [{ name: topic, topicId: zeroUuid, partitionData: [{ index: partition, records }] }]
    const body = { acks: 1, timeoutMs: 1000, topicData }
    const { responses } = await this.settled(this.connect(node).ask(Produce, 9, body))
    const errorCode = responses[0]?.partitionResponses[0]?.errorCode
    if (errorCode !== 0) throw new Error(`the batch was refused with ${errorCode}`)
    return records.length
  }

  async deleteTopic(name: string): Promise<void> {
    await this.ask(DeleteTopics, 5, { topicNames: [name], timeoutMs: 1000 })
  }

  /** Deletes the records of a partition before an offset; asks node 1. */
  async deleteRecords(name: string, partitionIndex: number, offset: number): Promise<void> {
    const topics = [{ name, partitions: [{ partitionIndex, offset }] }]
    await this.ask(DeleteRecords, 2, { topics, timeoutMs: 1000 })
  }

  /** Lets virtual time go on until a promise is settled. */
  settled<T>(work: Promise<T>): Promise<T> {
    return this.world.until(work, ANSWER_LIMIT_MS)
  }

  /** Closes the broker; then nothing that it has started may be left. */
  async close(): Promise<void> {
    await this.settled(this.broker.close())
    await turn()
    if (this.host.timers > 0) throw new Error(`${this.host.timers} timers outlive the broker`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
