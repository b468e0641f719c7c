import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { delay } from '../cluster/surroundings.ts'
import type {
  DriverClient,
  Incoming,
  MemberAdapter,
  MemberListener,
  Outgoing,
  Partition,
  Positions,
  ReaderAdapter,
  Settle,
  TransactionalAdapter,
} from './client.ts'
import { codeOf } from './client.ts'
import { RoleNotPossible } from './consume.ts'
import { CurrentTransaction } from './current-transaction.ts'
import { drive } from './drive.ts'
import type { Batch, Consumer, EachBatch, Producer, Sender, Transaction } from './kafkajs-library.ts'
import { Kafka, Partitioners, version } from './kafkajs-library.ts'
import { byTopic, Places, splitName } from './offsets.ts'
import type { DriverOptions } from './options.ts'

const NOTHING = 0
const GZIP = 1
const FETCH_WAIT_MS = 500

const open = (options: DriverOptions, sockets = new Sockets()) =>
  new Kafka({
    brokers: options.bootstrapServers.split(','),
    clientId: options.who,
    requestTimeout: options.requestTimeoutMs,
    logLevel: NOTHING,
    socketFactory: sockets.open,
  })

const client: DriverClient = {
  title: `kafkajs ${version}`,
  canAssign: false,
  async producer(options) {
    const isIdempotent = options.idempotence && options.acks === 'all'
    const inFlight = isIdempotent ? 1 : options.inFlight
    const producer = open(options).producer({ ...producerSettings(inFlight), idempotent: isIdempotent })
    await producer.connect()
    return {
      // It collects nothing: a call is a request for each broker, and with idempotence there may be one at a time.
      callsAtOnce: inFlight,
      send: (records, settle) => sendAll(producer, options, records, settle),
      close: () => producer.disconnect(),
    }
  },
  async member(options, listener) {
    const member = new Member(options, listener)
    await member.join()
    return member
  },
  reader: drainReader,
  async transactional(options) {
    const settings = { ...producerSettings(1), idempotent: true, transactionalId: options.transactionalId }
    const producer = open(options).producer(settings)
    await producer.connect()
    return new Transactional(producer, options)
  },
}

function producerSettings(maxInFlightRequests: number) {
  return {
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    maxInFlightRequests,
  }
}

async function sendAll(
  sender: Sender,
  options: DriverOptions,
  records: readonly Outgoing[],
  settle: Settle,
): Promise<void> {
  if (options.compression !== 'none' && options.compression !== 'gzip') {
    throw new RoleNotPossible(`${client.title} has no ${options.compression} of its own`)
  }
  const topics = new Map<string, object[]>()
  for (const { topic, partition, key, value } of records) {
    topics.set(topic, [...(topics.get(topic) ?? []), { partition, key: key ?? null, value }])
  }
  try {
    const answers = await sender.sendBatch({
      acks: options.acks === 'all' ? -1 : Number(options.acks),
      timeout: options.requestTimeoutMs,
      compression: options.compression === 'gzip' ? GZIP : 0,
      topicMessages: [...topics].map(([topic, messages]) => ({ topic, messages })),
    })
    const bases = new Map(
      answers.map((each) => [`${each.topicName}-${each.partition}`, Number(each.baseOffset ?? -1)]),
    )
    const places = new Places()
    records.forEach(({ topic, partition }, index) => {
      const tp = `${topic}-${partition}`
      const base = bases.get(tp) ?? -1
      const place = places.next(tp)
      settle(index, base < 0 ? {} : { off: base + place })
    })
  } catch (error) {
    // One error for all of the call's records, whatever became of each.
    const code = codeOf((error as Error).cause ?? error)
    for (const index of records.keys()) settle(index, { code })
  }
}

/** The sockets of one client, which can all be cut at once and for good. */
class Sockets {
  readonly #open = new Set<Socket>()
  isCut = false

  readonly open = ({
    host,
    port,
    onConnect,
  }: {
    host: string
    port: number
    onConnect: () => void
  }): Socket => {
    const socket = connect({ host, port }, onConnect)
    socket.setKeepAlive(true, 60_000)
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    if (this.isCut) socket.destroy(new Error('cut off'))
    return socket
  }

  cut(): void {
    this.isCut = true
    for (const socket of this.#open) socket.destroy(new Error('cut off'))
  }
}

function consumerSettings(options: DriverOptions, groupId: string) {
  return {
    groupId,
    sessionTimeout: options.sessionTimeoutMs,
    heartbeatInterval: Math.min(3000, Math.floor(options.sessionTimeoutMs / 3)),
    maxWaitTimeInMs: FETCH_WAIT_MS,
    readUncommitted: options.isolation === 'read_uncommitted',
    allowAutoTopicCreation: false,
  }
}

function incoming({ topic, partition, messages }: Batch): Incoming[] {
  return messages.map(({ offset, value }) => ({ tp: `${topic}-${partition}`, off: Number(offset), value }))
}

class Member implements MemberAdapter {
  readonly #options: DriverOptions
  readonly #listener: MemberListener
  readonly #sockets = new Sockets()
  readonly #consumer: Consumer
  #owned: string[] = []

