import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Broker } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import {
  BatchWriter,
  codecNumber,
  decodeResponse,
  Fetch,
  Produce,
  prepareCodec,
  readBatches,
  zeroUuid,
} from '@samsa/protocol'
import type { DissectedPacket } from '../../foreign/capture.ts'
import { Capture } from '../../foreign/capture.ts'
import { tshark } from '../../foreign/tools.ts'
import { Asker } from '../../wire/asker.ts'
import { declared, survey } from '../../wire/survey.ts'
import { startKafka } from '../cluster/apache-kafka.ts'

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
/** What the dissector says of a version or an API that it does not know, also inside an answer that lists them. */
const NOT_KNOWN = /^Unsupported .+ version|^Unknown \d+ API key/

/**
 * What tshark 4.0 misreads, seen to complain in the same way of the bytes of Kafka's own serializer (requests) and of
 * Apache Kafka's own answers (responses): it takes byte fields of before KIP-482 for shorter than they are, lets old
 * answers begin with what they lack, and reads topics of partitions in the wrong form. First and last version each.
 */
const MISREAD: Readonly<Record<string, readonly [number, number]>> = {
  'JoinGroup request': [0, 5],
  'JoinGroup response': [0, 5],
  'SyncGroup request': [0, 3],
  'SyncGroup response': [0, 3],
  'SaslAuthenticate request': [0, 1],
  'SaslAuthenticate response': [0, 1],
  'CreateDelegationToken response': [1, 1],
  'RenewDelegationToken request': [1, 1],
  'ExpireDelegationToken request': [1, 1],
  'DeleteTopics response': [1, 2],
  'DeleteAcls response': [1, 1],
  'ElectLeaders request': [0, 2],
  'AlterPartitionReassignments request': [0, 0],
  'ListPartitionReassignments request': [0, 0],
}

