import { MalformedError } from './errors/kafka-error.ts'
import { codec, expectEnd } from './schema/compile.ts'
import { type DecodeLimits, Reader } from './schema/reader.ts'
import type { Api, Received, Reply, Request, Response } from './schema/schema.ts'
import { int16, int32, message, string } from './schema/schema.ts'
import { Writer } from './schema/writer.ts'

/**
 * The header of every request. The client id keeps its old form in flexible versions, because the broker reads it
 * before it can know whether the version is flexible.
 */
export const RequestHeader = message(
  'RequestHeader',
  { versions: [1, 2], flexible: 2 },
  {
    requestApiKey: int16,
    requestApiVersion: int16,
    correlationId: int32,
    clientId: string.orNull(1).neverCompact(),
  },
)

/** The header of every response. */
export const ResponseHeader = message(
  'ResponseHeader',
  { versions: [0, 1], flexible: 1 },
  {
    correlationId: int32,
  },
)

const API_VERSIONS = 18

/** Flexible requests have a header that can take tagged fields. */
export function requestHeaderVersion(api: Api, version: number): number {
  return version >= api.flexible ? 2 : 1
}

/** ApiVersions answers with header 0 in every version: the client does not yet know what the broker speaks (KIP-511). */
export function responseHeaderVersion(api: Api, version: number): number {
  return version >= api.flexible && api.key !== API_VERSIONS ? 1 : 0
}

/**
 * A request as it goes to the socket, with its size in front. Pieces, since large byte fields are not copied: they
 * must stay unchanged until they have left.
 * @throws EncodeError or UnsupportedVersionError when the body cannot be written in this version.
 */
export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  body: Request<A>,
): Uint8Array[] {
  const writer = new Writer()
  codec(RequestHeader, requestHeaderVersion(api, version)).encode(writer, {
    requestApiKey: api.key,
    requestApiVersion: version,
    correlationId,
    clientId,
  })
  codec(api.request, version).encode(writer, body as never)
  return framed(writer)
}

/**
 * A response as it goes to the socket, with its size in front, in pieces as those of `encodeRequest`.
 * @throws EncodeError or UnsupportedVersionError when the body cannot be written in this version.
 */
export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  body: Reply<A>,
): Uint8Array[] {
  const writer = new Writer()
  codec(ResponseHeader, responseHeaderVersion(api, version)).encode(writer, { correlationId })
  codec(api.response, version).encode(writer, body as never)
  return framed(writer)
}

/**
 * The correlation id of a response; it comes first in every header version.
 * @param frame without its size
 * @throws MalformedError when the frame has less than four bytes.
 */
export function correlationIdOf(frame: Uint8Array): number {
  return new Reader(frame).int32()
}

/**
 * The body of a response frame (without its size).
 * @throws MalformedError also for bytes that are left over, and for a value that would take more memory than the limits
 * allow.
 * @throws UnsupportedVersionError when the API has no such version.
 */
export function decodeResponse<A extends Api>(
  api: A,
  version: number,
  frame: Uint8Array,
  limits?: DecodeLimits,
): Response<A> {
  const reader = new Reader(frame, 0, frame.length, limits)
  codec(ResponseHeader, responseHeaderVersion(api, version)).decode(reader)
  const body = codec(api.response, version).decode(reader)
  expectEnd(reader, api.response.name, version)
  return body as Response<A>
}

/** What a broker learns of a request before it knows the API. */
export interface IncomingHeader {
  apiKey: number
  apiVersion: number
  correlationId: number
  clientId: string
  /** Where the body, or for an unknown API the rest of the header, begins. */
  reader: Reader
}

/**
 * The part of a request header that is the same for every API; enough to look the API up.
 * @param frame without its size
 * @throws MalformedError when the frame ends within it.
 */
export function peekRequest(frame: Uint8Array): IncomingHeader {
  const reader = new Reader(frame)
  const header = codec(RequestHeader, 1).decode(reader)
  return {
    apiKey: header.requestApiKey,
    apiVersion: header.requestApiVersion,
    correlationId: header.correlationId,
    // Kafka takes a missing client id as an empty one (RequestHeader.java).
    clientId: header.clientId ?? '',
    reader,
  }
}

/**
 * The body of a request frame whose header was peeked. What is behind it is passed over, as Kafka does: librdkafka 2.16
 * asks for all topics with three bytes too many.
 * @param frame without its size
 * @throws MalformedError for bytes that are no such request, or whose value would take more memory than the limits allow.
 * @throws UnsupportedVersionError when the API has no such version.
 */
export function decodeRequest<A extends Api>(
  api: A,
  version: number,
  frame: Uint8Array,
  limits?: DecodeLimits,
): Received<A> {
  const reader = new Reader(frame, 0, frame.length, limits)
  codec(RequestHeader, requestHeaderVersion(api, version)).decode(reader)
  return codec(api.request, version).decode(reader) as Received<A>
}

