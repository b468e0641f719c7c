import assert from 'node:assert/strict'
import test from 'node:test'
import type { Broker, BrokerOptions } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import type { ConsumerOptions } from '@samsa/client'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { coordinatorPartition } from '@samsa/protocol'
import type { SimWorld as World } from '@samsa/runtime'
import { SimWorld, turn } from '@samsa/runtime'

/** What the simulation has found, each in the smallest world that shows it. */

const LIMIT_MS = 60_000
const TOPIC = 'my.topic'
const GROUP = 'my.group'
const first = { topic: TOPIC, partition: 0 }

async function worldWithBroker(options: BrokerOptions = {}): Promise<{ world: World; broker: Broker }> {
  const world = new SimWorld({ seed: 1, turn })
  const broker = await world.until(
    startBroker({ runtime: world.host('broker'), host: 'broker', port: 9092, ...options }),
    LIMIT_MS,
  )
  broker.createTopic(TOPIC, { partitions: 2 })
  broker.createTopic('wide', { partitions: 12 })
  return { world, broker }
}

function consumerOn(
  world: World,
  host: string,
  options: ConsumerOptions<unknown, unknown> = {},
): KafkaConsumer {
  return new KafkaConsumer(
    {
      bootstrapServers: 'broker:9092',
      groupId: GROUP,
      enableAutoCommit: false,
      autoOffsetReset: 'earliest',
      ...(options as ConsumerOptions<Buffer | null, Buffer | null>),
    },
    { runtime: world.host(host) },
  )
}

async function committed(world: World, consumer: KafkaConsumer): Promise<number | undefined> {
  const [found] = await world.until(consumer.committed([first]), LIMIT_MS)
  return found?.offset
}

test('a commit that is tried again over a rebalance is not made in the name of the new generation', async () => {
  const { world, broker } = await worldWithBroker()
  const assignments: number[][] = []
  const one = consumerOn(world, 'one', { heartbeatIntervalMs: 500 })
  one.on('assigned', ({ partitions }) => assignments.push(partitions.map(({ partition }) => partition)))
  one.subscribe([TOPIC])
  await world.until(() => assignments.length === 1, LIMIT_MS)

  const unanswered = broker.faults.add({
    api: 'OffsetCommit',
    action: 'close',
    times: Number.POSITIVE_INFINITY,
  })
  const stale = one.commit([{ ...first, offset: 5 }]).then(
    () => 'committed',
    (error: unknown) => (error as { code: string }).code,
  )
  await world.until(() => unanswered.hits > 1, LIMIT_MS)
  const two = consumerOn(world, 'two')
  two.subscribe([TOPIC])
  await world.until(() => assignments.length === 2, LIMIT_MS)
  unanswered.remove()

  assert.equal(await world.until(stale, LIMIT_MS), 'COMMIT_FAILED')
  assert.equal(await committed(world, two), undefined)
  await world.pass(10_000)
  assert.equal(assignments.length, 2, 'a refusal that is about the past costs no place in the group')
})

test('a consumer that is between two generations does not commit as if it were in no group', async () => {
  const { world, broker } = await worldWithBroker()
  const consumer = consumerOn(world, 'one')
  broker.faults.add({ api: 'JoinGroup', action: 'close', times: Number.POSITIVE_INFINITY })
  consumer.subscribe([TOPIC])
  await world.pass(1000)
  const outcome = consumer.commit([{ ...first, offset: 5 }])
  await assert.rejects(world.until(outcome, LIMIT_MS), { code: 'COMMIT_FAILED' })
  assert.equal(await committed(world, consumerOn(world, 'two')), undefined)
})

test('an older commit that is tried again does not undo a newer one', async () => {
  const { world, broker } = await worldWithBroker()
  const consumer = consumerOn(world, 'one')
  consumer.assign([first])
  const refused = broker.faults.add({ api: 'OffsetCommit', action: 'close' })
  const older = consumer.commit([{ ...first, offset: 5 }])
  await world.until(() => refused.hits === 1, LIMIT_MS)
  const newer = consumer.commit([{ ...first, offset: 10 }])
  await world.until(Promise.all([older, newer]), LIMIT_MS)
  assert.equal(await committed(world, consumer), 10)
})

