import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib'
import { MalformedError } from '../errors/kafka-error.ts'
import { asBuffer, asTooLarge, atMost, within } from './bytes.ts'
import { claimedSize } from './claimed-size.ts'
import type { CodecName } from './codec-name.ts'
import { codecNames, codecNumber } from './codec-name.ts'
import { compressionLevel } from './level.ts'
import { compressLz4, decompressLz4, lz4FrameBound } from './lz4-frame.ts'
import { offThread } from './off-thread.ts'
import { scratch } from './scratch.ts'
import { compressSnappy, decompressSnappy, snappyFrameBound } from './snappy.ts'
import type { Stepwise } from './stepwise.ts'
import { atOnce, inTurns } from './stepwise.ts'
import { DecompressedTooLargeError } from './too-large.ts'
import { compressZstd, compressZstdAsync, decompressZstd, decompressZstdAsync, prepareZstd } from './zstd.ts'

/** What `decompress` may overlook. */
export interface DecompressOptions {
  /** Takes lz4 frames with the wrong header checksum that messages of magic 0 always have. */
  lenientLz4Header?: boolean
}

/** Where the work of the asynchronous functions is done. */
export interface AsyncOptions {
  /**
   * What is smaller is done at once, on this thread: handing it to another costs more. Bytes of what is given;
   * default 131,072. What is decompressed by turns anyway needs no such bound. Infinity: always at once, so that a run can be repeated exactly.
   */
  syncBelow?: number
  /**
   * Lets others have a turn; called after every 256 KiB of what can only be done on this thread (snappy and lz4, and
   * zstd on Node before 22.15). Left out, those are done without a pause.
   */
  turn?: () => Promise<unknown>
}

const SYNC_BELOW = 131_072
const TURN_AFTER = 262_144

/**
 * Compresses the records of a batch.
 * @param level the codec's own scale (`compressionLevel`); left out: Kafka's default
 * @throws EncodeError when there is no such codec, it has no such level, or it was not loaded (`prepareCodec`)
 */
export function compress(name: CodecName, bytes: Uint8Array, level?: number): Uint8Array {
  codecNumber(name)
  const checked = compressionLevel(name, level)
  switch (name) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes, { level: checked })
    case 'zstd':
      return compressZstd(bytes, checked)
    default:
      return atOnce(compressing(name, bytes, checked, scratch))
  }
}

/**
 * As `compress`, but large bytes do not hold up this thread: gzip and zstd work on zlib's own thread pool, four at a
 * time, the others in turns. The bytes must stay unchanged until then.
 * @throws EncodeError when there is no such codec, it has no such level, or it was not loaded (`prepareCodec`)
 */
export async function compressAsync(
  name: CodecName,
  bytes: Uint8Array,
  level?: number,
  options: AsyncOptions = {},
): Promise<Uint8Array> {
  if (bytes.length < (options.syncBelow ?? SYNC_BELOW)) return compress(name, bytes, level)
  codecNumber(name)
  const checked = compressionLevel(name, level)
  switch (name) {
    case 'none':
      return bytes
    case 'gzip':
      return await offThread((done) => gzip(bytes, { level: checked }, done))
    case 'zstd':
      return await compressZstdAsync(bytes, checked)
    default:
      // Memory of its own: what is kept between calls is used by others in between.
      return await driven(compressing(name, bytes, checked, Buffer.allocUnsafeSlow), options)
  }
}

/**
 * Undoes `compress`, and what other clients write.
 * @param codec number from the batch's attributes
 * @param maxBytes more than that is refused while it is being decompressed, not after
 * @throws DecompressedTooLargeError beyond `maxBytes`, and MalformedError whose message says what is wrong; where the
 * bytes are only the caller knows
 */
export function decompress(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number,
  options: DecompressOptions = {},
): Buffer {
  const name = codecNames[codec]
  if (name === 'none') return asBuffer(bytes)
  try {
    if (name === 'gzip') return gunzipped(bytes, maxBytes)
    return atOnce(decompressing(codec, bytes, maxBytes, options))
  } catch (error) {
    throw typed(error, name, bytes)
  }
}

