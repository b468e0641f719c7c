import assert from 'node:assert/strict'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import test from 'node:test'
import { startBroker } from '@samsa/broker'
import type { KafkaError } from '@samsa/client'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { nodeRuntime } from '@samsa/runtime'

/** Far above what any of these may take, and below the setup timeout that they must not wait for. */
const LIMIT_MS = 30_000
const socketConnectionSetupTimeoutMs = 120_000
const settings = { socketConnectionSetupTimeoutMs, socketConnectionSetupTimeoutMaxMs: 120_000 }

/** A port that takes connections and never says a word. */
async function mutePort(host = '127.0.0.1', port = 0) {
  const sockets = new Set<Socket>()
  let connected = () => {}
  const first = new Promise<void>((resolve) => (connected = resolve))
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    socket.resume()
    connected()
  })
  await new Promise<void>((resolve) => server.listen({ host, port }, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    first,
    /** Resolves when the other side has closed every connection. */
    emptied: async () => {
      await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('mute addresses among the bootstrap servers cost a moment, not their whole setup timeout', {
  timeout: 60_000,
}, async () => {
  await using broker = await startBroker()
  await using one = await mutePort()
  await using two = await mutePort()
  const bootstrapServers = `127.0.0.1:${one.port},127.0.0.1:${two.port},${broker.bootstrapServers}`
  await using producer = new KafkaProducer({ bootstrapServers, ...settings })
  const sent = await producer.send({ topic: 'mute', value: 'x' }).get({ timeoutMs: LIMIT_MS })
  assert.equal(sent.offset, 0)
  await using consumer = new KafkaConsumer({
    bootstrapServers,
    groupId: 'mute',
    autoOffsetReset: 'earliest',
    ...settings,
  })
  consumer.subscribe('mute')
  assert.equal(String((await consumer.next({ timeoutMs: LIMIT_MS })).value.value), 'x')
})

test('a name whose first address is mute is reached by its second one', { timeout: 60_000 }, async () => {
  await using broker = await startBroker()
  const [, port] = broker.bootstrapServers.split(':')
  await using _ = await mutePort('127.0.0.2', Number(port))
  const runtime = Object.create(nodeRuntime(), {
    resolve: { value: async () => ['127.0.0.2', '127.0.0.1'] },
  }) as ReturnType<typeof nodeRuntime>
  await using producer = new KafkaProducer(
    { bootstrapServers: `two.addresses.test:${port}`, socketConnectionSetupTimeoutMs: 2000 },
    { runtime },
  )
  const sent = await producer.send({ topic: 'mute', value: 'x' }).get({ timeoutMs: LIMIT_MS })
  assert.equal(sent.offset, 0)
})

test('closing ends what is being dialled, and what waits for it learns so', { timeout: 60_000 }, async () => {
  await using mute = await mutePort()
  const bootstrapServers = `127.0.0.1:${mute.port}`
  const producer = new KafkaProducer({ bootstrapServers, ...settings })
  const outcome = producer.send({ topic: 'mute', value: 'x' }).then(
    () => 'sent',
    (error) => (error as KafkaError).code,
  )
  const consumer = new KafkaConsumer({ bootstrapServers, groupId: 'mute', ...settings })
  consumer.subscribe('mute')
  const next = consumer.next()
  await mute.first
  await Promise.all([producer.close({ timeoutMs: 100 }), consumer.close({ timeoutMs: 100 })])
  assert.equal(await outcome, 'CLOSED')
  assert.equal((await next).done, true)
  await mute.emptied()
})
