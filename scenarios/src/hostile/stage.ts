import assert from 'node:assert/strict'
import net from 'node:net'
import test from 'node:test'
import type { Broker, BrokerOptions } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import type { ClientWorld } from '@samsa/client'
import { KafkaConsumer, KafkaError, KafkaProducer } from '@samsa/client'

/** In this time everything in these tests has its outcome; far more than is needed, since machines may be slow. */
const LIMIT_MS = 30_000
/** How long clients of these tests try before they give up. */
export const PATIENCE_MS = 1_000
/** Loopback addresses where nothing listens: low ports are never given out. */
export const NOBODY = '127.0.0.1:1'
export const NOBODY_ELSE = '127.0.0.1:2'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** What a hostile test is given: servers and clients that are gone when it is over. */
export interface Stage {
  /** Listens on the loopback as something that is no broker; gives its address. */
  listen(server: net.Server): Promise<string>
  broker(options?: BrokerOptions): Promise<Broker>
  /** Impatient, unless the settings say otherwise. */
  producer(settings: object, world?: ClientWorld): KafkaProducer
  consumer(settings: object, world?: ClientWorld): KafkaConsumer
  /** Does this when the test is over, latest first. */
  after(work: () => unknown): void
}

/** A test that ends in a bounded time and leaves nothing behind: no socket, no timer, no rejection that nobody met. */
export function hostile(title: string, body: (stage: Stage) => Promise<void>): void {
  test(title, { timeout: LIMIT_MS * 2 }, async () => {
    const before = resources()
    const rejections: unknown[] = []
    const note = (reason: unknown) => void rejections.push(reason)
    process.on('unhandledRejection', note)
    const works: (() => unknown)[] = []
    try {
      await body(stageOf(works))
    } finally {
      for (const work of works.reverse()) await work()
      await settled(before)
      process.off('unhandledRejection', note)
    }
    assert.deepEqual(rejections, [])
  })
}

function stageOf(works: (() => unknown)[]): Stage {
  const after = (work: () => unknown) => void works.push(work)
  return {
    after,
    async listen(server) {
      const sockets = new Set<net.Socket>()
      server.on('connection', (socket) => {
        socket.on('error', () => {})
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      after(() => {
        for (const socket of sockets) socket.destroy()
        return new Promise((resolve) => server.close(resolve))
      })
      return `127.0.0.1:${(server.address() as net.AddressInfo).port}`
    },
    async broker(options = {}) {
      const broker = await startBroker(options)
      after(() => broker.close())
      return broker
    },
    producer(settings, world = { logger: silent }) {
      const patience = { maxBlockMs: PATIENCE_MS, requestTimeoutMs: PATIENCE_MS / 2, lingerMs: 0 }
      const producer = new KafkaProducer({ ...patience, deliveryTimeoutMs: PATIENCE_MS, ...settings }, world)
      after(() => producer.close({ timeoutMs: 0 }))
      return producer
    },
    consumer(settings, world = { logger: silent }) {
      const patience = { defaultApiTimeoutMs: PATIENCE_MS, requestTimeoutMs: PATIENCE_MS / 2 }
      const consumer = new KafkaConsumer({ ...patience, ...settings }, world)
      after(() => consumer.close({ timeoutMs: 0 }))
      return consumer
    },
  }
}

/** A TCP server that does this with every connection. */
export function rawServer(meet: (socket: net.Socket) => void): net.Server {
  return net.createServer(meet)
}

/** The error that a call ends with: one of ours, in time. */
export async function failure(call: PromiseLike<unknown> | (() => unknown)): Promise<KafkaError> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no outcome within ${LIMIT_MS} ms`)), LIMIT_MS).unref()
  })
  try {
    const value = await Promise.race([typeof call === 'function' ? call() : call, late])
    throw new Error(`it did not fail but gave ${String(value)}`)
  } catch (error) {
    assert.ok(error instanceof KafkaError, `${error}`)
    return error
  }
}

/** `code: message`, with the times that were waited left out. */
export async function refusal(call: PromiseLike<unknown> | (() => unknown)): Promise<string> {
  const { code, message } = await failure(call)
  return `${code}: ${message.replaceAll(/waited \d+ ms/g, 'waited N ms')}`
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Waits until no more is active than before. */
async function settled(before: ReadonlyMap<string, number>): Promise<void> {
  const watched = [
    'TCPSocketWrap',
    'TCPServerWrap',
    'TCPWRAP',
    'TLSWrap',
    'TTYWrap',
    'Timeout',
    'GetAddrInfoReqWrap',
  ]
  for (let turn = 0; ; turn++) {
    const now = resources()
    const left = watched.filter((name) => (now.get(name) ?? 0) > (before.get(name) ?? 0))
    if (left.length === 0) return
    assert.ok(turn < 500, `still active: ${left.join(', ')}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
