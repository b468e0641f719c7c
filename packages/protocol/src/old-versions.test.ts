import assert from 'node:assert/strict'
import test from 'node:test'
import { WriteTxnMarkers } from './apis/index.ts'
import { requestHeaderVersion, responseHeaderVersion } from './frame.ts'
import { decode, encode } from './schema/compile.ts'

// Kafka 4.0 took version 0 out; Kafka 2.1 to 2.7 have no other. Its schema said: "Version 1 enables flexible versions".
test('WriteTxnMarkers v0, which Kafka 4.3 cannot code any more, has the bytes of its schema', () => {
  assert.deepEqual(
    [requestHeaderVersion(WriteTxnMarkers, 0), responseHeaderVersion(WriteTxnMarkers, 0)],
    [1, 0],
  )
  const request = [
    '00000001', // one marker
    '0000000000001388', // producerId 5000
    '0003', // producerEpoch 3
    '01', // transactionResult: commit
    '00000001', // one topic
    '00016f', // name 'o'
    '00000002' + '00000000' + '00000007', // partitionIndexes 0 and 7
    '00000009', // coordinatorEpoch 9
  ].join('')
  const asked = {
    markers: [
      {
        producerId: 5000n,
        producerEpoch: 3,
        transactionResult: true,
        topics: [{ name: 'o', partitionIndexes: [0, 7] }],
        coordinatorEpoch: 9,
        transactionVersion: 0,
      },
    ],
  }
  assert.equal(Buffer.from(encode(WriteTxnMarkers.request, 0, asked)).toString('hex'), request)
  assert.deepEqual(decode(WriteTxnMarkers.request, 0, Buffer.from(request, 'hex')), asked)

  const response = [
    '00000001', // one marker
    '0000000000001388', // producerId 5000
    '00000001', // one topic
    '00016f', // name 'o'
    '00000001' + '00000007' + '002f', // partition 7, INVALID_PRODUCER_EPOCH
  ].join('')
  const answered = {
    markers: [
      { producerId: 5000n, topics: [{ name: 'o', partitions: [{ partitionIndex: 7, errorCode: 47 }] }] },
    ],
  }
  assert.equal(Buffer.from(encode(WriteTxnMarkers.response, 0, answered)).toString('hex'), response)
  assert.deepEqual(decode(WriteTxnMarkers.response, 0, Buffer.from(response, 'hex')), answered)
})
