import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { runTool } from '../../foreign/run-tool.ts'
import { javaScriptClients, python } from '../../foreign/tools.ts'
import type { KafkaCluster } from '../cluster/apache-kafka.ts'
import { kafkaTool, startKafka } from '../cluster/apache-kafka.ts'
import { delay } from '../cluster/surroundings.ts'
import type { FaultProxy } from './proxy.ts'
import { startProxy } from './proxy.ts'

const LIMIT_MS = 60_000
const values = Array.from({ length: 30 }, (_, index) => `value-${index}`)

/** Sends values one after the other; says of each whether it was acknowledged. */
const PYTHON_PRODUCE = `
import sys, json
from kafka import KafkaProducer
servers, topic, idempotence, request, delivery, values = json.loads(sys.argv[1])
p = KafkaProducer(bootstrap_servers=servers.split(','), enable_idempotence=idempotence, acks='all', linger_ms=0,
                  request_timeout_ms=request, delivery_timeout_ms=delivery, retry_backoff_ms=50)
said = []
for v in values:
    try:
        p.send(topic, v.encode(), partition=0).get(timeout=60)
        said.append(True)
    except Exception as e:
        said.append(type(e).__name__)
p.close(timeout=1)
print(json.dumps(said))
`
const PYTHON_READ = `
import sys, json
from kafka import KafkaConsumer
servers, topic, group, count = json.loads(sys.argv[1])
c = KafkaConsumer(topic, bootstrap_servers=servers.split(','), group_id=group, auto_offset_reset='earliest', consumer_timeout_ms=30000)
said = []
for m in c:
    said.append(m.value.decode())
    if len(said) >= count: break
c.close()
print(json.dumps(said))
`

/** What is used of kafkajs, which is installed apart from this repository. */
interface KafkaJs {
  Kafka: new (
    options: object,
  ) => {
    producer(options: object): {
      connect(): Promise<void>
      send(call: object): Promise<unknown>
      disconnect(): Promise<void>
    }
    consumer(options: object): {
      connect(): Promise<void>
      subscribe(what: object): Promise<void>
      run(options: { eachMessage(payload: { message: { value: Buffer } }): Promise<void> }): Promise<void>
      disconnect(): Promise<void>
    }
  }
}

async function pythonSays(program: string, args: readonly unknown[]): Promise<unknown[]> {
  return JSON.parse(await runTool(python(), ['-c', program, JSON.stringify(args)])) as unknown[]
}

