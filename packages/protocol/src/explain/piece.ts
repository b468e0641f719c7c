import type { KafkaError } from '../errors/kafka-error.ts'
import type { Api } from '../schema/schema.ts'

/** A stretch of bytes and what it means. */
export interface Piece {
  /** First byte, counted from the start of what was explained. */
  readonly start: number
  /** The byte behind the last one. */
  readonly end: number
  /** The field: `topics[0].partitions[2].errorCode`; the header's fields begin with `header.`, '' is no field. */
  readonly path: string
  /** How it is written: `int16`, `compact string`, `varint`, `array size`, ... */
  readonly type: string
  /** What the codec would decode. Integers beyond +-(2^53 - 1), which the codec refuses, are bigints here. */
  readonly value: unknown
  /** What a person wants to know besides: an error's or API's name, `null`, `default`, what is wrong; '' for nothing. */
  readonly note: string
  /**
   * `field`: the value of a field. `framing`: what holds fields together, e.g. a size, a count, a tag. `rest`: bytes
   * that could not be read or belong to nothing; the note says why.
   */
  readonly role: 'field' | 'framing' | 'rest'
  /** What the bytes are once decompressed. */
  readonly unpacked?: ExplainedBytes
}

/** Bytes with the pieces that cover each of them once, in order. */
export interface ExplainedBytes {
  readonly bytes: Uint8Array
  readonly pieces: readonly Piece[]
  /** The first thing that is wrong; undefined when all could be read. */
  readonly error: KafkaError | undefined
}

/** A frame that was explained. */
export interface Explained extends ExplainedBytes {
  readonly kind: 'request' | 'response'
  /** undefined when it is not known, or not one of ours. */
  readonly api: Api | undefined
  /** The version in which the body was read; undefined when none was. */
  readonly version: number | undefined
  /** undefined when the frame ends before it. */
  readonly correlationId: number | undefined
}

/** Bounds of an explanation, which takes far more memory than the bytes that it explains. */
export interface ExplainLimits {
  /** What is beyond this number of pieces becomes one `rest`. Default 50 000. */
  readonly maxPieces?: number
  /**
   * How many bytes all compressed batches of a frame may become together; what is beyond is not unpacked, and an error.
   * Default 64 MiB.
   */
  readonly maxDecompressedBytes?: number
}
