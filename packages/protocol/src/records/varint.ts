/** Where reading goes on; moved by whoever reads. */
export interface Place {
  at: number
}

/**
 * A zigzag varint of 32 bits; undefined when it is cut off or has more than five bytes. What the last of them has beyond
 * the 32 bits is dropped, as Kafka does. Source: `ByteUtils.readVarint`.
 */
export function readVarint(bytes: Uint8Array, place: Place, end: number): number | undefined {
  const start = place.at
  if (start + 1 < end) {
    const first = bytes[start] as number
    if (first < 0x80) {
      place.at = start + 1
      return (first >>> 1) ^ -(first & 1)
    }
    const second = bytes[start + 1] as number
    if (second < 0x80) {
      place.at = start + 2
      const both = (first & 0x7f) | (second << 7)
      return (both >>> 1) ^ -(both & 1)
    }
  }
  return readLongVarint(bytes, place, end)
}

function readLongVarint(bytes: Uint8Array, place: Place, end: number): number | undefined {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    if (place.at >= end) return undefined
    const byte = bytes[place.at++] as number
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
  }
  return undefined
}

/**
 * A zigzag varlong as a number; undefined when it is cut off, too long, or beyond the safe integers. Source:
 * `ByteUtils.readVarlong`.
 */
export function readVarlong(bytes: Uint8Array, place: Place, end: number): number | undefined {
  const start = place.at
  if (start < end) {
    const first = bytes[start] as number
    if (first < 0x80) {
      place.at = start + 1
      return (first >>> 1) ^ -(first & 1)
    }
  }
  // Four bytes cover all deltas of timestamps that one meets; the rest goes the exact way.
  let value = 0
  for (let shift = 0; shift < 28; shift += 7) {
    if (place.at >= end) return undefined
    const byte = bytes[place.at++] as number
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
  }
  place.at = start
  const wide = readVarlongExactly(bytes, place, end)
  return wide !== undefined && Number.isSafeInteger(Number(wide)) ? Number(wide) : undefined
}

const LOW_64 = 0xffff_ffff_ffff_ffffn

/** The same for every value of 64 bits; undefined when it is cut off or has more than ten bytes. */
export function readVarlongExactly(bytes: Uint8Array, place: Place, end: number): bigint | undefined {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (place.at >= end) return undefined
    const byte = bytes[place.at++] as number
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asIntN(64, ((value & LOW_64) >> 1n) ^ -(value & 1n))
  }
  return undefined
}

/** Bytes that a whole number from 0 to 2^31 - 1 takes as a zigzag varint. */
export function varintSize(value: number): number {
  if (value < 0x40) return 1
  if (value < 0x2000) return 2
  if (value < 0x100000) return 3
  return value < 0x8000000 ? 4 : 5
}

/** Bytes that any safe integer takes as a zigzag varlong. */
export function varlongSize(value: number): number {
  if (value >= 0 && value < 0x8000000) return varintSize(value)
  let rest = value < 0 ? -(value + 1) : value
  let size = 1
  for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** As `writeVarint`, of a whole number from 0 to 2^31 - 1: that is what most of them are. */
export function writeSize(bytes: Uint8Array, start: number, value: number): number {
  if (value < 0x40) {
    bytes[start] = value << 1
    return start + 1
  }
  if (value < 0x2000) {
    bytes[start] = ((value << 1) & 0x7f) | 0x80
    bytes[start + 1] = value >>> 6
    return start + 2
  }
  return writeVarint(bytes, start, value)
}

/** Writes an int32 in zigzag form and says where it ends. */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  if (rest < 0x80) {
    bytes[start] = rest
    return start + 1
  }
  if (rest < 0x4000) {
    bytes[start] = rest | 0x80
    bytes[start + 1] = rest >>> 7
    return start + 2
  }
  let at = start
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

/** Writes a safe integer in zigzag form and says where it ends. */
export function writeVarlong(bytes: Uint8Array, start: number, value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return writeVarint(bytes, start, value)
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  let at = start
  while (rest > 0x7fn) {
    bytes[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  bytes[at++] = Number(rest)
  return at
}
