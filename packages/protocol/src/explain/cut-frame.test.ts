import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fetch, Heartbeat, Metadata, Produce } from '../apis/index.ts'
import { encodeRequest, encodeResponse } from '../frame.ts'
import { BatchWriter } from '../records/index.ts'
import { zeroUuid } from '../uuid.ts'
import { explain } from './frame.ts'
import type { Explained } from './piece.ts'

function batch(value: string): Uint8Array {
  const writer = new BatchWriter()
  writer.append(1, null, value, undefined)
  return writer.finish({})
}

const fetched = Buffer.concat(
  encodeResponse(Fetch, 12, 3, {
    errorCode: 0,
    responses: [
      {
        topic: 't',
        partitions: [
          {
            partitionIndex: 0,
            errorCode: 0,
            highWatermark: 3,
            abortedTransactions: null,
            records: Buffer.concat([batch('first'), batch('second'), batch('third')]),
          },
        ],
      },
    ],
  }),
)
const response = { api: Fetch, version: 12 }

function values({ pieces }: Explained): string[] {
  return pieces.filter(({ path }) => path.endsWith('.value')).map(({ value }) => String(value))
}

describe('explaining a Fetch response that is cut off', () => {
  it('shows the batches that are whole, and says how much is missing', () => {
    const whole = values(explain(fetched, { response }))
    assert.deepEqual(whole, ['first', 'second', 'third'])
    const last = fetched.lastIndexOf('third')
    for (const [end, shown] of [
      [last, ['first', 'second']],
      [fetched.indexOf('second'), ['first']],
      [fetched.indexOf('first'), []],
    ] as const) {
      const explained = explain(fetched.subarray(4, end), { response, sized: false })
      assert.deepEqual(values(explained), shown)
      assert.match(
        explained.error?.message ?? '',
        /^responses\[0\]\.partitions\[0\]\.records: length \d+ is more than the \d+ bytes that remain/,
      )
      assert.match(explained.pieces.at(-1)?.note ?? '', /a batch that is cut off/)
      assert.equal(explained.pieces.at(-1)?.end, end - 4)
    }
  })

  it('also in a Produce request', () => {
    const records = Buffer.concat([batch('first'), batch('second')])
    const topicData = [{ name: 't', topicId: zeroUuid, partitionData: [{ index: 0, records }] }]
    const frame = Buffer.concat(encodeRequest(Produce, 11, 1, null, { acks: 1, timeoutMs: 1, topicData }))
    assert.deepEqual(values(explain(frame.subarray(0, frame.lastIndexOf('second')))), ['first'])
  })
})

describe('a frame that is cut off, with its size in front', () => {
  const isSized = ({ pieces }: Explained) => pieces[0]?.path === 'size'

  it('is recognised in a response, wherever it is cut behind its header', () => {
    for (let end = 24; end < fetched.length; end++) {
      const explained = explain(fetched.subarray(0, end), { response })
      assert.ok(isSized(explained), String(end))
      assert.equal(explained.correlationId, 3)
      assert.match(explained.pieces[0]?.note ?? '', /^\d+ bytes are missing$/)
    }
  })

  it('is recognised in a request also where its size looks like an API and a version', () => {
    const topics = Array.from({ length: 650 }, (_, index) => ({
      name: `${index}`.padEnd(100),
      topicId: zeroUuid,
    }))
    const frame = Buffer.concat(encodeRequest(Metadata, 12, 1, 'c', { topics }))
    // 0x0001....: a Fetch request of whatever version its lower half says.
    frame.writeInt32BE(0x0001_000b)
    const explained = explain(frame.subarray(0, 1000))
    assert.ok(isSized(explained))
    assert.equal(explained.api, Metadata)
  })

  it('is not seen where there is none', () => {
    const body = { groupId: 'g', generationId: 1, memberId: 'm' }
    const request = Buffer.concat(encodeRequest(Heartbeat, 4, 0x7fff_0000, 'c', body)).subarray(4)
    for (let end = 12; end <= request.length; end++) assert.ok(!isSized(explain(request.subarray(0, end))))
    // The correlation id is larger than the rest.
    const bare = fetched.subarray(4)
    bare.writeInt32BE(0x00ff_0000)
    for (let end = 16; end <= bare.length; end += 7)
      assert.ok(!isSized(explain(bare.subarray(0, end), { response })), String(end))
  })
})