describe('the fault proxy before a three-node Apache Kafka', () => {
  let kafka: KafkaCluster
  const proxies: FaultProxy[] = []
  before(async () => {
    python()
    kafka = await startKafka()
  })
  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await kafka?.stop()
  })

  const opened = async (): Promise<FaultProxy> => {
    const proxy = await startProxy({ bootstrapServers: kafka.bootstrapServers, seed: 1, trace: 5000 })
    proxies.push(proxy)
    return proxy
  }
  /** Makes a topic that has the cluster's usual number of partitions. */
  const create = async (topic: string) => {
    await using producer = new KafkaProducer({ bootstrapServers: kafka.bootstrapServers })
    assert.equal((await producer.partitionsFor(topic)).length, 3)
  }
  /** What is in partition 0, read past the proxy up to a last record. */
  const allIn = async (topic: string): Promise<string[]> => {
    const { bootstrapServers } = kafka
    await using producer = new KafkaProducer({ bootstrapServers })
    await producer.send({ topic, value: 'end', partition: 0 })
    await using consumer = new KafkaConsumer({ bootstrapServers, autoOffsetReset: 'earliest' })
    consumer.assign([{ topic, partition: 0 }])
    for (const found: string[] = []; ; ) {
      const value = String((await consumer.next({ timeoutMs: LIMIT_MS })).value.value)
      if (value === 'end') return found
      found.push(value)
    }
  }
  /** Every broker was talked to, and every frame could be read. */
  const isWhole = (proxy: FaultProxy, client: string) => {
    const frames = proxy.trace().filter(({ direction }) => direction !== undefined)
    const addresses = new Set(frames.map(({ address }) => address))
    assert.deepEqual([...addresses].sort(), kafka.bootstrapServers.split(',').sort(), client)
    for (const { api, did, text } of frames) {
      assert.ok(api, client)
      assert.doesNotMatch(`${did}${text}`, /cannot be read|broken:|left over/, `${client} ${api}`)
    }
  }

  it("lets Java's tools, kafka-python, kafkajs and samsa through, each frame read and none past it", async () => {
    const java = await opened()
    const tool = ['--bootstrap-server', java.bootstrapServers, '--topic', 'from.java']
    await kafkaTool('org.apache.kafka.tools.ConsoleProducer', tool, `${values.join('\n')}\n`)
    const limits = ['--from-beginning', '--max-messages', `${values.length}`, '--timeout-ms', '30000']
    const read = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [...tool, ...limits])
    assert.deepEqual(read.trim().split('\n').sort(), values.toSorted())
    isWhole(java, 'Java')

    const viaPython = await opened()
    await create('from.python')
    const servers = viaPython.bootstrapServers
    const sent = await pythonSays(PYTHON_PRODUCE, [servers, 'from.python', true, 30_000, 60_000, values])
    assert.deepEqual(sent, Array(values.length).fill(true))
    const found = await pythonSays(PYTHON_READ, [servers, 'from.python', 'python', values.length])
    assert.deepEqual(found.toSorted(), values.toSorted())
    isWhole(viaPython, 'kafka-python')

    const viaKafkaJs = await opened()
    await create('from.kafkajs')
    assert.deepEqual(
      (await throughKafkaJs(viaKafkaJs.bootstrapServers, 'from.kafkajs')).sort(),
      values.toSorted(),
    )
    isWhole(viaKafkaJs, 'kafkajs')

    const own = await opened()
    await create('from.samsa')
    await using producer = new KafkaProducer({ bootstrapServers: own.bootstrapServers })
    await Promise.all(
      values.map((value, index) => producer.send({ topic: 'from.samsa', value, partition: index % 3 })),
    )
    const settings = {
      bootstrapServers: own.bootstrapServers,
      groupId: 'own',
      autoOffsetReset: 'earliest',
    } as const
    await using consumer = new KafkaConsumer(settings)
    consumer.subscribe('from.samsa')
    const seen: string[] = []
    while (seen.length < values.length)
      seen.push(String((await consumer.next({ timeoutMs: LIMIT_MS })).value.value))
    assert.deepEqual(seen.sort(), values.toSorted())
    isWhole(own, 'samsa')
  })

  it('shows that a lost answer doubles a record without idempotence, and does not with it', async () => {
    const proxy = await opened()
    for (const idempotence of [true, false]) {
      const topic = `lost.${idempotence}`
      await create(topic)
      const lost = proxy.inject({ action: 'drop', api: 'Produce', topic, nth: 2 })
      const said = await pythonSays(PYTHON_PRODUCE, [
        proxy.bootstrapServers,
        topic,
        idempotence,
        2000,
        30_000,
        ['a', 'b', 'c'],
      ])
      assert.deepEqual(said, [true, true, true], proxy.traceText())
      await lost.hit()
      assert.deepEqual(await allIn(topic), idempotence ? ['a', 'b', 'c'] : ['a', 'b', 'b', 'c'])
    }
  })

  it('delivers requests seconds after their client was told that they failed', async () => {
    const proxy = await opened()
    const topic = 'late.topic'
    await create(topic)
    const late = proxy.inject({ action: 'late', api: 'Produce', topic, ms: [20_000, 25_000], times: 10 })
    const said = await pythonSays(PYTHON_PRODUCE, [
      proxy.bootstrapServers,
      topic,
      false,
      1000,
      1500,
      ['late'],
    ])
    assert.notEqual(said[0], true)
    assert.ok(late.hits > 0 && late.isHolding)
    assert.deepEqual(await everythingIn(kafka.bootstrapServers, topic), [])
    const end = performance.now() + LIMIT_MS
    let found: string[] = []
    // Without idempotence each attempt leaves its record.
    while (found.length < late.hits && performance.now() < end) {
      await delay(500)
      found = await everythingIn(kafka.bootstrapServers, topic)
    }
    assert.deepEqual(found, Array(late.hits).fill('late'), proxy.traceText())
    assert.equal(late.isHolding, false)
  })

  it('lets clients through cut versions, moved leaders, throttling and torn connections', async () => {
    const proxy = await opened()
    await create('hard.topic')
    proxy.inject({ action: 'versions', of: 'Produce', max: 7 })
    const moved = proxy.inject({
      action: 'errorCode',
      api: 'Produce',
      code: 'NOT_LEADER_OR_FOLLOWER',
      nth: 3,
    })
    const slow = proxy.inject({ action: 'throttle', api: 'Produce', nth: 5, ms: 200 })
    const torn = proxy.inject({ action: 'cut', api: 'Produce', at: 'half', nth: 8 })
    const jitter = proxy.inject({ action: 'delay', ms: 10, jitterMs: 10 })
    const servers = proxy.bootstrapServers
    const said = await pythonSays(PYTHON_PRODUCE, [servers, 'hard.topic', true, 5000, 60_000, values])
    assert.deepEqual(said, Array(values.length).fill(true), proxy.traceText())
    await Promise.all([moved, slow, torn, jitter].map((fault) => fault.hit()))
    assert.deepEqual(await allIn('hard.topic'), values)
  })
})

/** Everything in partition 0 up to its present end, without writing to it. */
async function everythingIn(bootstrapServers: string, topic: string): Promise<string[]> {
  await using consumer = new KafkaConsumer({ bootstrapServers, autoOffsetReset: 'earliest' })
  const partition = { topic, partition: 0 }
  const [ending] = await consumer.endOffsets([partition])
  consumer.assign([partition])
  const found: string[] = []
  while (found.length < (ending ?? 0))
    found.push(String((await consumer.next({ timeoutMs: LIMIT_MS })).value.value))
  return found
}

/** Sends the values and reads them back in a group. */
async function throughKafkaJs(bootstrapServers: string, topic: string): Promise<string[]> {
  const home = await javaScriptClients()
  const { Kafka } = createRequire(join(home, 'package.json'))('kafkajs') as KafkaJs
  const kafkajs = new Kafka({ brokers: bootstrapServers.split(','), clientId: 'kafkajs', logLevel: 0 })
  const producer = kafkajs.producer({ idempotent: true })
  await producer.connect()
  const messages = values.map((value, index) => ({ value, partition: index % 3 }))
  await producer.send({ topic, acks: -1, messages })
  await producer.disconnect()
  const consumer = kafkajs.consumer({ groupId: 'kafkajs' })
  const found: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`kafkajs read ${found.length}`)), LIMIT_MS)
    const eachMessage = async ({ message }: { message: { value: Buffer } }) => {
      found.push(String(message.value))
      if (found.length < values.length) return
      clearTimeout(limit)
      resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return found
}