function framed(writer: Writer): Uint8Array[] {
  const size = new Uint8Array(4)
  new DataView(size.buffer).setInt32(0, writer.length)
  const pieces = writer.finish()
  const first = pieces[0] as Uint8Array
  // The header is small and always there: one piece with the size in front saves the socket a tiny write.
  if (first.length < 4096) pieces[0] = Buffer.concat([size, first])
  else pieces.unshift(size)
  return pieces
}

/** Memory for small frames; a frame that does not fit gets memory of its own. */
const BLOCK_BYTES = 65536

/** Limits of a `FrameSplitter`. */
export interface SplitterOptions {
  /** A frame that announces more is refused before anything is allocated. Default 100 MiB, Kafka's own. */
  maxFrameBytes?: number
  /** How much is allocated on the word of a size prefix alone; more only as bytes arrive. Default 1 MiB. */
  trustedBytes?: number
}

/**
 * Cuts a stream of bytes into frames. Bytes are written straight into its memory (`room`, `filled`), and a large frame
 * is read into its final place, so no byte is copied twice. Frames are handed out without their size prefix; they
 * stay valid, since their memory is never used again.
 */
export class FrameSplitter {
  #maxFrameBytes: number
  readonly #trustedBytes: number
  readonly #deliver: (frame: Uint8Array) => void
  #memory = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  /** Where the frame that is being read begins (its size prefix), and up to where there are bytes. */
  #start = 0
  #end = 0
  /** Size of that frame with its prefix; 4 while the prefix itself is not complete. */
  #wanted = 4

  constructor(deliver: (frame: Uint8Array) => void, options: SplitterOptions = {}) {
    this.#deliver = deliver
    this.#maxFrameBytes = options.maxFrameBytes ?? 100 * 1024 * 1024
    this.#trustedBytes = options.trustedBytes ?? 1024 * 1024
  }

  /** Sets another limit, e.g. once the other side has shown that it speaks Kafka. */
  limit(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Whether a frame has begun and is not complete: the stream must not end here. */
  get isPartial(): boolean {
    return this.#end > this.#start
  }

  /** Where the next bytes go; never empty. */
  room(): Uint8Array {
    const left = this.#memory.length - this.#end
    // Between frames moving on is free; it avoids reads of a few bytes at the end of a block.
    if (left === 0 || (left < 4096 && !this.isPartial)) this.#moveOn()
    return this.#memory.subarray(this.#end)
  }

  /**
   * `length` bytes of `room()` were filled; hands out every frame that is now complete.
   * @throws MalformedError for a size that is negative or above the limit; the stream is then lost.
   */
  filled(length: number): void {
    this.#end += length
    for (;;) {
      const have = this.#end - this.#start
      if (have < 4) break
      const size = this.#memory.readInt32BE(this.#start)
      if (size < 0 || size > this.#maxFrameBytes) throw this.#badSize(size)
      this.#wanted = size + 4
      if (have < this.#wanted) break
      const frame = this.#memory.subarray(this.#start + 4, this.#start + this.#wanted)
      this.#start += this.#wanted
      this.#wanted = 4
      this.#deliver(frame)
    }
    if (this.#end - this.#start >= 4 && this.#start + this.#wanted > this.#memory.length) this.#moveOn()
  }

  /** Takes a fresh block and carries the begun frame over. */
  #moveOn(): void {
    const begun = this.#memory.subarray(this.#start, this.#end)
    const trusted = Math.max(this.#trustedBytes, begun.length * 2)
    const size = Math.min(this.#wanted, trusted)
    this.#memory = Buffer.allocUnsafeSlow(size > BLOCK_BYTES / 2 ? size : BLOCK_BYTES)
    this.#memory.set(begun)
    this.#start = 0
    this.#end = begun.length
  }

  #badSize(size: number): MalformedError {
    const first = this.#memory.subarray(this.#start, Math.min(this.#end, this.#start + 8))
    const printable = first.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.')
    const wrong = size < 0 ? 'negative' : `above the limit of ${this.#maxFrameBytes}`
    // A TLS record begins with its type (20 to 23) and the protocol's major version, 3.
    const isTls = (first[0] as number) >= 0x14 && (first[0] as number) <= 0x17 && first[1] === 3
    const isHttp = /^(HTTP|GET |POST|HEAD|PUT )/.test(printable)
    const other = isTls ? 'speaks TLS' : isHttp ? 'speaks HTTP' : 'does not speak the Kafka protocol'
    return new MalformedError(
      `frame size ${size} is ${wrong} (first bytes "${printable}"): the other side ${other}`,
      0,
    )
  }
}
