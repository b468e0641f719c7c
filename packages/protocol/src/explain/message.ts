import { errorOf } from '../errors/error-codes.ts'
import { MalformedError } from '../errors/kafka-error.ts'
import { defaultOf } from '../schema/field-default.ts'
import type { Reader } from '../schema/reader.ts'
import { TEXT_BYTES_MAX } from '../schema/reader.ts'
import type { FieldSpec, Message, Primitive, Shape } from '../schema/schema.ts'
import { zeroUuid } from '../uuid.ts'
import { apiOf } from './known-apis.ts'
import { readInt64OrBigint } from './number.ts'
import { explainBatches } from './records.ts'
import type { Trail } from './trail.ts'

interface Context {
  readonly trail: Trail
  readonly version: number
  readonly flexible: boolean
}

/** A field in its version: where it is and what it is called. */
interface Place {
  readonly spec: FieldSpec
  readonly path: string
  readonly name: string
}

type Tagged = ReadonlyMap<number, Place>

/**
 * Explains a message by walking its declared shape, as the codec of that version does it in compiled form.
 * @param path what the paths of its fields begin with: '' or ending in a dot
 * @throws MalformedError at the first field that cannot be read
 */
export function explainMessage(trail: Trail, message: Message<Shape>, version: number, path = ''): void {
  explainStruct({ trail, version, flexible: version >= message.flexible }, message.shape, path)
}

function explainStruct(context: Context, shape: Shape, path: string): void {
  const { version, flexible } = context
  const tagged = new Map<number, Place>()
  for (const [name, { spec }] of Object.entries(shape)) {
    if (version < spec.since || version > spec.until) continue
    const place = { spec, path: `${path}${name}`, name }
    if (spec.tag === undefined) explainField(context, place)
    else tagged.set(spec.tag, place)
  }
  if (flexible) explainTags(context, tagged, `${path}taggedFields`)
}

function explainTags(context: Context, tagged: Tagged, path: string): void {
  const { trail } = context
  const count = trail.framing(path, 'uvarint count', (reader) => reader.uvarint())
  let last = -1
  for (let left = count; left > 0; left--) {
    const readTag = (reader: Reader) => nextTag(reader, last)
    const nameOf = (tag: number) => tagged.get(tag)?.name ?? 'unknown tagged field'
    last = trail.framing(path, 'uvarint tag', readTag, nameOf)
    const place = tagged.get(last)
    const size = trail.framing(place?.path ?? path, 'uvarint size', readTagSize)
    if (place) explainTag(context, place, size)
    else {
      const details = () => ({ note: `unknown tagged field ${last}` })
      trail.read(`${path}[${last}]`, 'bytes', (reader) => reader.view(size), details)
    }
  }
}

function explainTag(context: Context, place: Place, size: number): void {
  const { trail } = context
  const end = trail.reader.position + size
  explainField(context, place)
  const off = trail.reader.position - end
  if (off === 0) return
  throw new MalformedError(`tagged field ends ${off} bytes off its size`, trail.reader.position).within(
    place.path,
  )
}

function nextTag(reader: Reader, last: number): number {
  const at = reader.position
  const tag = reader.uvarint()
  if (tag <= last) throw new MalformedError(`tagged field ${tag} comes after ${last}`, at)
  return tag
}

function readTagSize(reader: Reader): number {
  const size = reader.uvarint()
  if (size <= reader.remaining) return size
  throw new MalformedError(`tagged field of ${size} bytes where ${reader.remaining} remain`, reader.position)
}

function explainField(context: Context, place: Place): void {
  const { trail, version } = context
  const { spec, path } = place
  const compact = context.flexible && spec.compact
  const nullable = version >= spec.nullableSince && version <= spec.nullableUntil
  const { type } = spec
  const details = (value: unknown) => ({ note: noteOf(place, value) })
  const word = compact ? 'compact ' : ''
  switch (type.kind) {
    case 'string':
      trail.read(path, `${word}string`, (reader) => readText(reader, compact, nullable), details)
      return
    case 'bytes':
      trail.read(path, `${word}bytes`, (reader) => readBytes(reader, compact, nullable), details)
      return
    case 'records': {
      const size = explainLength(context, place, compact, nullable, 'size')
      const { position, remaining } = trail.reader
      if (size > remaining) explainCutRecords(trail, path, size)
      else if (size > 0) trail.contain(position + size, () => explainBatches(trail, position + size, path))
      return
    }
    case 'array': {
      const count = explainLength(context, place, compact, nullable, 'count')
      for (let at = 0; at < count; at++) {
        explainField(context, { spec: type.element.spec, path: `${path}[${at}]`, name: place.name })
      }
      return
    }
    case 'struct': {
      if (nullable && isAbsent(context, path)) return
      explainStruct(context, type.shape, `${path}.`)
      return
    }
    default:
      trail.read(path, type.kind, readScalar[type.kind], details)
  }
}

