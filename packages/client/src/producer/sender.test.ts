import assert from 'node:assert/strict'
import test from 'node:test'
import type { Reply } from '@samsa/protocol'
import { headerOf, InitProducerId, Metadata, Produce } from '@samsa/protocol'
import { TimeoutError } from '../errors.ts'
import type { Asked, FakeBroker } from '../world.test-support.ts'
import { FakeWorld } from '../world.test-support.ts'
import { KafkaProducer } from './producer.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAACg'

type Part = Partial<Reply<typeof Produce>['responses'][number]['partitionResponses'][number]>

interface Known {
  leader: number
  leaderEpoch: number
  errorCode: number
}

/** A cluster of one broker and one topic with one partition. */
function metadataOf({ leader, leaderEpoch, errorCode }: Known, isAsked: boolean): Reply<typeof Metadata> {
  const replicas = { replicaNodes: [1], isrNodes: [1] }
  const partition = { errorCode, partitionIndex: 0, leaderId: leader, leaderEpoch, ...replicas }
  return {
    brokers: [{ nodeId: 1, host: 'b', port: 9092, rack: null }],
    clusterId: 'c',
    controllerId: 1,
    topics: isAsked ? [{ errorCode: 0, name: 't', topicId: ID, partitions: [partition] }] : [],
  }
}

/** One broker whose answers are written by the test, and a producer that sends each record by itself. */
async function stage(settings: object = {}) {
  const world = new FakeWorld()
  const lines: string[] = []
  const keep = (line: string) => void lines.push(line)
  const logger = { debug() {}, info() {}, warn: keep, error: keep }
  const known: Known = { leader: 1, leaderEpoch: 0, errorCode: 0 }
  let id = 7n
  const broker: FakeBroker = world.broker('b:9092')
  broker.answers(Metadata, ({ body }) => metadataOf(known, body.topics.length > 0))
  broker.answers(InitProducerId, () => ({ errorCode: 0, producerId: id++, producerEpoch: 0 }))
  const producer = new KafkaProducer(
    {
      bootstrapServers: 'b:9092',
      lingerMs: 0,
      batchSize: 1,
      requestTimeoutMs: 1_000,
      deliveryTimeoutMs: 120_000,
      ...settings,
    },
    { runtime: world, logger },
  )
  const produced = () => broker.asked.filter(({ api }) => api === Produce)
  const metadataAsked = () => broker.asked.filter(({ api }) => api === Metadata).length
  /** Without a part it leaves the partition out. */
  const answer = ({ connection, version, correlationId }: Asked, ...parts: Part[]) =>
    connection.answer(Produce, version, correlationId, {
      responses: [
        {
          name: 't',
          topicId: ID,
          partitionResponses: parts.map((part) => ({
            index: 0,
            errorCode: 0,
            baseOffset: 0,
            recordErrors: [],
            errorMessage: null,
            currentLeader: {},
            ...part,
          })),
        },
      ],
    })
  const send = (value: string) => producer.send({ topic: 't', partition: 0, value })
  const close = async () => {
    const closing = producer.close({ timeoutMs: 0 })
    await world.advance(1)
    await closing
    await world.settle()
    assert.equal(world.armed, 0, 'no timer is left')
  }
  await world.advance(1)
  return { world, broker, producer, known, lines, produced, metadataAsked, answer, send, close }
}

function numberOf(asked: Asked): [id: bigint, epoch: number, sequence: number] {
  const { producerId, producerEpoch, baseSequence } = headerOf(
    asked.body.topicData[0].partitionData[0].records,
  )
  return [producerId, producerEpoch, baseSequence]
}

function last(list: Asked[]): Asked {
  return list.at(-1) as Asked
}

