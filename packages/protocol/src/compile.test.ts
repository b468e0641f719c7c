import assert from 'node:assert/strict'
import test from 'node:test'
import { decode, encode } from './compile.ts'
import { EncodeError, MalformedError } from './kafka-error.ts'
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