  constructor(options: DriverOptions, listener: MemberListener) {
    this.#options = options
    this.#listener = listener
    this.#consumer = open(options, this.#sockets).consumer(consumerSettings(options, options.group))
    const on = (name: string, heard: (payload: Record<string, unknown>) => void) =>
      this.#consumer.on(`consumer.${name}`, ({ payload }) => {
        if (!this.#sockets.isCut) heard(payload)
      })
    // It tells its generation only with heartbeats.
    on('heartbeat', () => listener.beat())
    on('rebalancing', () => this.#letGo('revoked'))
    on('group_join', ({ memberAssignment }) => {
      // It has joined anew without a word before: it had been put out of the group.
      this.#letGo('lost')
      this.#owned = Object.entries(memberAssignment as Record<string, number[]>).flatMap(
        ([topic, partitions]) => partitions.map((partition) => `${topic}-${partition}`),
      )
      listener.assigned(this.#owned, -1)
    })
    on('stop', () => this.#letGo('revoked'))
    on('crash', ({ error, restart }) => {
      this.#letGo('lost')
      if (restart) listener.trouble(error as Error)
      else listener.died(error as Error)
    })
  }

  #letGo(kind: 'revoked' | 'lost'): void {
    if (this.#owned.length > 0) this.#listener[kind](this.#owned, -1)
    this.#owned = []
  }

  async join(): Promise<void> {
    const topics = this.#options.topics.map(({ name }) => name)
    try {
      await this.#consumer.connect()
      await this.#consumer.subscribe({ topics, fromBeginning: true })
    } catch (error) {
      this.#listener.died(error as Error)
      return
    }
    await this.#consumer.run({
      autoCommit: this.#options.commit === 'auto',
      eachBatchAutoResolve: false,
      eachBatch: (each: EachBatch) => this.#handle(each),
    })
  }

  async #handle({ batch, resolveOffset, heartbeat, isStale }: EachBatch): Promise<void> {
    // It hands over whatever a fetch has brought; what is not taken now comes again.
    const records = incoming(batch).slice(0, this.#options.maxPollRecords)
    this.#listener.polling()(records)
    const done = await this.#listener.handle(records, heartbeat)
    if (isStale() || done === 0) return
    // For the last one the library itself goes behind what is hidden after it.
    resolveOffset(String((records[done - 1] as Incoming).off))
  }

  async commit(offsets: Positions): Promise<void> {
    const list = Object.entries(offsets)
    await this.#consumer.commitOffsets(
      list.map(([tp, offset]) => ({ ...splitName(tp), offset: String(offset) })),
    )
  }

  seek(offsets: Positions): void {
    for (const [tp, offset] of Object.entries(offsets))
      this.#consumer.seek({ ...splitName(tp), offset: String(offset) })
  }

  close(): Promise<void> {
    return this.#consumer.disconnect()
  }

  async die(): Promise<void> {
    this.#sockets.cut()
    void this.#consumer.disconnect().catch(() => {})
  }
}

/** It cannot read without a group, so it is the only member of one that nobody else has. */
async function drainReader(options: DriverOptions, partitions: readonly Partition[]): Promise<ReaderAdapter> {
  const kafka = open(options)
  const consumer = kafka.consumer(consumerSettings(options, `drain-${randomUUID()}`))
  const admin = kafka.admin()
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  let records: Incoming[] = []
  let failure: Error | undefined
  const positions: Positions = {}
  consumer.on('consumer.crash', ({ payload }) => {
    failure = payload['error'] as Error
  })
  // Also told of batches of which nothing is shown: markers, and what was aborted.
  consumer.on('consumer.end_batch_process', ({ payload }) => {
    positions[`${payload['topic']}-${payload['partition']}`] = Number(payload['lastOffset']) + 1
  })
  await admin.connect()
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }: EachBatch) => {
      records.push(...incoming(batch))
    },
  })
  return {
    async ends() {
      const ends: Positions = {}
      for (const topic of topics) {
        // It knows of no end but the high watermark, at whatever isolation level.
        for (const { partition, high } of await admin.fetchTopicOffsets(topic))
          ends[`${topic}-${partition}`] = Number(high)
      }
      return Object.fromEntries(partitions.map(({ tp }) => [tp, ends[tp] as number]))
    },
    async poll(timeoutMs) {
      if (records.length === 0) await delay(timeoutMs)
      if (failure) throw failure
      const taken = records
      records = []
      return { records: taken, positions: { ...positions } }
    },
    async close() {
      await consumer.disconnect()
      await admin.disconnect()
    },
  }
}

class Transactional implements TransactionalAdapter {
  readonly #producer: Producer
  readonly #options: DriverOptions
  readonly #current: CurrentTransaction<Transaction>

  constructor(producer: Producer, options: DriverOptions) {
    this.#producer = producer
    this.#current = new CurrentTransaction(() => producer.transaction())
    this.#options = options
  }

  /** It asks for its producer id with the first transaction. */
  init(): Promise<void> {
    return this.#current.begin()
  }

  begin(): Promise<void> {
    return this.#current.begin()
  }

  send(records: readonly Outgoing[], settle: Settle): Promise<void> {
    return sendAll(this.#current.open, this.#options, records, settle)
  }

  async sendOffsets(offsets: Positions): Promise<void> {
    const topics = [...byTopic(offsets)].map(([topic, list]) => ({
      topic,
      partitions: list.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }))
    await this.#current.open.sendOffsets({ consumerGroupId: this.#options.group, topics })
  }

  commit(): Promise<void> {
    return this.#current.commit()
  }

  abort(): Promise<void> {
    return this.#current.abort()
  }

  close(): Promise<void> {
    return this.#producer.disconnect()
  }
}

await drive(client)
