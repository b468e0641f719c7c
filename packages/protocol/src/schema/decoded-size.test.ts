import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AlterUserScramCredentials, ListGroups, Metadata } from '../apis/index.ts'
import { MalformedError } from '../errors/kafka-error.ts'
import { decodeRequest, decodeResponse, encodeRequest } from '../frame.ts'
import { decode, encode } from './compile.ts'
import { unknownTags } from './unknown-tags.ts'

const limits = { maxDecodedBytes: 0 }

test('a list of tiny elements that would take more memory than the limit is refused before it is made', () => {
  const bytes = encode(ListGroups.request, 5, { statesFilter: Array(100_000).fill(''), typesFilter: [] })
  assert.equal(bytes.length, 100_005)
  assert.equal(decode(ListGroups.request, 5, bytes).statesFilter.length, 100_000)
  assert.throws(
    () => decode(ListGroups.request, 5, bytes, limits),
    (error: unknown) =>
      error instanceof MalformedError &&
      error.message.includes(
        'statesFilter: what was read so far would take about 4400000 bytes of memory, more than 200010: ' +
          'ask for less at once, or raise maxDecodedBytes',
      ),
  )
})

test('lists in lists are summed up', () => {
  const topics = Array.from({ length: 1000 }, (_, index) => ({
    errorCode: 0,
    name: `topic-${index}`,
    partitions: [
      { errorCode: 0, partitionIndex: 0, leaderId: 1, replicaNodes: [1, 2, 3], isrNodes: [1, 2, 3] },
    ],
  }))
  const body = encode(Metadata.response, 5, { brokers: [], controllerId: 1, topics })
  const frame = Buffer.concat([Buffer.alloc(4), body])
  assert.equal(decodeResponse(Metadata, 5, frame, { maxDecodedBytes: 1_000_000 }).topics.length, 1000)
  assert.throws(
    () => decodeResponse(Metadata, 5, frame, { maxDecodedBytes: 300_000 }),
    /topics\[\d+\]\.partitions/,
  )
})

test('structs that carry unknown tagged fields count for them, in requests too', () => {
  const mechanisms = Array.from({ length: 1000 }, (_, index) => ({
    name: `u${index}`,
    mechanism: 1,
    [unknownTags]: [{ tag: 99, bytes: Uint8Array.of(1) }],
  }))
  const pieces = encodeRequest(AlterUserScramCredentials, 0, 1, 'me', {
    deletions: mechanisms,
    upsertions: [],
  })
  const frame = Buffer.concat(pieces).subarray(4)
  const read = (maxDecodedBytes: number) =>
    decodeRequest(AlterUserScramCredentials, 0, frame, { maxDecodedBytes }).deletions.length
  assert.equal(read(1_000_000), 1000)
  assert.throws(() => read(300_000), MalformedError)
  for (const deletion of mechanisms) Reflect.deleteProperty(deletion, unknownTags)
  const plain = encodeRequest(AlterUserScramCredentials, 0, 1, 'me', {
    deletions: mechanisms,
    upsertions: [],
  })
  assert.equal(
    decodeRequest(AlterUserScramCredentials, 0, Buffer.concat(plain).subarray(4), {
      maxDecodedBytes: 300_000,
    }).deletions.length,
    1000,
  )
})