test('a commit whose turn does not come in time says so', async () => {
  const { world, broker } = await worldWithBroker()
  const consumer = consumerOn(world, 'one', { defaultApiTimeoutMs: 3000 })
  consumer.assign([first])
  broker.faults.add({ api: 'OffsetCommit', action: 'close', times: Number.POSITIVE_INFINITY })
  const outcomes = Promise.allSettled([5, 10].map((offset) => consumer.commit([{ ...first, offset }])))
  const started = world.now
  const codes = (await world.until(outcomes, LIMIT_MS)).map((each) => 'reason' in each && each.reason.code)
  assert.deepEqual(codes, ['TIMEOUT', 'TIMEOUT'])
  assert.ok(world.now - started <= 3000)
})

test('a member that dies while its join is held back holds the group up for a session, not for a rebalance', async () => {
  const { world, broker } = await worldWithBroker()
  const settings = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 3000, maxPollIntervalMs: 300_000 }
  const one = consumerOn(world, 'one', settings)
  let assignments = 0
  one.on('assigned', () => assignments++)
  one.subscribe([TOPIC])
  await world.until(() => assignments === 1, LIMIT_MS)
  const joins = () => broker.requests.recent.filter(({ api }) => api === 'JoinGroup').length
  const before = joins()
  const two = consumerOn(world, 'two', settings)
  two.subscribe([TOPIC])
  // The first join is answered with a member id, the second one waits for the member that is there to join again.
  await world.until(() => joins() === before + 2, LIMIT_MS)
  world.at(world.now, () => world.kill('two'))
  world.at(world.now + 1000, () => void world.host('two'))
  await world.until(() => assignments === 2, 15_000)
  assert.deepEqual(one.assignment().length, 2)
})

test('many connections that are opened at once draw no warning about leaks', async () => {
  const { world } = await worldWithBroker({ brokers: 12 })
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  const producer = new KafkaProducer({ bootstrapServers: 'broker:9092' }, { runtime: world.host('one') })
  const partitions = Array.from({ length: 12 }, (_, partition) => partition)
  const sent = Promise.all(
    partitions.map((partition) => producer.send({ topic: 'wide', partition, value: '' })),
  )
  await world.until(sent, LIMIT_MS)
  await world.until(producer.close(), LIMIT_MS)
  await turn()
  process.removeListener('warning', onWarning)
  assert.deepEqual(warnings, [])
})

test('what a killed broker had not forced yet is forced before it counts', async () => {
  const world = new SimWorld({ seed: 1, turn, disk: { syncMs: [50, 50], stallChance: 0 } })
  const start = async () => {
    const settings = { host: 'broker', port: 9092, dataDirectory: '/data' }
    const broker = await world.until(startBroker({ runtime: world.host('broker'), ...settings }), LIMIT_MS)
    if (!broker.hasTopic(TOPIC)) broker.createTopic(TOPIC)
    return broker
  }
  await start()
  const settings = { bootstrapServers: 'broker:9092', requestTimeoutMs: 1000 }
  const producer = new KafkaProducer(settings, { runtime: world.host('one') })
  // The first record takes the identity and the connection out of the way.
  await world.until(producer.send({ topic: TOPIC, value: 'first' }), LIMIT_MS)
  const acknowledged = producer.send({ topic: TOPIC, value: 'second' })
  const log = `/data/${TOPIC}-0/00000000000000000000.log`
  const size = () => world.host('broker').disk.read(log)?.length ?? 0
  const before = size()
  await world.until(() => size() > before, LIMIT_MS)
  world.at(world.now, () => world.kill('broker'))
  await world.pass(10)
  await start()
  assert.equal((await world.until(acknowledged, LIMIT_MS)).offset, 1)
  world.at(world.now, () => world.cutPower('broker'))
  await world.pass(10)
  await start()
  const reader = consumerOn(world, 'two')
  assert.deepEqual(await world.until(reader.endOffsets([first]), LIMIT_MS), [2])
})

