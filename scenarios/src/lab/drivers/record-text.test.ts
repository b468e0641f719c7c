import assert from 'node:assert/strict'
import test from 'node:test'
import { readRecordText, recordText } from './record-text.ts'

const record = { run: 'r1', inc: 'w#7', seq: 3, txn: '', tp: 'my-topic-11', v: 42 }
const text = recordText(record, 80)
const read = (value: string) => readRecordText(Buffer.from(value))

test('a record is named, checked and padded', () => {
  // The checksum is what zlib's crc32 of Python says of the text before it.
  assert.equal(text, 'r1|w#7|3||my-topic-11|42|6e4c52a9|'.padEnd(80, '.'))
  assert.deepEqual(read(text), [42, 1])
})

test('without room there is no padding, and nothing is cut', () => {
  assert.equal(recordText(record, 0), text.replace(/\.+$/, ''))
  assert.deepEqual(read(recordText(record, 0)), [42, 1])
  assert.deepEqual(read(recordText({ ...record, txn: 'w#7/12' }, 100)), [42, 1])
})

test('every changed character is found, except in the padding, where another one than a dot is', () => {
  for (let at = 0; at < text.length; at++) {
    const changed = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`
    assert.equal(read(changed)[1], 0, changed)
  }
})

test('what is no record has no number', () => {
  assert.deepEqual(readRecordText(null), [-1, 0])
  for (const other of ['', 'hello', '|||||||', text.replace('42', '-42'), text.replace('42', '4e1')]) {
    assert.equal(read(other)[1], 0, other)
  }
  assert.deepEqual(read('r1|w#7|3||t-0|99|00000000|'), [99, 0])
})