test('a single record that is named has its error, and the others are told that it was not them', async () => {
  const { world, producer, produced, answer, close } = await stage({ batchSize: 1000 })
  const futures = ['a', 'b', 'c'].map((value) => producer.send({ topic: 't', partition: 0, value }))
  await world.advance(1)
  const own = { batchIndex: 1, batchIndexErrorMessage: 'it has no key' }
  answer(last(produced()), { errorCode: 87, errorMessage: 'of the batch', recordErrors: [own] })
  await world.advance(1)
  const codes = futures.map(({ exception }) => (exception as { code?: string } | undefined)?.code)
  assert.deepEqual(codes, ['BATCH_REFUSED', 'INVALID_RECORD', 'BATCH_REFUSED'])
  assert.match(String(futures[1]?.exception), /record 1 of its batch.*it has no key/)
  assert.match(String(futures[0]?.exception), /part of the same batch as a record that was refused/)
  await close()
})

test('of several records that are named each is invalid with words of its own; one named alone has the code of the batch', async () => {
  const { world, producer, produced, answer, close } = await stage({ batchSize: 1000 })
  const cases: [number[], string[]][] = [
    [
      [0, 2],
      ['INVALID_RECORD', 'BATCH_REFUSED', 'INVALID_RECORD'],
    ],
    [[2], ['BATCH_REFUSED', 'BATCH_REFUSED', 'INVALID_TIMESTAMP']],
    [[9], ['INVALID_TIMESTAMP', 'INVALID_TIMESTAMP', 'INVALID_TIMESTAMP']],
    [[], ['INVALID_TIMESTAMP', 'INVALID_TIMESTAMP', 'INVALID_TIMESTAMP']],
  ]
  for (const [named, codes] of cases) {
    const futures = ['a', 'b', 'c'].map((value) => producer.send({ topic: 't', partition: 0, value }))
    await world.advance(1)
    const recordErrors = named.map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: null }))
    answer(last(produced()), { errorCode: 32, errorMessage: 'of the batch', recordErrors })
    await world.advance(1)
    assert.deepEqual(
      futures.map(({ exception }) => (exception as { code?: string } | undefined)?.code),
      codes,
    )
  }
  await close()
})

test('a first request that hangs lets nothing by, and everything goes through after it', async () => {
  const { world, produced, answer, send, close } = await stage()
  const futures = ['0', '1', '2'].map(send)
  await world.advance(999)
  assert.equal(produced().length, 1, 'the others wait for it')
  await world.advance(300)
  assert.equal(produced().length, 2, 'it is sent again')
  for (let offset = 0; offset < 3; offset++) {
    const asked = produced()[1 + offset] as Asked
    assert.equal(numberOf(asked)[2], offset)
    answer(asked, { baseOffset: offset })
    await world.advance(1)
  }
  assert.deepEqual(
    futures.map(({ value }) => value?.offset),
    [0, 1, 2],
  )
  await close()
})

test('an answer that leaves a batch out is no answer to it: it is sent again under its number', async () => {
  const { world, produced, answer, send, close } = await stage()
  const future = send('x')
  await world.advance(1)
  answer(last(produced()))
  await world.advance(200)
  assert.deepEqual(
    produced().map((asked) => numberOf(asked)[2]),
    [0, 0],
  )
  answer(last(produced()), { baseOffset: 4 })
  await world.advance(1)
  assert.equal(future.value?.offset, 4)
  await close()
})

const UNKNOWN_PRODUCER_ID = 59
const INVALID_PRODUCER_ID_MAPPING = 49

test('a broker that has lost the producer: another id is asked for, and the batch goes under it; unless it cannot say', async () => {
  const { world, produced, answer, send, close } = await stage()
  const first = send('0')
  await world.advance(1)
  answer(last(produced()), {})
  await world.advance(1)
  assert.ok(first.isDone)
  for (const [round, given] of [
    { errorCode: UNKNOWN_PRODUCER_ID, logStartOffset: 10 },
    { errorCode: INVALID_PRODUCER_ID_MAPPING },
  ].entries()) {
    const future = send('1')
    await world.advance(1)
    answer(last(produced()), given)
    await world.advance(500)
    assert.deepEqual(numberOf(last(produced())), [8n + BigInt(round), 0, 0])
    answer(last(produced()), {})
    await world.advance(1)
    assert.ok(future.succeeded())
  }
  const future = send('2')
  await world.advance(1)
  const number = numberOf(last(produced()))
  answer(last(produced()), { errorCode: UNKNOWN_PRODUCER_ID, logStartOffset: -1 })
  await world.advance(500)
  assert.deepEqual(numberOf(last(produced())), number, 'it is only sent again')
  answer(last(produced()), {})
  await world.advance(1)
  assert.ok(future.succeeded())
  await close()
})

