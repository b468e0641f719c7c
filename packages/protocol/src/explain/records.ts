import { decompress } from '../compression/codec.ts'
import { codecNames } from '../compression/codec-name.ts'
import { KafkaError, MalformedError } from '../errors/kafka-error.ts'
import { BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES, batchField } from '../records/batch-header.ts'
import { crc32 } from '../records/crc32.ts'
import { crc32c } from '../records/crc32c.ts'
import type { Reader } from '../schema/reader.ts'
import { readInt64OrBigint, readSize, readZigzag } from './number.ts'
import type { ExplainedBytes, ExplainLimits } from './piece.ts'
import type { Budget } from './trail.ts'
import { budgetOf, Trail } from './trail.ts'

const LOG_APPEND_TIME = 0x08

/** Kafka's own bound: the size of a batch with its prefix is a number of 32 bits to it. */
const MOST_BATCH_BYTES = 0x7fff_ffff

/**
 * Explains record batches, of any magic, as they stand in a Produce request, a Fetch response or a segment of the log.
 * Nothing that is wrong with the bytes makes it throw.
 */
export function explainRecords(bytes: Uint8Array, limits: ExplainLimits = {}): ExplainedBytes {
  const trail = new Trail(bytes, budgetOf(limits))
  return trail.explain(() => explainBatches(trail, bytes.length, ''))
}

/**
 * Explains batches up to `end`; a broken one does not keep those behind it from being explained, as long as its size
 * can be believed.
 * @param path of the field that holds them; '' for none
 */
export function explainBatches(trail: Trail, end: number, path: string): void {
  const prefix = path === '' ? '' : `${path}.`
  for (let index = 0; trail.reader.position < end; index++) {
    const start = trail.reader.position
    const left = end - start
    const size = left < BATCH_PREFIX_BYTES ? left + 1 : sizeAt(trail.reader)
    if (size > left) {
      trail.rest(
        end,
        `${prefix}batches[${index}]`,
        'a batch that is cut off, as brokers do; a reader passes over it',
      )
      return
    }
    trail.contain(start + size, () => explainBatch(trail, size, `${prefix}batches[${index}].`))
  }
}

function sizeAt({ bytes, position }: Reader): number {
  const size = bytes.readInt32BE(position + batchField.length) + BATCH_PREFIX_BYTES
  if (size < BATCH_PREFIX_BYTES + 14)
    throw new MalformedError(`batch of ${size} bytes, which is too small`, position)
  if (size > MOST_BATCH_BYTES)
    throw new MalformedError(`batch of ${size} bytes, which is too large`, position)
  return size
}

function explainBatch(trail: Trail, size: number, path: string): void {
  const { bytes, position } = trail.reader
  const magic = bytes.readInt8(position + batchField.magic)
  if (magic === 0 || magic === 1) explainMessage(trail, size, path, undefined)
  else if (magic !== 2) throw new MalformedError(`magic ${magic} is not known`, position + batchField.magic)
  else if (size < BATCH_HEADER_BYTES)
    throw new MalformedError(`batch of ${size} bytes, which is too small`, position)
  else explainModernBatch(trail, size, path)
}

/** What the records of a batch need of its header. */
interface BatchFacts {
  readonly baseOffset: number | bigint
  readonly baseTimestamp: number | bigint
  /** The time of all records where the broker stamped them. */
  readonly appendTime: number | bigint | undefined
  readonly isControl: boolean
}

function explainModernBatch(trail: Trail, size: number, path: string): void {
  const start = trail.reader.position
  const end = start + size
  const { bytes } = trail.reader
  const expected = crc32c(bytes, start + batchField.attributes, end)
  const number = (name: string, type: string, read: (reader: Reader) => number, note = (_: number) => '') =>
    trail.read(`${path}${name}`, type, read, (value) => ({ note: note(value) }))
  const wide = (name: string, note = (_: number | bigint) => '') =>
    trail.read(`${path}${name}`, 'int64', readInt64OrBigint, (value) => ({ note: note(value) }))
  const baseOffset = wide('baseOffset')
  trail.framing(`${path}length`, 'int32 size', (reader) => reader.int32())
  number('partitionLeaderEpoch', 'int32', (reader) => reader.int32())
  number('magic', 'int8', (reader) => reader.int8())
  number(
    'crc',
    'uint32',
    (reader) => reader.uint32(),
    (crc) => crcNote(crc, expected),
  )
  const attributes = number('attributes', 'int16', (reader) => reader.int16(), attributesNote)
  number('lastOffsetDelta', 'int32', (reader) => reader.int32())
  const baseTimestamp = wide('baseTimestamp', timeNote)
  const maxTimestamp = wide('maxTimestamp', timeNote)
  trail.read(`${path}producerId`, 'int64', (reader) => reader.bigint64())
  number('producerEpoch', 'int16', (reader) => reader.int16())
  number('baseSequence', 'int32', (reader) => reader.int32())
  const count = trail.framing(`${path}records`, 'int32 count', (reader) => reader.int32())
  const appendTime = (attributes & LOG_APPEND_TIME) !== 0 ? maxTimestamp : undefined
  const facts = { baseOffset, baseTimestamp, appendTime, isControl: (attributes & 0x20) !== 0 }
  const codec = attributes & 0x07
  const isEmpty = trail.reader.position === end
  if (codec === 0 || isEmpty) explainRecordList(trail, count, path, facts)
  else
    explainPacked(trail, codec, end, `${path}records`, (inner) =>
      explainRecordList(inner, count, path, facts),
    )
}

