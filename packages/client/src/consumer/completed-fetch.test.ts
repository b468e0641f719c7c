import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchHeader, BatchWriter, readBatches } from '@samsa/protocol'
import { CompletedFetch, readable } from './completed-fetch.ts'
import { batchAt } from './fetching.test-support.ts'

const place = { topic: 't', partition: 0 }
const rules = { checkCrcs: true, isCommittedOnly: true, maxDecompressedBytes: 100_000 }

/** A batch of a transaction, or its marker (0 aborts, 1 commits). */
function transactional(baseOffset: number, producerId: bigint, marker?: number): Buffer {
  const writer = new BatchWriter()
  if (marker === undefined) writer.append(0, null, `${baseOffset}`, undefined)
  else writer.append(0, Buffer.from([0, 0, 0, marker]), Buffer.alloc(6), undefined)
  const bytes = Buffer.from(writer.finish({ codec: 'none', level: undefined }))
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt16BE(marker === undefined ? 0x10 : 0x30, 21)
  new BatchHeader(bytes).stampProducer(producerId, 0, marker === undefined ? 0 : -1)
  return bytes
}

/** What an answer holds, in a word each. */
function stepsOf(fetch: CompletedFetch): string[] {
  const steps: string[] = []
  for (let step = fetch.next(); step; step = fetch.next()) {
    if (step.kind === 'nothing') steps.push(`to ${step.end}`)
    else steps.push(step.kind === 'records' ? `records ${step.batch.baseOffset}` : step.error.message)
  }
  return steps
}

test('aborted stretches are hidden until their marker, those of others are not; the list may come unsorted', () => {
  const records = Buffer.concat([
    transactional(0, 1n),
    transactional(1, 2n),
    transactional(2, 1n, 0),
    transactional(3, 1n),
    transactional(4, 2n, 1),
    transactional(5, 2n),
    transactional(6, 2n, 0),
    batchAt(7, 1),
  ])
  const abortedTransactions = [
    { producerId: 2n, firstOffset: 5 },
    { producerId: 1n, firstOffset: 0 },
  ]
  const fetch = new CompletedFetch(place, 0, { records, abortedTransactions }, rules)
  const hidden = ['to 1', 'records 1', 'to 3', 'records 3', 'to 5', 'to 6', 'to 7', 'records 7']
  assert.deepEqual(stepsOf(fetch), hidden)
  const open = new CompletedFetch(
    place,
    0,
    { records, abortedTransactions },
    { ...rules, isCommittedOnly: false },
  )
  assert.equal(stepsOf(open).filter((step) => step.startsWith('records')).length, 5)
  assert.equal(fetch.nextOffset, 8)
  assert.equal(fetch.isOver, true)
})

test('records before one that cannot be read are kept, and the rest is named to its end', () => {
  const whole = batchAt(10, 5)
  // The third record says that it is longer than the batch.
  const at = 61 + 2 * ((whole.length - 61) / 5)
  whole.writeUInt8(0x7e, at)
  new BatchHeader(whole).sealChecksum()
  const fetch = new CompletedFetch(place, 10, { records: whole, abortedTransactions: null }, rules)
  const step = fetch.next()
  assert.equal(step?.kind, 'records')
  const { records, error } = readable(place, [...readBatches(whole)][0] as never, 100_000)
  assert.deepEqual(
    records.map(({ offset, value }) => [offset, String(value)]),
    [
      [10, '10'],
      [11, '11'],
    ],
  )
  assert.deepEqual([error?.firstOffset, error?.lastOffset], [12, 14])
  assert.match(error?.message ?? '', /t-0 cannot be read at offsets 12 to 14: .*seek\(.*, 15\)/)
})

test('a batch that would become too large is refused with the setting that lets it pass', () => {
  const writer = new BatchWriter()
  writer.append(0, null, Buffer.alloc(1_000_000), undefined)
  const records = Buffer.from(writer.finish({ codec: 'gzip' }))
  const fetch = new CompletedFetch(place, 0, { records, abortedTransactions: null }, rules)
  const step = fetch.next()
  assert.ok(step?.kind === 'records')
  const { error, records: none } = readable(place, step.batch, rules.maxDecompressedBytes)
  assert.equal(none.length, 0)
  assert.match(
    error?.message ?? '',
    /limit of 100000 bytes, and says that it has 1000011 \(raise maxDecompressedBatchBytes to read them\)/,
  )
})

test('what cannot be parsed is named by its header as far as that can be believed', () => {
  const records = batchAt(3, 4)
  records.writeInt8(9, 16)
  const spans = [0, 3, 5, 7].map((asked) => {
    const step = new CompletedFetch(place, asked, { records, abortedTransactions: null }, rules).next()
    return step?.kind === 'unreadable' && [step.error.firstOffset, step.error.lastOffset]
  })
  assert.deepEqual(spans, [
    [0, 0],
    [3, 6],
    [3, 6],
    [7, 7],
  ])
})