/**
 * As `decompress`, with the work done where `compressAsync` does it. What is small and becomes large does not hold up this
 * thread either: it is begun here, and done there once it has become eight times `syncBelow`.
 * @throws DecompressedTooLargeError beyond `maxBytes`, and MalformedError whose message says what is wrong; where the
 * bytes are only the caller knows
 */
export async function decompressAsync(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number,
  options: DecompressOptions & AsyncOptions = {},
): Promise<Buffer> {
  const name = codecNames[codec]
  const { syncBelow = SYNC_BELOW } = options
  if (name === 'none' || syncBelow === Number.POSITIVE_INFINITY)
    return decompress(codec, bytes, maxBytes, options)
  try {
    if (name !== 'gzip' && name !== 'zstd')
      return await driven(decompressing(codec, bytes, maxBytes, options), options)
    const begun =
      bytes.length < syncBelow ? decompressedWithin(codec, bytes, 8 * syncBelow, maxBytes) : undefined
    if (begun) return begun
    if (name === 'gzip') {
      const limits = { maxOutputLength: atMost(maxBytes) }
      return within(await offThread((done) => gunzip(bytes, limits, done), maxBytes), maxBytes)
    }
    const elsewhere = decompressZstdAsync(bytes, maxBytes)
    return await (elsewhere ?? driven(decompressing(codec, bytes, maxBytes, options), options))
  } catch (error) {
    throw typed(error, name, bytes)
  }
}

/** All of it, done at once; undefined when it becomes so large that it is better done elsewhere. */
function decompressedWithin(
  codec: number,
  bytes: Uint8Array,
  atOnceBytes: number,
  maxBytes: number,
): Buffer | undefined {
  try {
    return decompress(codec, bytes, Math.min(atOnceBytes, maxBytes))
  } catch (error) {
    if (error instanceof DecompressedTooLargeError && atOnceBytes < maxBytes) return undefined
    throw error
  }
}

/** What zlib and the codecs say of the bytes; a mistake in them stays what it is. */
function typed(error: unknown, name: CodecName | undefined, bytes: Uint8Array): unknown {
  if (error instanceof DecompressedTooLargeError) {
    const claimed = error.claimed ?? (name && claimedSize(name, asBuffer(bytes)))
    // A size within the limit is not the truth.
    const isTold = claimed !== undefined && claimed > error.limit
    return new DecompressedTooLargeError(error.limit, isTold ? claimed : undefined)
  }
  if (error instanceof MalformedError) return error
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return error
  return new MalformedError(error.message, 0, { cause: error })
}

/**
 * Makes a codec ready to compress; decompressing never waits. Only zstd on Node before 22.15 has something to load.
 * @returns undefined when there is nothing to wait for
 */
export function prepareCodec(name: CodecName): Promise<void> | undefined {
  return name === 'zstd' ? prepareZstd() : undefined
}

function compressing(
  name: 'snappy' | 'lz4',
  bytes: Uint8Array,
  level: number,
  memory: (size: number) => Buffer,
): Stepwise<Uint8Array> {
  return name === 'snappy'
    ? compressSnappy(bytes, memory(snappyFrameBound(bytes.length)))
    : compressLz4(bytes, level, memory(lz4FrameBound(bytes.length)))
}

function decompressing(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number,
  options: DecompressOptions,
): Stepwise<Buffer> {
  switch (codecNames[codec]) {
    case 'snappy':
      return decompressSnappy(bytes, maxBytes)
    case 'lz4':
      return decompressLz4(bytes, maxBytes, options.lenientLz4Header ?? false)
    case 'zstd':
      return decompressZstd(bytes, maxBytes)
    default:
      throw new Error(`codec ${codec} is not known`)
  }
}

async function driven<T>(work: Stepwise<T>, { turn }: AsyncOptions): Promise<T> {
  return turn ? await inTurns(work, TURN_AFTER, turn) : atOnce(work)
}

function gunzipped(bytes: Uint8Array, maxBytes: number): Buffer {
  try {
    return within(gunzipSync(bytes, { maxOutputLength: atMost(maxBytes) }), maxBytes)
  } catch (error) {
    throw asTooLarge(error, maxBytes)
  }
}
