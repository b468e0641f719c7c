import { randomUUID } from 'node:crypto'
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
import { CurrentTransaction } from './current-transaction.ts'
import { drive } from './drive.ts'
import { Places, splitName } from './offsets.ts'
import type { DriverOptions } from './options.ts'
import type { Message, Sender, Stream, Transaction } from './platformatic-library.ts'
import { Consumer, Producer, version } from './platformatic-library.ts'

/** Of a reader on its own. */
const MOST_AT_ONCE = 500
const FETCH_WAIT_MS = 500
const ALL = -1

const common = (options: DriverOptions) => ({
  clientId: options.who,
  bootstrapBrokers: options.bootstrapServers.split(','),
  autocreateTopics: false,
  timeout: options.requestTimeoutMs,
})

const client: DriverClient = {
  title: `@platformatic/kafka ${version}`,
  canAssign: true,
  async producer(options) {
    const acks = options.acks === 'all' ? ALL : Number(options.acks)
    const idempotent = options.idempotence && acks === ALL
    const producer = new Producer({ ...common(options), ...producing(options), idempotent, acks })
    return {
      // It collects nothing: a call is a request for each broker.
      callsAtOnce: options.inFlight,
      send: (records, settle) => sendAll(producer, acks, records, settle),
      close: () => producer.close(),
    }
  },
  async member(options, listener) {
    const member = new Member(options, listener)
    void member.run()
    return member
  },
  reader: openReader,
  async transactional(options) {
    const { transactionalId } = options
    const producer = new Producer({
      ...common(options),
      ...producing(options),
      idempotent: true,
      acks: ALL,
      transactionalId,
    })
    return new Transactional(producer)
  },
}

function producing({ compression, inFlight }: DriverOptions) {
  return { maxInflights: inFlight, ...(compression === 'none' ? {} : { compression }) }
}

async function sendAll(
  sender: Sender,
  acks: number,
  records: readonly Outgoing[],
  settle: Settle,
): Promise<void> {
  const messages = records.map(({ topic, partition, key, value }) => ({
    topic,
    partition,
    value: Buffer.from(value),
    ...(key === undefined ? {} : { key: Buffer.from(key) }),
  }))
  try {
    const { offsets = [] } = await sender.send({ acks, messages })
    const bases = new Map(
      offsets.map(({ topic, partition, offset }) => [`${topic}-${partition}`, Number(offset)]),
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
    for (const index of records.keys()) settle(index, { code: nameOf(error) })
  }
}

/** Kafka's name of the error that lies within others. */
function nameOf(error: unknown): string {
  const { apiId, errors, cause } = error as { apiId?: string; errors?: unknown[]; cause?: unknown }
  if (typeof apiId === 'string') return apiId
  const inner = errors?.[0] ?? cause
  return inner ? nameOf(inner) : codeOf(error)
}

function consuming(options: DriverOptions) {
  return {
    sessionTimeout: options.sessionTimeoutMs,
    heartbeatInterval: Math.min(3000, Math.floor(options.sessionTimeoutMs / 3)),
    rebalanceTimeout: Math.max(60_000, options.sessionTimeoutMs),
    isolationLevel: options.isolation === 'read_committed' ? 1 : 0,
    maxWaitTime: FETCH_WAIT_MS,
  }
}

function incoming({ topic, partition, offset, value }: Message): Incoming {
  return { tp: `${topic}-${partition}`, off: Number(offset), value: value ?? null }
}

/** What is there, up to a limit; waits for the first as long as it is told. Ends early when the stream does. */
async function take(stream: Stream, timeoutMs: number, most = MOST_AT_ONCE): Promise<Message[]> {
  const taken: Message[] = []
  const pull = () => {
    while (taken.length < most) {
      const message = stream.read() as Message | null
      if (message === null) return
      taken.push(message)
    }
  }
  pull()
  if (taken.length > 0 || stream.destroyed) return taken
  await new Promise<void>((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      for (const name of ['readable', 'end', 'close']) stream.removeListener(name, wake)
      resolve()
    }
    const timer = setTimeout(wake, timeoutMs)
    for (const name of ['readable', 'end', 'close']) stream.once(name, wake)
  })
  pull()
  return taken
}

/** Without a listener for it a stream stops fetching, as soon as the last one is taken off. */
function keepReadable(stream: Stream): void {
  stream.on('readable', () => {})
}