/** Explains the size or count before a value; below 0 it is null, and then the value itself. */
function explainLength(
  { trail }: Context,
  place: Place,
  compact: boolean,
  nullable: boolean,
  what: 'size' | 'count',
): number {
  const read = (reader: Reader) => {
    const length =
      what === 'size' ? readSize(reader, compact, nullable) : readLength(reader, compact, true, nullable)
    return length < 0 ? null : length
  }
  const type = `${compact ? 'uvarint' : 'int32'} ${what}`
  const length = trail.read(place.path, type, read, (length) =>
    length === null ? { note: 'null' } : { role: 'framing', note: what === 'size' ? `${length} bytes` : '' },
  )
  return length ?? -1
}

/** Of batches that are cut off those that are whole can be read. */
function explainCutRecords(trail: Trail, path: string, size: number): never {
  const { position, remaining, end } = trail.reader
  const error = new MalformedError(`length ${size} is more than the ${remaining} bytes that remain`, position)
  trail.failed(error.within(path))
  trail.contain(end, () => explainBatches(trail, end, path))
  throw error
}

/** The size of records, which may be more than what remains. */
function readSize(reader: Reader, compact: boolean, nullable: boolean): number {
  const at = reader.position
  const size = compact ? reader.uvarint() - 1 : reader.int32()
  if (size > reader.remaining) return size
  reader.position = at
  return readLength(reader, compact, true, nullable)
}

function readText(reader: Reader, compact: boolean, nullable: boolean): string | null {
  const length = readLength(reader, compact, false, nullable)
  if (length <= TEXT_BYTES_MAX) return length < 0 ? null : reader.text(length)
  throw new MalformedError(`${length} bytes of text where ${TEXT_BYTES_MAX} are allowed`, reader.position)
}

function readBytes(reader: Reader, compact: boolean, nullable: boolean): Uint8Array | null {
  const length = readLength(reader, compact, true, nullable)
  return length < 0 ? null : reader.view(length)
}

function readLength(reader: Reader, compact: boolean, wide: boolean, nullable: boolean): number {
  const length = reader.length(compact, wide)
  if (length >= 0 || nullable) return length
  throw new MalformedError('is null where null is not allowed', reader.position)
}

/** Explains the byte before a struct that may be null. */
function isAbsent({ trail }: Context, path: string): boolean {
  const present = trail.read(
    path,
    'int8 presence',
    (reader) => (reader.int8() < 0 ? null : 1),
    (value) => (value === null ? { note: 'null' } : { role: 'framing', note: 'present' }),
  )
  return present === null
}

type Scalar = Exclude<Primitive, 'string' | 'bytes' | 'records'>

const readScalar: Record<Scalar, (reader: Reader) => unknown> = {
  boolean: (reader) => reader.boolean(),
  int8: (reader) => reader.int8(),
  int16: (reader) => reader.int16(),
  uint16: (reader) => reader.uint16(),
  int32: (reader) => reader.int32(),
  uint32: (reader) => reader.uint32(),
  int64: readInt64OrBigint,
  int64OrBigint: readInt64OrBigint,
  int64OrInfinity: (reader) => {
    const value = readInt64OrBigint(reader)
    return value === 0x7fff_ffff_ffff_ffffn ? Number.POSITIVE_INFINITY : value
  },
  bigint64: (reader) => reader.bigint64(),
  float64: (reader) => reader.float64(),
  uuid: (reader) => reader.uuid(),
}

function noteOf({ spec, name }: Place, value: unknown): string {
  if (value === null) return 'null'
  const { kind } = spec.type
  if (kind === 'int16' && /errorCode$/i.test(name)) return errorOf(value as number).name
  if (kind === 'int16' && /apiKey$/i.test(name)) return apiOf(value as number)?.name ?? 'unknown API'
  if (kind === 'uuid' && value === zeroUuid) return 'no id'
  if (typeof value === 'bigint' && kind !== 'bigint64') return 'beyond 2^53 - 1: the codec refuses it'
  return spec.default && value === defaultOf(spec) ? 'default' : ''
}
