import assert from 'node:assert/strict'
import test from 'node:test'
import { Fetch, Metadata } from '@samsa/protocol'
import type { ConsumerSettings } from './consumer-config.ts'
import { batchAt as batch, Fetching } from './fetching.test-support.ts'

interface Part {
  records?: Buffer | null
  errorCode?: number
}

/** A fetcher of t-0 at a broker that answers with what `give` says for an offset. */
async function fetching(give: (offset: number) => Part | undefined, settings: ConsumerSettings = {}) {
  const offsets: number[] = []
  const on = new Fetching({
    settings,
    onFetch: ({ partitions: [asked], answer }) => {
      const offset = asked?.fetchOffset as number
      offsets.push(offset)
      const part = give(offset)
      if (part) answer([part])
    },
  })
  await on.begin()
  return Object.assign(on, { offsets, broker: on.brokers[0] })
}

test('batches before one that cannot be read are handed over; then the error comes, as often as it is met', async () => {
  const bad = batch(3, 2)
  bad[16] = 9
  const on = await fetching((offset) => {
    if (offset === 0) return { records: Buffer.concat([batch(0, 3), bad]) }
    return offset === 3 ? { records: bad } : undefined
  })
  on.partition.moveTo(0)
  on.fetcher.wake()
  await on.world.settle()
  assert.deepEqual(on.takeBefore().values, ['0', '1', '2'])
  for (let count = 0; count < 3; count++) {
    await on.world.advance(150)
    assert.throws(() => on.take(), {
      name: 'UnreadableBatchError',
      ...{ topic: 't', partition: 0, firstOffset: 3, lastOffset: 4 },
      message: /t-0 cannot be read at offsets 3 to 4: .*magic 9 is not known.*consumer\.seek\(.*, 5\)/,
    })
    assert.equal(on.take().length, 0, 'it is fetched again first')
  }
  assert.equal(on.errors.length, 0, 'no other partition hears of it')
  assert.equal(on.partition.position, 3, 'nothing was passed over')
  on.partition.moveTo(5)
  on.fetcher.wake()
  await on.world.advance(150)
  assert.equal(on.offsets.at(-1), 5)
  on.close()
})

test('a batch that came damaged is fetched again, and read when it is whole', async () => {
  const spoilt = batch(2, 1)
  spoilt[spoilt.length - 2] = 0x58
  let fetches = 0
  // Little is kept, so that nothing is fetched ahead.
  const on = await fetching(
    (offset) => {
      if (offset > 2) return undefined
      const second = ++fetches < 3 ? spoilt : batch(2, 1)
      return { records: offset === 0 ? Buffer.concat([batch(0, 2), second]) : second }
    },
    { queuedMaxBytes: 1 },
  )
  on.partition.moveTo(0)
  on.fetcher.wake()
  await on.world.settle()
  assert.throws(() => on.take(), /CRC-32C/)
  await on.world.advance(150)
  assert.throws(() => on.take(), /CRC-32C/, 'as often as it is met')
  await on.world.advance(150)
  assert.deepEqual(on.take(), ['2'])
  assert.deepEqual(on.offsets.slice(0, 3), [0, 2, 2])
  on.close()
})

test('a batch whose bytes were changed is found by its checksum, where that is asked for', async () => {
  for (const checkCrcs of [true, false]) {
    const spoilt = batch(2, 1)
    spoilt[spoilt.length - 2] = 0x58
    const records = Buffer.concat([batch(0, 2), spoilt, batch(3, 1)])
    const on = await fetching((offset) => (offset === 0 ? { records } : undefined), { checkCrcs })
    on.partition.moveTo(0)
    on.fetcher.wake()
    await on.world.settle()
    if (checkCrcs) {
      assert.throws(() => on.take(), /CRC-32C/)
      assert.equal(on.partition.position, 2)
      assert.equal(on.fetcher.open(on.partition), false, 'the damaged bytes are not kept')
    } else assert.deepEqual(on.take(), ['0', '1', 'X', '3'])
    on.close()
  }
})