class Member implements MemberAdapter {
  readonly consumer: Consumer
  /** The last record of each partition that is being processed: a transaction takes offsets by their records. */
  readonly last = new Map<string, Message>()
  readonly #options: DriverOptions
  readonly #listener: MemberListener
  #owned: string[] = []
  #stream: Stream | undefined
  #isOver = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: DriverOptions, listener: MemberListener) {
    this.#options = options
    this.#listener = listener
    this.consumer = new Consumer({ ...common(options), groupId: options.group, ...consuming(options) })
    this.consumer.on('consumer:heartbeat:end', () => listener.beat())
    this.consumer.on('consumer:group:rebalance', () => this.#letGo('revoked'))
    this.consumer.on('consumer:group:leave', () => this.#letGo('revoked'))
    this.consumer.on('consumer:group:join', ({ assignments }) => {
      this.#letGo('lost')
      this.#owned = (assignments ?? this.consumer.assignments ?? []).flatMap(({ topic, partitions }) =>
        partitions.map((partition) => `${topic}-${partition}`),
      )
      listener.assigned(this.#owned, this.consumer.generationId)
    })
  }

  #letGo(kind: 'revoked' | 'lost'): void {
    if (this.#owned.length > 0) this.#listener[kind](this.#owned, this.consumer.generationId)
    this.#owned = []
  }

  run(): Promise<void> {
    this.#running = this.#read()
    return this.#running
  }

  async #read(): Promise<void> {
    try {
      let stream = await this.#open()
      while (!this.#isOver) {
        if (stream.destroyed) stream = await this.#open()
        const end = this.#listener.polling()
        const messages = await take(stream, FETCH_WAIT_MS, this.#options.maxPollRecords)
        const records = messages.map(incoming)
        end(records)
        for (const message of messages)
          this.last.set(`${message.topic}-${message.partition}@${message.offset}`, message)
        if (records.length > 0) await this.#listener.handle(records)
        this.last.clear()
      }
    } catch (error) {
      if (!this.#isOver) this.#listener.died(error as Error)
    }
  }

  async #open(): Promise<Stream> {
    const stream = await this.consumer.consume({
      topics: this.#options.topics.map(({ name }) => name),
      mode: 'committed',
      fallbackMode: 'earliest',
      autocommit: this.#options.commit === 'auto',
      ...consuming(this.#options),
    })
    keepReadable(stream)
    // It destroys itself when the group has moved on; who reads must open another one.
    stream.on('error', (error: Error) => this.#listener.trouble(error))
    this.#stream = stream
    return stream
  }

  async commit(offsets: Positions): Promise<void> {
    const list = Object.entries(offsets)
    await this.consumer.commit({
      offsets: list.map(([tp, offset]) => ({ ...splitName(tp), offset: BigInt(offset), leaderEpoch: -1 })),
    })
  }

  /** A stream cannot be sent back: it is left, and the next one begins at what is committed. */
  seek(): void {
    this.#stream?.destroy()
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.#running
    if (this.#stream && !this.#stream.destroyed) await this.#stream.close()
    await this.consumer.close(true)
  }

  /** It offers no way to vanish; it leaves at once instead. */
  die(): Promise<void> {
    return this.close()
  }
}

/** Reads from offsets of its own, as the only member of a group that nobody else has. */
async function openReader(options: DriverOptions, partitions: readonly Partition[]): Promise<ReaderAdapter> {
  const groupId = `reader-${randomUUID()}`
  const consumer = new Consumer({ ...common(options), groupId, ...consuming(options) })
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  let stream: Stream | undefined
  let failure: Error | undefined
  const positions: Positions = {}
  const openStream = async () => {
    const offsets = partitions.map(({ tp, topic, partition }) => ({
      topic,
      partition,
      offset: BigInt(positions[tp] ?? 0),
    }))
    const opened = await consumer.consume({
      topics,
      mode: 'manual',
      offsets,
      autocommit: false,
      ...consuming(options),
    })
    keepReadable(opened)
    opened.on('error', (error: Error) => {
      failure = error
    })
    return opened
  }
  return {
    async ends() {
      const { isolationLevel } = consuming(options)
      const ends = await consumer.listOffsets({ topics, isolationLevel, timestamp: -1n })
      return Object.fromEntries(
        partitions.map(({ tp, topic, partition }) => [tp, Number(ends.get(topic)?.[partition])]),
      )
    },
    async poll(timeoutMs) {
      if (!stream || stream.destroyed) stream = await openStream()
      const records = (await take(stream, timeoutMs)).map(incoming)
      for (const { tp, off } of records) positions[tp] = off + 1
      if (failure) {
        const error = failure
        failure = undefined
        if (records.length === 0) throw error
      }
      // With nothing waiting to be read it stands where it will fetch, also behind what is not shown.
      if (stream.readableLength === 0) {
        for (const { tp, topic, partition } of partitions) {
          positions[tp] = Number(stream.offsetsToFetch.get(`${topic}:${partition}`) ?? positions[tp] ?? 0)
        }
      }
      return { records, positions: { ...positions } }
    },
    async close() {
      if (stream && !stream.destroyed) await stream.close()
      await consumer.close(true)
    },
  }
}

class Transactional implements TransactionalAdapter {
  readonly #producer: Producer
  readonly #current: CurrentTransaction<Transaction>

  constructor(producer: Producer) {
    this.#producer = producer
    this.#current = new CurrentTransaction(() => producer.beginTransaction())
  }

  /** It asks for its producer id with the first transaction. */
  init(): Promise<void> {
    return this.#current.begin()
  }

  begin(): Promise<void> {
    return this.#current.begin()
  }

  send(records: readonly Outgoing[], settle: Settle): Promise<void> {
    return sendAll(this.#current.open, ALL, records, settle)
  }

  async sendOffsets(offsets: Positions, member: MemberAdapter): Promise<void> {
    const { consumer, last } = member as Member
    await this.#current.open.addConsumer(consumer)
    for (const [tp, offset] of Object.entries(offsets)) {
      const message = last.get(`${tp}@${offset - 1}`)
      if (!message) throw new Error(`${tp}@${offset - 1} is not at hand`)
      await this.#current.open.addOffset(message)
    }
  }

  commit(): Promise<void> {
    return this.#current.commit()
  }

  abort(): Promise<void> {
    return this.#current.abort()
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}

await drive(client)
