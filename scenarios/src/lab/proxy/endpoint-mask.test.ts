import assert from 'node:assert/strict'
import test from 'node:test'
import { decodeResponse, encodeResponse, Fetch, unknownTags } from '@samsa/protocol'
import { Random } from '@samsa/runtime'
import { EndpointMask } from './endpoint-mask.ts'

const id = 'AAAAAAAAAAAAAAAAAAAAAQ'

test('brokers that a large answer names are hidden while it passes, and nothing else is touched', () => {
  const random = new Random('mask')
  const partitions = Array.from({ length: 5 }, (_, partitionIndex) => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 9,
    abortedTransactions: partitionIndex % 2 ? null : [{ producerId: 1n, firstOffset: 2 }],
    currentLeader: { leaderId: partitionIndex, leaderEpoch: 3 },
    records: partitionIndex === 4 ? null : Buffer.alloc(random.whole(0, 5000), 9),
  }))
  const responses = [{ topicId: id, partitions }]
  const nodeEndpoints = [{ nodeId: 2, host: 'kafka.example', port: 9093, rack: null }]
  for (const version of [16, 17, 18]) {
    const frame = Buffer.concat(encodeResponse(Fetch, version, 3, { responses, nodeEndpoints }))
    const plain = decodeResponse(Fetch, version, frame.subarray(4))
    for (let round = 0; round < 20; round++) {
      const mask = new EndpointMask(Fetch, version, 0)
      const out: Buffer[] = []
      for (let at = 0; at < frame.length; ) {
        const length = random.whole(1, round === 0 ? 1 : 3000)
        out.push(mask.apply(frame.subarray(at, at + length)))
        at += length
      }
      const masked = decodeResponse(Fetch, version, Buffer.concat(out).subarray(4))
      assert.ok(mask.hasHidden)
      assert.deepEqual(masked.nodeEndpoints, [])
      assert.deepEqual(masked.responses, plain.responses)
      assert.deepEqual(
        [...(masked as never as { [unknownTags]: { tag: number }[] })[unknownTags]].map(({ tag }) => tag),
        [127],
      )
    }
  }
})