test('what may be stored is not sent to a broker that has lost the producer under another number', async () => {
  const { world, produced, answer, send, close } = await stage()
  const future = send('0')
  await world.advance(1)
  answer(last(produced()), { errorCode: 20 })
  await world.advance(500)
  answer(last(produced()), { errorCode: UNKNOWN_PRODUCER_ID, logStartOffset: 10 })
  await world.advance(5_000)
  assert.equal(produced().length, 2)
  assert.match(String(future.exception), /they may be stored all the same/)
  const next = send('1')
  await world.advance(1)
  assert.deepEqual(numberOf(last(produced())), [8n, 0, 0])
  answer(last(produced()), {})
  await world.advance(1)
  assert.ok(next.succeeded())
  await close()
})

test('a refusal for good after an attempt without an answer says that the record may be stored', async () => {
  const { world, produced, answer, send, close } = await stage()
  const future = send('0')
  await world.advance(1_500)
  assert.equal(produced().length, 2)
  answer(last(produced()), { errorCode: 29 })
  await world.advance(1)
  const { code } = future.exception as { code?: string } & Error
  assert.equal(code, 'TOPIC_AUTHORIZATION_FAILED')
  assert.match(String(future.exception), /an earlier attempt may have been stored all the same/)
  await close()
})

test('a leader that is missing is asked for with growing pauses, and after 10 s it is said once', async () => {
  const { world, known, lines, metadataAsked, produced, answer, send, close } = await stage()
  known.leader = -1
  known.errorCode = 5
  const future = send('0')
  await world.advance(2_000)
  const before = metadataAsked()
  await world.advance(10_000)
  const asked = metadataAsked() - before
  assert.ok(asked >= 8 && asked <= 15, `asked ${asked} times in 10 s`)
  await world.advance(30_000)
  const told = lines.filter((line) => line.includes('records cannot be sent to t-0'))
  assert.equal(told.length, 1, lines.join('\n'))
  assert.match(String(told[0]), /LEADER_NOT_AVAILABLE/)
  known.leader = 1
  known.errorCode = 0
  await world.advance(2_000)
  answer(last(produced()), {})
  await world.advance(1)
  assert.ok(future.succeeded())
  await close()
})

test('a partition that refuses for 10 s is told once with the reason, and again after it has worked', async () => {
  const { world, broker, lines, produced, answer, send, close } = await stage()
  broker.on(Produce, (asked) => answer(asked, { errorCode: 19 }))
  send('0').catch(() => {})
  await world.advance(60_000)
  assert.equal(lines.filter((line) => /cannot be sent to t-0.*NOT_ENOUGH_REPLICAS/.test(line)).length, 1)
  const pauses = produced().length
  assert.ok(pauses > 50 && pauses < 90, `${pauses} attempts in a minute`)
  broker.on(Produce, (asked) => answer(asked, {}))
  await world.advance(2_000)
  broker.on(Produce, (asked) => answer(asked, { errorCode: 19 }))
  send('1').catch(() => {})
  await world.advance(30_000)
  assert.equal(lines.filter((line) => /cannot be sent to t-0/.test(line)).length, 2)
  await close()
})

test('an error code that nobody knows is raised, not tried again', async () => {
  const { world, produced, answer, send, close } = await stage()
  const future = send('0')
  await world.advance(1)
  answer(last(produced()), { errorCode: 9999 })
  await world.advance(5_000)
  assert.equal(produced().length, 1)
  assert.match(String(future.exception), /9999/)
  await close()
})