test('what arrives after its producer has given up on the connection is stored once, and called what it is', async () => {
  let late = 0
  for (let seed = 1; seed <= 20; seed++) {
    const world = new SimWorld({ seed, turn, network: { tearChance: 0 } })
    const settings = { runtime: world.host('broker'), host: 'broker', port: 9092 }
    const broker = await world.until(startBroker(settings), LIMIT_MS)
    broker.createTopic(TOPIC)
    const limits = { requestTimeoutMs: 1000, deliveryTimeoutMs: 3000 }
    const pauses = { lingerMs: 0, retryBackoffMs: 300, retryBackoffMaxMs: 300 }
    const producer = new KafkaProducer(
      { bootstrapServers: 'broker:9092', ...limits, ...pauses },
      { runtime: world.host('one') },
    )
    const outcomes = new Map<string, string>()
    const send = (value: string) =>
      producer.send({ topic: TOPIC, value }).then(
        () => outcomes.set(value, 'stored'),
        (error) =>
          outcomes.set(value, (error as { sent?: boolean }).sent === false ? 'not stored' : 'unknown'),
      )
    await world.until(send('first'), LIMIT_MS)
    // Both are sent and held back; the older one is given up, the newer one is sent again on another connection, where
    // its number is not the next one, while the first attempts are still on their way.
    world.network.split('one', 'broker', { oneWay: true })
    void send('older')
    await world.pass(900)
    void send('newer')
    await world.pass(2150)
    world.network.healAll()
    await world.until(() => outcomes.size === 3, LIMIT_MS)
    await world.pass(5000)
    const reader = consumerOn(world, 'two', { valueDeserializer: 'string' })
    reader.assign([first])
    const records = await world.until(reader.poll({ timeoutMs: 5000 }), LIMIT_MS)
    const values = records.map(({ value }) => String(value))
    assert.equal(new Set(values).size, values.length, `seed ${seed}: ${values}`)
    for (const [value, outcome] of outcomes) {
      if (outcome !== 'unknown')
        assert.equal(values.includes(value), outcome === 'stored', `seed ${seed}: ${value}`)
    }
    if (values.includes('older')) late++
  }
  assert.ok(late > 0, 'nothing ever arrived late')
})

test('a batch that waits for a connection is not overtaken by a later one that can wait longer', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new SimWorld({ seed, turn })
    const settings = { runtime: world.host('broker'), host: 'broker', port: 9092, brokers: 2 }
    const broker = await world.until(startBroker(settings), LIMIT_MS)
    broker.createTopic(TOPIC, { partitions: 2 })
    for (const partition of [0, 1]) broker.moveLeader(TOPIC, partition, partition + 1)
    const producer = new KafkaProducer(
      { bootstrapServers: 'broker:9092', requestTimeoutMs: 700, lingerMs: 0 },
      { runtime: world.host('one') },
    )
    await world.until(producer.send({ topic: TOPIC, partition: 0, value: 'first' }), LIMIT_MS)
    world.network.split('one', 'broker:9093')
    const sent = [producer.send({ topic: TOPIC, partition: 1, value: '1' })]
    for (const value of ['2', '3']) {
      await world.pass(250)
      sent.push(producer.send({ topic: TOPIC, partition: 1, value }))
    }
    world.network.healAll()
    const stored = await world.until(Promise.all(sent), LIMIT_MS)
    assert.deepEqual(
      stored.map(({ offset }) => offset),
      [0, 1, 2],
      `seed ${seed}`,
    )
  }
})

test('giving partitions back over the end of a session does not take the next assignment away', async () => {
  const { world, broker } = await worldWithBroker({ brokers: 2 })
  for (const partition of [0, 1]) broker.moveLeader(TOPIC, partition, 1)
  const settings = { sessionTimeoutMs: 30_000, heartbeatIntervalMs: 3000, metadataMaxAgeMs: 500 }
  const commits = { enableAutoCommit: true, autoCommitIntervalMs: 300_000 }
  const pauses = { requestTimeoutMs: 300, retryBackoffMaxMs: 10_000 }
  const one = consumerOn(world, 'one', { ...settings, ...commits, ...pauses })
  let assignments = 0
  one.on('assigned', () => assignments++)
  one.subscribe(/^my/)
  await world.until(() => assignments === 1, LIMIT_MS)
  broker.moveLeader('__consumer_offsets', coordinatorPartition(GROUP, 50), 2)
  const producer = new KafkaProducer(
    { bootstrapServers: 'broker:9092', lingerMs: 0 },
    { runtime: world.host('two') },
  )
  const send = (value: string) => world.until(producer.send({ topic: TOPIC, partition: 0, value }), LIMIT_MS)
  await send('a')
  await send('b')
  for (let taken = 0; taken < 2; taken++) await world.until(one.next(), LIMIT_MS)
  await world.pass(5000)
  // The coordinator cannot be reached, the other node can, which tells of a new topic shortly before the session ends.
  world.network.split('one', 'broker:9093')
  await world.pass(14_000)
  broker.createTopic('my.other')
  await world.until(() => assignments === 1 && one.assignment().length === 0, LIMIT_MS)
  world.network.healAll()
  await world.until(() => assignments === 2, LIMIT_MS)
  await world.pass(30_000)
  assert.equal(one.assignment().length, 3)
  await send('c')
  await world.until(one.next(), LIMIT_MS)
})