/** Explains compressed bytes as one piece, with what they unpack to beside it. */
function explainPacked(
  trail: Trail,
  codec: number,
  end: number,
  path: string,
  explain: (inner: Trail) => void,
  lenientLz4Header = false,
): void {
  const { budget, reader } = trail
  const packed = reader.bytes.subarray(reader.position, end)
  const bytes = unpack(packed, codec, reader.position, budget, lenientLz4Header)
  const inner = new Trail(bytes, budget)
  const unpacked = inner.explain(() => explain(inner))
  const note = `unpacks to ${bytes.length} bytes`
  trail.read(
    path,
    codecNames[codec] as string,
    (each) => each.view(packed.length),
    () => ({ note, unpacked, role: 'framing' }),
  )
  if (unpacked.error) trail.failed(unpacked.error)
}

function unpack(
  packed: Buffer,
  codec: number,
  at: number,
  budget: Budget,
  lenientLz4Header: boolean,
): Buffer {
  try {
    const bytes = decompress(codec, packed, budget.decompressedBytes, { lenientLz4Header })
    budget.decompressedBytes -= bytes.length
    return bytes
  } catch (error) {
    const why = error instanceof KafkaError ? error.message : (error as Error).message
    throw new MalformedError(`cannot be decompressed: ${why}`, at, { cause: error })
  }
}

function explainRecordList(trail: Trail, count: number, path: string, facts: BatchFacts): void {
  for (let index = 0; index < count; index++) {
    const place = `${path}records[${index}].`
    const size = trail.framing(`${place}size`, 'varint size', readSizeWithin)
    const end = trail.reader.position + size
    trail.contain(end, () => explainRecord(trail, place, facts))
  }
  const left = trail.reader.remaining
  if (left > 0) throw new MalformedError(`${left} bytes after the last record`, trail.reader.position)
}

function explainRecord(
  trail: Trail,
  path: string,
  { baseOffset, baseTimestamp, appendTime, isControl }: BatchFacts,
): void {
  trail.read(`${path}attributes`, 'int8', (reader) => reader.int8())
  trail.read(
    `${path}timestampDelta`,
    'varlong',
    (reader) => readZigzag(reader, 64),
    (delta) => ({
      note: appendTime === undefined ? timeNote(sum(baseTimestamp, delta)) : appendNote(appendTime),
    }),
  )
  trail.read(
    `${path}offsetDelta`,
    'varint',
    (reader) => readZigzag(reader, 32),
    (delta) => ({ note: `offset ${sum(baseOffset, delta)}` }),
  )
  trail.read(`${path}key`, 'varint bytes', readVarintBytes, (key) => ({
    note: key === null ? 'null' : isControl ? controlNote(key) : '',
  }))
  trail.read(`${path}value`, 'varint bytes', readVarintBytes, nullNote)
  const count = trail.framing(`${path}headers`, 'varint count', readSizeWithin)
  for (let index = 0; index < count; index++) {
    trail.read(`${path}headers[${index}].key`, 'varint string', (reader) =>
      reader.text(readSizeWithin(reader)),
    )
    trail.read(`${path}headers[${index}].value`, 'varint bytes', readVarintBytes, nullNote)
  }
}

/** What a message needs of the compressed one that holds it. */
interface Wrapper {
  /** The time of all messages where the broker stamped them. */
  readonly appendTime: number | bigint | undefined
}

/**
 * A message of magic 0 or 1; compressed, its value is a set of further ones.
 * @param outer the compressed message that holds it; undefined for none
 */