for (const isLed of [true, false]) {
  test(`\`sent\` is ${isLed} where the request had ${isLed ? '' : 'not '}been written`, async () => {
    const { world, producer, known, send, close } = await stage({ deliveryTimeoutMs: 2_000 })
    if (!isLed) known.leader = -1
    const future = send('0')
    const told: [string, boolean][] = []
    const asked = [
      producer.flush({ timeoutMs: 100 }).catch((error) => told.push(['flush', error.sent])),
      future.get({ timeoutMs: 100 }).catch((error) => told.push(['get', error.sent])),
    ]
    await world.advance(200)
    await Promise.all(asked)
    assert.deepEqual(told.sort(), [
      ['flush', isLed],
      ['get', isLed],
    ])
    await world.advance(3_000)
    assert.ok(future.exception instanceof TimeoutError)
    assert.equal(future.exception.sent, isLed)
    assert.match(future.exception.message, isLed ? /may be stored all the same/ : /It was never sent/)
    await close()
  })
}

test('asking for a producer id that fails once does not end the producer, and is not repeated without a pause', async () => {
  const { world, broker, produced, answer, send, close } = await stage()
  const asked = () => broker.asked.filter(({ api }) => api === InitProducerId).length
  broker.answers(InitProducerId, { errorCode: 9999, producerId: -1n, producerEpoch: -1 })
  const first = send('0')
  await world.advance(1)
  assert.match(String(first.exception), /InitProducerId/)
  for (let index = 0; index < 200; index++) {
    send(`${index}`).catch(() => {})
    await world.advance(50)
  }
  assert.ok(asked() < 25, `asked ${asked()} times in 10 s`)
  broker.answers(InitProducerId, { errorCode: 0, producerId: 3n, producerEpoch: 0 })
  await world.advance(2_000)
  broker.on(Produce, (each) => answer(each, {}))
  const healed = send('healed')
  await world.advance(2_000)
  assert.ok(healed.succeeded())
  assert.equal(numberOf(last(produced()))[0], 3n)
  await close()
})

test('who may not have a producer id at all is told so by every send', async () => {
  const { world, broker, send, close } = await stage()
  broker.answers(InitProducerId, { errorCode: 31, producerId: -1n, producerEpoch: -1 })
  const first = send('0')
  await world.advance(1)
  assert.match(String(first.exception), /CLUSTER_AUTHORIZATION_FAILED/)
  assert.match(String(send('1').exception), /CLUSTER_AUTHORIZATION_FAILED/)
  await close()
})

test('a topic that is not sent to is forgotten after metadataMaxIdleMs, and asked for again when it is', async () => {
  const { world, broker, answer, send, close } = await stage({ metadataMaxIdleMs: 60_000 })
  broker.on(Produce, (asked) => answer(asked, {}))
  const named = () => {
    const asked = broker.asked.filter(({ api }) => api === Metadata).at(-1)
    return (asked?.body.topics ?? []).map(({ name }: { name: string }) => name)
  }
  await Promise.all([send('0'), world.advance(10)])
  assert.deepEqual(named(), ['t'])
  for (let index = 0; index < 3; index++) {
    await world.advance(40_000)
    await Promise.all([send('again'), world.advance(10)])
  }
  const lose = async () => {
    for (const connection of broker.connections) connection.close()
    await world.advance(1_000)
  }
  await world.advance(58_000)
  await lose()
  assert.deepEqual(named(), ['t'], 'it was sent to 59 s ago')
  await world.advance(2_000)
  await lose()
  assert.deepEqual(named(), [])
  await Promise.all([send('later'), world.advance(5_000)])
  assert.deepEqual(named(), ['t'])
  await close()
})

test('flush and close may be called within a callback', async () => {
  const { world, broker, producer, answer, send } = await stage()
  broker.on(Produce, (asked) => answer(asked, {}))
  const done: string[] = []
  send('0').addCallback(() => {
    void producer.flush().then(() => done.push('flushed'))
    send('1').addCallback(() => void producer.close().then(() => done.push('closed')))
  })
  await world.advance(10)
  await world.settle()
  assert.deepEqual(done.sort(), ['closed', 'flushed'])
  assert.equal(world.armed, 0)
})

test('without acknowledgements a lost connection is a reason to ask for metadata', async () => {
  const { world, broker, metadataAsked, send, close } = await stage({ acks: 0 })
  await Promise.all([send('0'), world.advance(10)])
  const before = metadataAsked()
  for (const connection of broker.connections) connection.close()
  await world.advance(1_000)
  assert.ok(metadataAsked() > before)
  await close()
})
