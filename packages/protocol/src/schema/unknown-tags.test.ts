import assert from 'node:assert/strict'
import test from 'node:test'
import { decode, encode } from './compile.ts'
import { bytes, int32, message, string } from './schema.ts'
import { type UnknownTag, UnknownTags, unknownTags } from './unknown-tags.ts'
import { Writer } from './writer.ts'

const Subject = message(
  'Subject',
  { versions: [0, 0], flexible: 0 },
  { name: string, five: int32.tag(5, 0).default(0), nine: bytes.tag(9, 0).default(new Uint8Array(0)) },
)

function unknownOf(value: object): UnknownTag[] {
  return [...(Reflect.get(value, unknownTags) as Iterable<UnknownTag>)]
}

test('unknown tagged fields between known ones are told apart and written back in order', () => {
  const hex = ['0261', '04', '0301ff', '050400000007', '07020102', '090303aabb'].join('')
  const frame = Buffer.from(hex, 'hex')
  const value = decode(Subject, 0, frame)
  assert.equal(value.five, 7)
  const found = unknownOf(value).map(({ tag, bytes }) => `${tag} ${Buffer.from(bytes).toString('hex')}`)
  assert.deepEqual(found, ['3 ff', '7 0102'])
  assert.equal(Buffer.from(encode(Subject, 0, value)).toString('hex'), frame.toString('hex'))
})

test('who encodes may give a list of fields of its own', () => {
  const given = { name: 'a', [unknownTags]: [{ tag: 3, bytes: Uint8Array.of(255) }] }
  assert.deepEqual(unknownOf(decode(Subject, 0, encode(Subject, 0, given))), [
    { tag: 3, bytes: Buffer.of(255) },
  ])
})

test('a flood of unknown tagged fields is one view of the frame, and no object for each', () => {
  const writer = new Writer()
  const count = 50_000
  writer.text('a', true)
  writer.uvarint(count)
  for (let tag = 100; tag < 100 + count; tag++) {
    writer.uvarint(tag)
    writer.uvarint(0)
  }
  const frame = writer.finishContiguous()
  const value = decode(Subject, 0, frame)
  const kept = Reflect.get(value, unknownTags)
  assert.ok(kept instanceof UnknownTags)
  assert.equal(kept.bytes.buffer, frame.buffer)
  assert.equal(unknownOf(value).length, count)
  assert.deepEqual(Buffer.from(encode(Subject, 0, value)), Buffer.from(frame))
})

test('unknown tagged fields that nobody could read back are not written', () => {
  const tags = (...numbers: number[]) => numbers.map((tag) => ({ tag, bytes: Uint8Array.of(1) }))
  const wrong = [tags(3, 3), tags(-1), tags(1.5), tags(2 ** 32), tags(7, 5, 7)]
  for (const given of wrong) {
    const value = { name: 'a', [unknownTags]: given }
    assert.throws(() => encode(Subject, 0, value), /is no tag, or is there twice/)
  }
  const known = { name: 'a', five: 1, [unknownTags]: tags(5) }
  assert.throws(() => encode(Subject, 0, known), /tagged field 5 is/)
  assert.throws(() => encode(Subject, 0.5, { name: 'a' }), /Subject has versions 0 to 0, not 0.5/)
})
