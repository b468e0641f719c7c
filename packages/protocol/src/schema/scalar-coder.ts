import { EncodeError } from '../errors/kafka-error.ts'
import type { Reader } from './reader.ts'
import type { Primitive } from './schema.ts'
import type { Writer } from './writer.ts'

export type Encode = (writer: Writer, value: any) => void
export type Decode = (reader: Reader) => any
export interface Coder {
  encode: Encode
  decode: Decode
}
type Scalar = Exclude<Primitive, 'string' | 'bytes' | 'records'>

/** Reads an int32; known by name, since lists of them are read at once. */
export const readInt32: Decode = (reader) => reader.int32()

/** Written out one by one so that each closure calls one method and stays monomorphic. */
const readScalar: Record<Scalar, Decode> = {
  boolean: (reader) => reader.boolean(),
  int8: (reader) => reader.int8(),
  int16: (reader) => reader.int16(),
  uint16: (reader) => reader.uint16(),
  int32: readInt32,
  uint32: (reader) => reader.uint32(),
  int64: (reader) => reader.int64(),
  int64OrInfinity: (reader) => reader.int64OrInfinity(),
  int64OrBigint: (reader) => reader.int64OrBigint(),
  bigint64: (reader) => reader.bigint64(),
  float64: (reader) => reader.float64(),
  uuid: (reader) => reader.uuid(),
}

const writeScalar: Record<Scalar, Encode> = {
  boolean: (writer, value) => writer.boolean(value),
  int8: (writer, value) => writer.int8(value),
  int16: (writer, value) => writer.int16(value),
  uint16: (writer, value) => writer.uint16(value),
  int32: (writer, value) => writer.int32(value),
  uint32: (writer, value) => writer.uint32(value),
  int64: (writer, value) => writer.int64(value),
  int64OrInfinity: (writer, value) => writer.int64OrInfinity(value),
  int64OrBigint: (writer, value) => writer.int64OrBigint(value),
  bigint64: (writer, value) => writer.bigint64(value),
  float64: (writer, value) => writer.float64(value),
  uuid: (writer, value) => writer.uuid(value),
}

const scalarTypes: Partial<Record<Scalar, string>> = {
  boolean: 'boolean',
  bigint64: 'bigint',
  uuid: 'string',
}

/** Writes and reads one number, boolean or id; what is none is refused when it is written. */
export function scalarCoder(kind: Scalar): Coder {
  const write = writeScalar[kind]
  const expected = scalarTypes[kind] ?? 'number'
  // NaN and fractions would go out as some integer; the wire only carries whole numbers there.
  const whole = expected === 'number' && kind !== 'float64' && kind !== 'int64OrInfinity'
  return {
    encode: (writer, value) => {
      const isOther = typeof value !== expected || (whole && !Number.isInteger(value))
      if (isOther && !(kind === 'int64OrBigint' && typeof value === 'bigint')) {
        throw new EncodeError(`${describe(value)} is no ${kind}`)
      }
      try {
        write(writer, value)
      } catch (error) {
        if (error instanceof EncodeError) throw error
        throw new EncodeError(`${describe(value)} is no ${kind}`, { cause: error })
      }
    },
    decode: readScalar[kind],
  }
}

/** What a wrong value is, for messages; the content of text and bytes is not told. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  return `a ${typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value}`
}
