import type { CodecName } from '@samsa/protocol'
import {
  BATCH_HEADER_BYTES,
  BATCH_PREFIX_BYTES,
  BatchHeader,
  batchField,
  codecNames,
  compress,
  crc32,
  decompress,
} from '@samsa/protocol'
import type { Random } from '@samsa/runtime'
import { plainInput } from './input.ts'
import type { Mutator } from './mutators.ts'
import { mutators } from './mutators.ts'

const CRC_LEGACY_AT = 12
const MOST_CONTENT_BYTES = 1024 * 1024

/** Gives a batch the size that it has, and the checksum. */
export function sealBatch(bytes: Buffer): void {
  if (bytes.length < BATCH_PREFIX_BYTES + 14) return
  bytes.writeInt32BE(bytes.length - BATCH_PREFIX_BYTES, batchField.length)
  if (bytes[batchField.magic] !== 2) bytes.writeUInt32BE(crc32(bytes.subarray(16)), CRC_LEGACY_AT)
  else if (bytes.length >= BATCH_HEADER_BYTES) new BatchHeader(bytes).sealChecksum()
}

/** Gives a frame the size that it has. */
export function sealFrame(bytes: Buffer): void {
  if (bytes.length >= 4) bytes.writeInt32BE(bytes.length - 4, 0)
}

/** Mutates what a batch has compressed, and compresses it again; what cannot be opened is mutated as it is. */
export const insideBatch: Mutator = (input, random, other) => {
  const { bytes } = input
  const opened = open(bytes)
  if (!opened) return blind(bytes, random, other)
  const content = blind(opened.content, random, other)
  const packed = compress(opened.name, content)
  const head = Buffer.from(bytes.subarray(0, opened.at))
  if (opened.isLegacy) head.writeInt32BE(packed.length, opened.at - 4)
  const made = Buffer.concat([head, packed])
  sealBatch(made)
  return made
}

interface Opened {
  name: CodecName
  content: Buffer
  at: number
  isLegacy: boolean
}

function open(bytes: Buffer): Opened | undefined {
  if (bytes.length <= BATCH_PREFIX_BYTES + 14) return undefined
  const magic = bytes[batchField.magic] as number
  const isLegacy = magic < 2
  try {
    const attributes = isLegacy ? bytes.readInt8(17) : new BatchHeader(bytes).attributes
    const name = codecNames[attributes & 7]
    if (name === undefined || name === 'none') return undefined
    const at = isLegacy ? valueAt(bytes, magic) : BATCH_HEADER_BYTES
    const content = decompress(attributes & 7, bytes.subarray(at), MOST_CONTENT_BYTES, {
      lenientLz4Header: magic === 0,
    })
    return { name, content, at, isLegacy }
  } catch {
    return undefined
  }
}

function valueAt(bytes: Buffer, magic: number): number {
  const keySizeAt = 18 + (magic === 1 ? 8 : 0)
  return keySizeAt + 4 + Math.max(0, bytes.readInt32BE(keySizeAt)) + 4
}

const blindNames = ['flipBits', 'setByte', 'extremeNumber', 'extremeVarint', 'truncate', 'repeat', 'remove']

function blind(bytes: Buffer, random: Random, other: Buffer): Buffer {
  return (mutators[random.pick(blindNames)] as Mutator)(plainInput(bytes), random, other)
}