let directory: string
before(() => {
  tshark()
  directory = mkdtempSync(join(tmpdir(), 'samsa-capture-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

/** Captures what `work` exchanges with a port. */
async function captured(port: number, work: () => Promise<void>): Promise<DissectedPacket[]> {
  const capture = await Capture.begin(port, join(directory, `${port}.pcapng`))
  try {
    await work()
    return await capture.dissect()
  } finally {
    await capture.stop()
  }
}

const nameOf = (key: string | undefined, version: string | undefined) =>
  `${declared.get(Number(key))?.name ?? key} v${version}`

function isMisread(name: string, kind: 'request' | 'response'): boolean {
  const [api, version] = name.split(' v')
  const [first, last] = MISREAD[`${api} ${kind}`] ?? [1, 0]
  return Number(version) >= first && Number(version) <= last
}

interface Reading {
  /** How many messages of each API and version were read from end to end. */
  readonly read: Map<string, number>
  readonly unknown: Set<string>
  readonly misread: Set<string>
  readonly wrong: string[]
}

/** What the dissector read; a request that it cannot read takes its answer with it. */
function readingOf(packets: readonly DissectedPacket[]): Reading {
  const reading: Reading = { read: new Map(), unknown: new Set(), misread: new Set(), wrong: [] }
  const unread = new Set<string>()
  for (const packet of packets) {
    const { stream, frame, complaints } = packet
    const isRequest = packet.requestKeys.length > 0
    const ids = packet.correlationIds.map((id) => `${stream}:${id}`)
    const keys = isRequest ? packet.requestKeys : packet.responseKeys
    const versions = isRequest ? packet.requestVersions : packet.responseVersions
    const names = keys.map((key, index) => nameOf(key, versions[index]))
    const isUnknown = isRequest && complaints.some((text) => NOT_KNOWN.test(text))
    const misread = names.filter((name) => isMisread(name, isRequest ? 'request' : 'response'))
    if (!isRequest && ids.some((id) => unread.has(id))) continue
    if (isUnknown || misread.length > 0) {
      if (isRequest) for (const id of ids) unread.add(id)
      for (const name of isUnknown ? names : misread) reading[isUnknown ? 'unknown' : 'misread'].add(name)
      continue
    }
    const said = complaints.filter((text) => !NOT_KNOWN.test(text))
    if (said.length > 0) reading.wrong.push(`${names.join(', ')} (frame ${frame}): ${said.join('; ')}`)
    for (const name of names) reading.read.set(name, (reading.read.get(name) ?? 0) + 1)
  }
  return reading
}

function tell(title: string, { unknown, misread, read }: Reading): void {
  const messages = [...read.values()].reduce((sum, count) => sum + count, 0)
  console.log(`${title}: ${messages} messages of ${read.size} versions read: ${ranges([...read.keys()])}`)
  console.log(`${title}: ${unknown.size} versions that it does not know: ${ranges([...unknown])}`)
  console.log(`${title}: ${misread.size} versions that it misreads: ${ranges([...misread])}`)
}

function ranges(names: readonly string[]): string {
  const versions = new Map<string, number[]>()
  for (const name of names) {
    const [api = '', version] = name.split(' v')
    versions.set(api, [...(versions.get(api) ?? []), Number(version)])
  }
  return [...versions].map(([api, of]) => `${api} ${Math.min(...of)}-${Math.max(...of)}`).join(', ')
}

/** A batch of 50 records with keys and headers. */
function batchOf(codec: (typeof codecs)[number]): Uint8Array {
  const writer = new BatchWriter()
  const headers = [{ key: 'name', value: 'of a header' }]
  for (let count = 0; count < 50; count++)
    writer.append(Date.now(), `key ${count}`, 'value '.repeat(20), headers)
  return writer.finish({ codec })
}

/** Writes batches of every codec and reads them back, in the newest versions that the dissector knows. */
async function exchangeBatches(port: number): Promise<void> {
  await prepareCodec('zstd')
  const asker = await Asker.dial('127.0.0.1', port)
  const topic = { name: 'survey.topic', topic: 'survey.topic', topicId: zeroUuid }
  try {
    for (const codec of codecs) {
      const topicData = [{ ...topic, partitionData: [{ index: 0, records: batchOf(codec) }] }]
      const frame = await asker.ask(Produce, 8, { acks: 1, timeoutMs: 5_000, topicData })
      const { responses } = decodeResponse(Produce, 8, frame)
      assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 0, codec)
    }
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }]
    const asked = { maxWaitMs: 10, minBytes: 1, topics: [{ ...topic, partitions }], forgottenTopicsData: [] }
    const answer = decodeResponse(Fetch, 11, await asker.ask(Fetch, 11, asked))
    const records = answer.responses[0]?.partitions[0]?.records
    const seen = [...readBatches(records ?? new Uint8Array(0))].map((batch) => batch.codec)
    for (const codec of codecs) assert.ok(seen.includes(codecNumber(codec)), `${codec} is not among ${seen}`)
  } finally {
    asker.close()
  }
}

/** A producer of each codec and a group that reads what they sent. */
async function talk(broker: Broker): Promise<void> {
  const { bootstrapServers } = broker
  for (const compressionType of codecs) {
    await using producer = new KafkaProducer({ bootstrapServers, compressionType })
    await producer.send({ topic: 'talk', key: compressionType, value: 'value '.repeat(50) })
  }
  await using consumer = new KafkaConsumer({
    bootstrapServers,
    groupId: 'talk',
    autoOffsetReset: 'earliest',
  })
  consumer.subscribe('talk')
  for (const _ of codecs) await consumer.next({ timeoutMs: 20_000 })
}

test('tshark reads what our client and the embedded broker say to each other', async () => {
  const broker = await startBroker()
  try {
    const port = Number(broker.bootstrapServers.split(':')[1])
    const packets = await captured(port, async () => {
      await survey('127.0.0.1', port)
      await exchangeBatches(port)
      await talk(broker)
    })
    const found = readingOf(packets)
    tell('embedded broker', found)
    assert.deepEqual(found.wrong, [])
    assert.ok(found.read.size >= 60, `${found.read.size} versions were read`)
  } finally {
    await broker.close()
  }
})

test('tshark reads what we say to Apache Kafka', async () => {
  const kafka = await startKafka({ nodes: 1 })
  try {
    const port = kafka.nodes[0]?.port as number
    const packets = await captured(port, async () => {
      await survey('127.0.0.1', port)
      await exchangeBatches(port)
    })
    const found = readingOf(packets)
    tell('Apache Kafka', found)
    assert.deepEqual(found.wrong, [])
    assert.ok(found.read.size >= 100, `${found.read.size} versions were read`)
  } finally {
    await kafka.stop()
  }
})
