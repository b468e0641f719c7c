import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ConsumerRecord } from '@samsa/client'
import {
  ConfigError,
  ConnectionError,
  EncodeError,
  KafkaConsumer,
  KafkaProducer,
  TimeoutError,
} from '@samsa/client'
import type { DialTarget, Runtime, Transport } from '@samsa/runtime'
import { nodeRuntime } from '@samsa/runtime'
import { delay } from '../cluster/surroundings.ts'
import type {
  DriverClient,
  Incoming,
  MemberAdapter,
  MemberListener,
  Outgoing,
  Partition,
  Settle,
} from './client.ts'
import { codeOf } from './client.ts'
import { drive } from './drive.ts'
import { splitName } from './offsets.ts'
import type { DriverOptions } from './options.ts'
import type { Settlement } from './settlement.ts'

const POLL_MS = 500
const RETRY_MS = 200

const manifest = new URL('../../../package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(fileURLToPath(manifest), 'utf8')) as { version: string }

const client: DriverClient = {
  title: `samsa ${version}`,
  canAssign: true,
  async producer(options) {
    const producer = new KafkaProducer({
      bootstrapServers: options.bootstrapServers,
      clientId: options.who,
      acks: options.acks === 'all' ? 'all' : options.acks === '1' ? 1 : 0,
      enableIdempotence: options.idempotence && options.acks === 'all',
      maxInFlightRequestsPerConnection: options.inFlight,
      deliveryTimeoutMs: options.deliveryTimeoutMs,
      requestTimeoutMs: options.requestTimeoutMs,
      lingerMs: options.lingerMs,
      compressionType: options.compression as 'none',
    })
    return {
      callsAtOnce: Number.POSITIVE_INFINITY,
      send: (records, settle) => sendAll(producer, records, settle),
      close: (timeoutMs) => producer.close({ timeoutMs }),
    }
  },
  async member(options, listener) {
    const world = new Severable()
    const consumer = new KafkaConsumer(consumerSettings(options, { groupId: options.group }), {
      runtime: world.runtime,
    })
    return new Member(consumer, options, listener, world)
  },
  async reader(options, partitions) {
    const consumer = new KafkaConsumer(consumerSettings(options, { enableAutoCommit: false }))
    consumer.assign(partitions)
    consumer.seekToBeginning()
    return {
      async ends() {
        const offsets = await consumer.endOffsets(partitions)
        return Object.fromEntries(partitions.map(({ tp }, index) => [tp, offsets[index] as number]))
      },
      async poll(timeoutMs) {
        const records = (await consumer.poll({ timeoutMs })).map(incoming)
        return { records, positions: await positionsOf(consumer, partitions) }
      },
      close: (timeoutMs) => consumer.close({ timeoutMs }),
    }
  },
}

async function positionsOf(
  consumer: KafkaConsumer,
  partitions: readonly Partition[],
): Promise<Record<string, number>> {
  const positions = await Promise.all(partitions.map((partition) => consumer.position(partition)))
  return Object.fromEntries(partitions.map(({ tp }, index) => [tp, positions[index] as number]))
}

function consumerSettings(options: DriverOptions, more: object) {
  return {
    bootstrapServers: options.bootstrapServers,
    clientId: options.who,
    autoOffsetReset: 'earliest',
    enableAutoCommit: options.commit === 'auto',
    isolationLevel: options.isolation,
    sessionTimeoutMs: options.sessionTimeoutMs,
    maxPollRecords: options.maxPollRecords,
    heartbeatIntervalMs: Math.min(3000, Math.floor(options.sessionTimeoutMs / 3)),
    requestTimeoutMs: options.requestTimeoutMs,
    ...more,
  } as const
}

async function sendAll(producer: KafkaProducer, records: readonly Outgoing[], settle: Settle): Promise<void> {
  await Promise.all(
    records.map(async ({ topic, partition, key, value }, index) => {
      try {
        const { offset } = await producer.send({
          topic,
          partition,
          value,
          ...(key === undefined ? {} : { key }),
        })
        settle(index, { off: offset })
      } catch (error) {
        settle(index, settlementOf(error))
      }
    }),
  )
}

function settlementOf(error: unknown): Settlement {
  const isLocal =
    error instanceof ConfigError || error instanceof EncodeError || codeOf(error) === 'RECORD_TOO_LARGE'
  const isUnsent =
    isLocal || ((error instanceof TimeoutError || error instanceof ConnectionError) && !error.sent)
  return { code: codeOf(error), isUnsent }
}

function incoming(record: ConsumerRecord): Incoming {
  return { tp: `${record.topic}-${record.partition}`, off: record.offset, value: record.value }
}

/** Polls on its own until it is closed. */
class Member implements MemberAdapter {
  readonly #consumer: KafkaConsumer
  readonly #listener: MemberListener
  readonly #world: Severable
  #isOver = false
  #polling: Promise<void>

  constructor(consumer: KafkaConsumer, options: DriverOptions, listener: MemberListener, world: Severable) {
    this.#consumer = consumer
    this.#listener = listener
    this.#world = world
    const names = (partitions: readonly { topic: string; partition: number }[]) =>
      partitions.map(({ topic, partition }) => `${topic}-${partition}`)
    // The generation is not told by its public face.
    consumer.on('assigned', ({ partitions }) =>
      this.#unlessOver(() => listener.assigned(names(partitions), -1)),
    )
    consumer.on('revoked', ({ partitions }) =>
      this.#unlessGone(() => listener.revoked(names(partitions), -1)),
    )
    consumer.on('lost', ({ partitions }) => this.#unlessGone(() => listener.lost(names(partitions), -1)))
    consumer.on('offsetReset', ({ topic, partition, from }) => {
      if (from !== undefined) listener.reset(`${topic}-${partition}`, 'out of range')
    })
    consumer.subscribe(options.topics.map(({ name }) => name))
    this.#polling = this.#poll()
  }

  async #poll(): Promise<void> {
    while (!this.#isOver) {
      const end = this.#listener.polling()
      let records: Incoming[] = []
      let failure: Error | undefined
      try {
        records = (await this.#consumer.poll({ timeoutMs: POLL_MS })).map(incoming)
      } catch (error) {
        failure = error as Error
      }
      end(records)
      if (failure && !this.#isOver) {
        this.#listener.trouble(failure)
        await delay(RETRY_MS)
      }
      if (records.length > 0) await this.#listener.handle(records)
    }
  }

  async commit(offsets: Record<string, number>): Promise<void> {
    await this.#consumer.commit(Object.entries(offsets).map(([tp, offset]) => ({ ...splitName(tp), offset })))
  }

  seek(offsets: Record<string, number>): void {
    for (const [tp, offset] of Object.entries(offsets)) this.#consumer.seek(splitName(tp), offset)
  }

  async close(timeoutMs: number): Promise<void> {
    this.#isOver = true
    await this.#polling
    await this.#consumer.close({ timeoutMs })
  }

  async die(): Promise<void> {
    this.#isOver = true
    this.#world.sever()
    await this.#consumer.close({ timeoutMs: 0 }).catch(() => {})
  }

  #unlessOver(tell: () => void): void {
    if (!this.#isOver) tell()
  }

  /** While closing it is told what it gives back; once gone it is told nothing. */
  #unlessGone(tell: () => void): void {
    if (!this.#world.isSevered) tell()
  }
}

/** The real world, from which a client can be cut off for good: for it that is as if its machine had stopped. */
class Severable {
  readonly runtime: Runtime
  readonly #open = new Set<Transport>()
  isSevered = false

  constructor() {
    const real = nodeRuntime()
    this.runtime = Object.assign(Object.create(real) as Runtime, {
      dial: async (target: DialTarget) => {
        if (this.isSevered) throw new Error('cut off')
        const transport = await real.dial(target)
        this.#open.add(transport)
        return transport
      },
    })
  }

  sever(): void {
    this.isSevered = true
    for (const transport of this.#open) transport.destroy()
    this.#open.clear()
  }
}

await drive(client)
