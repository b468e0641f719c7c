import assert from 'node:assert/strict'
import test from 'node:test'
import { EncodeError, MalformedError } from '../errors/kafka-error.ts'
import { decode, encode } from './compile.ts'
import type { Decoded, Make } from './schema.ts'
import { array, int8, int32, message, string, struct } from './schema.ts'

const Note = message('Note', { versions: [0, 1], flexible: 1 }, { text: string })

test('text of more than 32767 bytes is neither written nor read, in flexible versions too, as in Kafka', () => {
  for (const version of [0, 1]) {
    const longest = { text: `${'é'.repeat(16383)}a` }
    assert.deepEqual(decode(Note, version, encode(Note, version, longest)), longest)
    assert.throws(
      () => encode(Note, version, { text: `${longest.text}b` }),
      (error) =>
        error instanceof EncodeError && error.message === 'text: 32768 bytes of text where 32767 fit',
    )
  }
  const long = Buffer.concat([Buffer.from('818002', 'hex'), Buffer.alloc(32768, 'a'), Buffer.alloc(1)])
  assert.throws(
    () => decode(Note, 1, long),
    (error) =>
      error instanceof MalformedError &&
      /^text: 32768 bytes of text where 32767 are allowed/.test(error.message),
  )
})

const Box = message(
  'Box',
  { versions: [0, 0], flexible: 0 },
  {
    plain: struct({ a: int8 }).orNull(),
    tagged: struct({ a: int8, more: array(int32) })
      .orNull()
      .tag(0, 0),
    absent: struct({ a: int8 }).orNull().tag(1, 0).default(null),
  },
)

test('a null struct is -1 in its place and 0 in a tagged field, and is left out where it is the default', () => {
  const hex = (value: Parameters<typeof encode<(typeof Box)['shape']>>[2]) =>
    Buffer.from(encode(Box, 0, value)).toString('hex')
  assert.equal(hex({ plain: null, tagged: null, absent: null }), 'ff' + '01' + '000100')
  assert.equal(hex({ plain: { a: 7 }, tagged: { a: 0, more: [] } }), '010700' + '00')
  assert.equal(
    hex({ plain: null, tagged: { a: 7, more: [] }, absent: { a: 1 } }),
    'ff' + '02' + '000401070100' + '0103010100',
  )
  for (const value of [
    { plain: null, tagged: null, absent: null },
    { plain: { a: 7 }, tagged: { a: 0, more: [] }, absent: { a: 0 } },
  ]) {
    assert.deepEqual(decode(Box, 0, encode(Box, 0, value)), value)
  }
})

const partition = {
  id: int32,
  epoch: int32.since(1).default(-1),
  nodes: array(int32).since(1),
  rack: string.tag(0, 1),
}
type Partition = Decoded<typeof partition>
const makePartition: Make<typeof partition> = (read, from) => ({
  id: read.id(from),
  epoch: read.epoch(from),
  nodes: read.nodes(from),
  rack: read.rack(from),
})
const versions = { versions: [0, 1] as const, flexible: 1 }
const Plain = message('Plain', versions, { partitions: array(partition) })
const Made = message('Made', versions, { partitions: array(partition, makePartition) })

test('a struct that is read by a maker is what it is without, in every version, with and without tags', () => {
  for (const version of [0, 1]) {
    for (const more of [{}, version === 0 ? {} : { epoch: 3, nodes: [1, 2], rack: 'r' }]) {
      const bytes = encode(Plain, version, { partitions: [{ id: 7, ...more }, { id: 8 }] })
      const { partitions } = decode(Made, version, bytes)
      assert.deepEqual(partitions, decode(Plain, version, bytes).partitions)
      const [one, other] = partitions as [Partition, Partition]
      assert.equal(Object.getPrototypeOf(one), Object.prototype)
      assert.deepEqual(encode(Made, version, { partitions }), bytes)
      // What is missing is nobody else's.
      one.nodes.push(1)
      assert.deepEqual(other.nodes, [])
    }
  }
})

test('broken bytes are located in the same way in a struct that is read by a maker', () => {
  const bytes = encode(Plain, 1, { partitions: [{ id: 7 }, { id: 8, nodes: [1, 2], rack: 'r' }] })
  for (let end = 0; end < bytes.length; end++) {
    const thrown = [Plain, Made].map((message) => {
      try {
        return decode(message, 1, bytes.subarray(0, end))
      } catch (error) {
        assert.ok(error instanceof MalformedError)
        return error.message
      }
    })
    assert.equal(thrown[0], thrown[1])
  }
})

test('a maker that reads or puts the fields in another order than the shape is refused', () => {
  const wrong: Make<typeof partition> = (read, from) => {
    const epoch = read.epoch(from)
    return { id: read.id(from), epoch, nodes: read.nodes(from), rack: read.rack(from) }
  }
  const Wrong = message('Wrong', versions, { partitions: array(partition, wrong) })
  assert.throws(
    () => decode(Wrong, 1, Buffer.alloc(2)),
    /Wrong: reads epoch,id,nodes,rack where its shape has id,epoch/,
  )
})
