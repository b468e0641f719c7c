import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { KafkaProducer } from '@samsa/client'
import type { Fate } from './kfake-program.ts'
import { FakeKafka } from './kfake-program.ts'

const SEEDS = 12
const TOPIC = 'fates'
const PARTITIONS = 32
/** Of each partition, in batches of a few: many are under way when the first meets with its fate. */
const RECORDS = 40
const VALUE_BYTES = 200
const BATCH_BYTES = 1_000
const REQUEST_TIMEOUT_MS = 1_000
const DELIVERY_TIMEOUT_MS = 60_000
const kinds = [
  ...['refused', 'hangs', 'hangs, stored', 'lost', 'lost, stored', 'late', 'late, given up'],
  ...['answered late', 'moved'],
]

interface Sent {
  readonly partition: number
  readonly value: string
  readonly offset: number
  readonly error: Error | undefined
}

/** Every partition gets its records at once, and each is told what became of it. */
async function sendAll(bootstrapServers: string): Promise<Sent[]> {
  const producer = new KafkaProducer({
    bootstrapServers,
    batchSize: BATCH_BYTES,
    lingerMs: 0,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
  })
  try {
    const records = Array.from({ length: RECORDS * PARTITIONS }, (_, index) => ({
      partition: index % PARTITIONS,
      value: `${Math.floor(index / PARTITIONS)}`.padEnd(VALUE_BYTES, '.'),
    }))
    return await Promise.all(
      records.map(async ({ partition, value }) => {
        try {
          const { offset } = await producer.send({ topic: TOPIC, partition, value })
          return { partition, value, offset, error: undefined }
        } catch (error) {
          return { partition, value, offset: -1, error: error as Error }
        }
      }),
    )
  } finally {
    await producer.close()
  }
}

const short = (value: string) => value.replace(/\.+$/, '')

/** All were acknowledged, and each partition holds what was sent, once, in the order in which it was sent. */
function assertKept(
  sent: readonly Sent[],
  held: readonly (readonly string[])[],
  fates: readonly Fate[],
): void {
  const wrong: string[] = []
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const own = sent.filter((each) => each.partition === partition)
    const expected = own.map(({ value }) => short(value))
    const found = (held[partition] ?? []).map(short)
    const failed = own.filter(({ error }) => error)
    const misplaced = own.filter(({ value, offset }) => offset >= 0 && held[partition]?.[offset] !== value)
    if (`${found}` === `${expected}` && failed.length === 0 && misplaced.length === 0) continue
    const met = fates.filter((each) => each.partition === partition)
    wrong.push(
      [
        `partition ${partition} met ${met.map(({ fate, code = '' }) => `${fate} ${code}`.trim()).join(', then ') || 'nothing itself'}`,
        `${failed.length} failed${failed[0] ? ` (${failed[0].error?.message})` : ''}`,
        `${misplaced.length} lie elsewhere than they were told`,
        `the log has ${found.length}: ${found.join(' ')}`,
      ].join('\n    '),
    )
  }
  assert.equal(wrong.length, 0, `\n  ${wrong.join('\n  ')}`)
}

describe("sends to franz-go's kfake, whose first requests meet with trouble", () => {
  const seen = new Set<string>()
  const running = new Set<FakeKafka>()
  after(() => {
    for (const fake of running) fake.stop()
  })

  for (let seed = 1; seed <= SEEDS; seed++) {
    const isNewest = seed % 2 === 0
    const title = `seed ${seed}, as Kafka ${isNewest ? '4.5' : '4.2'}: all are acknowledged once, in order`
    it(title, { timeout: 2 * DELIVERY_TIMEOUT_MS }, async () => {
      const fake = await FakeKafka.start({
        seed,
        topic: TOPIC,
        partitions: PARTITIONS,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        isNewest,
      })
      running.add(fake)
      const sent = await sendAll(fake.bootstrapServers)
      const held = await fake.read()
      for (const { fate } of fake.fates) seen.add(fate)
      assertKept(sent, held, fake.fates)
      running.delete(fake)
      fake.stop()
    })
  }

  it('every kind of trouble was met', () => {
    assert.deepEqual([...seen].sort(), [...kinds].sort())
  })
})