function explainMessage(trail: Trail, size: number, path: string, outer: Wrapper | undefined): void {
  const start = trail.reader.position
  const end = start + size
  const { bytes } = trail.reader
  const expected = crc32(bytes.subarray(start + BATCH_PREFIX_BYTES + 4, end))
  trail.read(`${path}offset`, 'int64', readInt64OrBigint)
  trail.framing(`${path}size`, 'int32 size', (reader) => reader.int32())
  trail.read(
    `${path}crc`,
    'uint32',
    (reader) => reader.uint32(),
    (crc) => ({ note: crcNote(crc, expected) }),
  )
  const magic = trail.read(`${path}magic`, 'int8', (reader) => reader.int8())
  const attributes = trail.read(
    `${path}attributes`,
    'int8',
    (reader) => reader.int8(),
    (value) => ({ note: attributesNote(value & 0x0f) }),
  )
  const note = (time: number | bigint) =>
    outer?.appendTime === undefined ? timeNote(time) : appendNote(outer.appendTime)
  const timestamp =
    magic === 1
      ? trail.read(`${path}timestamp`, 'int64', readInt64OrBigint, (time) => ({ note: note(time) }))
      : undefined
  trail.read(`${path}key`, 'bytes', readBytes, nullNote)
  const codec = attributes & 0x07
  if (codec === 0) {
    trail.read(`${path}value`, 'bytes', readBytes, nullNote)
    return
  }
  const { position } = trail.reader
  // However deep they were nested, each level would have to be unpacked and would take room on the stack.
  if (outer !== undefined)
    throw new MalformedError('a compressed message inside a compressed message', position)
  // zstd came with magic 2.
  if (codec > 3) throw new MalformedError(`codec ${codec} is not one of magic ${magic}`, position)
  trail.framing(`${path}value`, 'int32 size', (reader) => reader.length(false, true))
  const appendTime = (attributes & LOG_APPEND_TIME) !== 0 ? timestamp : undefined
  explainPacked(
    trail,
    codec,
    end,
    `${path}value`,
    (inner) => explainMessageSet(inner, `${path}value.`, { appendTime }),
    magic === 0,
  )
}

/** The messages that a compressed one holds. Source: `AbstractLegacyRecordBatch.DeepRecordsIterator`. */
function explainMessageSet(trail: Trail, path: string, outer: Wrapper): void {
  const { bytes, end } = trail.reader
  if (end === 0) throw new MalformedError('a compressed message without messages', 0)
  for (let index = 0; trail.reader.position < end; index++) {
    const start = trail.reader.position
    const size = end - start < BATCH_PREFIX_BYTES ? end - start + 1 : sizeAt(trail.reader)
    if (size > end - start) throw new MalformedError('the compressed set ends inside a message', start)
    const magic = bytes.readInt8(start + batchField.magic)
    if (magic !== 0 && magic !== 1) throw new MalformedError(`magic ${magic} where 0 or 1 belongs`, start)
    const place = `${path}batches[${index}].`
    trail.contain(start + size, () => explainMessage(trail, size, place, outer))
  }
}

/** Any negative size is null to Kafka (`LegacyRecord`). */
function readBytes(reader: Reader): Uint8Array | null {
  const length = reader.int32()
  return length < 0 ? null : reader.view(length)
}

/** Any negative size is null to Kafka (`DefaultRecord`). */
function readVarintBytes(reader: Reader): Uint8Array | null {
  const size = readSize(reader)
  return size < 0 ? null : reader.view(size)
}

function readSizeWithin(reader: Reader): number {
  const at = reader.position
  const size = readSize(reader)
  if (size < 0 || size > reader.remaining) {
    throw new MalformedError(`size or count ${size} where ${reader.remaining} bytes remain`, at)
  }
  return size
}

function nullNote(value: unknown): { note: string } {
  return { note: value === null ? 'null' : '' }
}

function crcNote(crc: number, expected: number): string {
  return crc === expected ? 'matches' : `does not match: the bytes give ${expected}`
}

function attributesNote(attributes: number): string {
  const codec = codecNames[attributes & 0x07] ?? `unknown codec ${attributes & 0x07}`
  const marks = [
    codec === 'none' ? 'not compressed' : codec,
    (attributes & 0x08) !== 0 ? 'LogAppendTime' : 'CreateTime',
    (attributes & 0x10) !== 0 ? 'transactional' : '',
    (attributes & 0x20) !== 0 ? 'control' : '',
    (attributes & 0x40) !== 0 ? 'delete horizon' : '',
  ]
  return marks.filter((mark) => mark !== '').join(', ')
}

/** The latest time that a Date can hold. */
const LATEST_MS = 8.64e15

function timeNote(time: number | bigint): string {
  const ms = Number(time)
  if (ms === -1) return 'none'
  return Math.abs(ms) <= LATEST_MS ? new Date(ms).toISOString() : `${time} ms, beyond any date`
}

/** What a record says itself then counts for nothing. */
function appendNote(time: number | bigint): string {
  return `appended ${timeNote(time)}`
}

/** With 64 bits, which wrap. */
function sum(a: number | bigint, b: number | bigint): bigint {
  return BigInt.asIntN(64, BigInt(a) + BigInt(b))
}

/** Version and type, two bytes each. Source: `ControlRecordType`. */
function controlNote(key: Uint8Array): string {
  const names = [
    'ABORT',
    'COMMIT',
    'LEADER_CHANGE',
    'SNAPSHOT_HEADER',
    'SNAPSHOT_FOOTER',
    'KRAFT_VERSION',
    'KRAFT_VOTERS',
  ]
  if (key.length < 4) return 'control record without a type'
  const type = ((key[2] as number) << 8) | (key[3] as number)
  return `control record ${names[type] ?? `of unknown type ${type}`}`
}