test('a batch that is cut off is fetched again from its beginning; nothing but a cut one is an error', async () => {
  const second = batch(2, 2)
  const on = await fetching((offset) => {
    if (offset === 0) return { records: Buffer.concat([batch(0, 2), second.subarray(0, 30)]) }
    if (offset === 2) return { records: second }
    return offset === 4 ? { records: batch(4, 1).subarray(0, 40) } : undefined
  })
  on.partition.moveTo(0)
  on.fetcher.wake()
  await on.world.settle()
  const { values, error } = on.takeBefore()
  assert.deepEqual(values, ['0', '1', '2', '3'])
  assert.match(error?.message ?? '', /no complete batch.*KIP-74/)
  on.close()
})

test('records before the asked offset are passed over', async () => {
  const on = await fetching((offset) => (offset === 2 ? { records: batch(0, 4) } : undefined))
  on.partition.moveTo(2)
  on.fetcher.wake()
  await on.world.settle()
  assert.deepEqual(on.take(), ['2', '3'])
  on.close()
})

test('an answer to what was asked before a seek or another assignment falls away', async () => {
  let release = () => {}
  const on = new Fetching({
    onFetch: ({ partitions: [asked], answer }) => {
      if (asked?.fetchOffset === 0) release = () => answer([{ records: batch(0, 2) }])
      if (asked?.fetchOffset === 50) answer([{ records: batch(50, 1) }])
    },
  })
  await on.begin(0)
  on.partition.moveTo(50)
  on.fetcher.wake()
  await on.world.settle()
  release()
  await on.world.settle()
  assert.deepEqual(on.take(), ['50'])
  on.close()
})

test('refusals: out of range is passed on, a leader that moved is asked about, what is final is told', async () => {
  for (const [errorCode, expected] of [
    [1, 'out of range'],
    [6, 'metadata'],
    [29, 'TOPIC_AUTHORIZATION_FAILED'],
  ] as const) {
    let isFirst = true
    const on = await fetching(() => {
      if (!isFirst) return undefined
      isFirst = false
      return { errorCode }
    })
    const before = on.broker.asked.filter(({ api }) => api === Metadata).length
    on.partition.moveTo(0)
    on.fetcher.wake()
    await on.world.advance(120)
    const asked = on.broker.asked.filter(({ api }) => api === Metadata).length - before
    assert.equal(on.outOfRange.length, expected === 'out of range' ? 1 : 0)
    assert.equal(asked > 0, expected === 'metadata')
    assert.equal(on.errors.length, expected === 'TOPIC_AUTHORIZATION_FAILED' ? 1 : 0)
    assert.equal(on.offsets.length, 2, 'it goes on after a pause')
    on.close()
    await on.world.settle()
    assert.equal(on.world.armed, 0)
  }
})

test('back-pressure is not asking: nothing is fetched while enough waits', async () => {
  const on = await fetching((offset) => ({ records: batch(offset, 1) }), { maxPartitionFetchBytes: 150 })
  on.partition.moveTo(0)
  on.fetcher.wake()
  await on.world.advance(5000)
  assert.ok(on.partition.buffer.bytes >= 150 && on.offsets.length <= 4, `${on.offsets.length} fetches`)
  const before = on.offsets.length
  assert.equal(on.take().length, before)
  await on.world.advance(100)
  assert.ok(on.offsets.length > before)
  on.close()
})

test('a broker that asks for silence is not asked until it is over (KIP-219)', async () => {
  const on = await fetching(() => undefined)
  on.broker.answers(Fetch, { errorCode: 0, throttleTimeMs: 5000, responses: [] })
  on.partition.moveTo(0)
  on.fetcher.wake()
  await on.world.advance(4000)
  const fetches = () => on.broker.asked.filter(({ api }) => api === Fetch).length
  assert.equal(fetches(), 1)
  await on.world.advance(2500)
  assert.equal(fetches(), 2)
  on.close()
})
