import { MalformedError } from '../errors/kafka-error.ts'
import type { Reader } from '../schema/reader.ts'

/** An int64 as the codec gives it, or as a bigint where a number would not be exact and the codec may refuse it. */
export function readInt64OrBigint(reader: Reader): number | bigint {
  return reader.int64OrBigint()
}

/** A zigzag varint of up to 32 or 64 bits, as records use them. */
export function readZigzag(reader: Reader, bits: 32 | 64): number | bigint {
  const start = reader.position
  let value = 0n
  for (let shift = 0n; shift < bits; shift += 7n) {
    const byte = reader.bytes[reader.take(1)] as number
    value |= BigInt(byte & 0x7f) << shift
    if (byte >= 0x80) continue
    value = BigInt.asUintN(bits, value)
    return numberIfSafe((value >> 1n) ^ -(value & 1n))
  }
  throw new MalformedError(`varint is longer than ${bits} bits`, start)
}

/** As `readZigzag` for sizes and counts, which have 32 bits. */
export function readSize(reader: Reader): number {
  return Number(readZigzag(reader, 32))
}

function numberIfSafe(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
