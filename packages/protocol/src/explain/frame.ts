import { MalformedError } from '../errors/kafka-error.ts'
import { RequestHeader, ResponseHeader, requestHeaderVersion, responseHeaderVersion } from '../frame.ts'
import { Reader } from '../schema/reader.ts'
import type { Api, Message, Shape } from '../schema/schema.ts'
import { apiOf } from './known-apis.ts'
import { explainMessage } from './message.ts'
import type { Explained, ExplainedBytes, ExplainLimits } from './piece.ts'
import { budgetOf, Trail } from './trail.ts'

/** What the bytes are. Left out, they are a request, which says of itself what it is. */
export interface ExplainOptions extends ExplainLimits {
  /** Of what the bytes are the answer; a response does not say it. `unknown` explains the header only. */
  readonly response?: { readonly api: Api; readonly version: number } | 'unknown'
  /**
   * Whether the size, 4 bytes, is in front. Left out: it is when it fits, or when more can be
   * read so, as of a frame that is cut off.
   */
  readonly sized?: boolean
}

const API_VERSIONS = 18
const UNSUPPORTED_VERSION = 35

/**
 * Says of every byte of a frame what it is. Bytes that cannot be read are no error of the call: they become a `rest`
 * with the reason, and `error` says it once more.
 *
 *   const explained = explain(frame)
 *   console.log(format(explained))
 */
export function explain(bytes: Uint8Array, options: ExplainOptions = {}): Explained {
  const isSized = options.sized ?? looksSized(bytes, options.response === undefined)
  const explained = explainFrame(bytes, options, isSized)
  if (options.sized !== undefined || isSized || !explained.error || !mayBeCut(bytes)) return explained
  const cut = explainFrame(bytes, options, true)
  return explainedBytes(cut) > explainedBytes(explained) ? cut : explained
}

/** Whether it may begin with the size of a frame that does not end here. */
function mayBeCut(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && new Reader(bytes).int32() > bytes.length - 4
}

/** How many bytes something was made of, without the size in front. */
function explainedBytes({ pieces }: ExplainedBytes): number {
  return pieces.reduce(
    (sum, { start, end, path, role }) => sum + (role === 'rest' || path === 'size' ? 0 : end - start),
    0,
  )
}

function explainFrame(bytes: Uint8Array, options: ExplainOptions, isSized: boolean): Explained {
  const trail = new Trail(bytes, budgetOf(options))
  const facts: Facts = { api: undefined, version: undefined, correlationId: undefined }
  const { response } = options
  const explained = trail.explain(() => {
    if (isSized) explainSize(trail)
    if (response === undefined) explainRequest(trail, facts)
    else explainResponse(trail, response, facts)
  })
  return { ...explained, kind: response === undefined ? 'request' : 'response', ...facts }
}

/** What is found on the way. */
interface Facts {
  api: Api | undefined
  version: number | undefined
  correlationId: number | undefined
}

function explainSize(trail: Trail): void {
  const size = trail.framing(
    'size',
    'int32 size',
    (reader) => reader.int32(),
    (size) => {
      const left = trail.reader.remaining
      if (size === left) return ''
      return size > left ? `${size - left} bytes are missing` : `${left - size} bytes too many follow`
    },
  )
  const { remaining, position } = trail.reader
  if (size < 0) throw new MalformedError(`frame size ${size} is negative`, position)
  if (size > remaining) {
    trail.failed(
      new MalformedError(`the frame ends ${size - remaining} bytes before its size says`, position),
    )
  }
  // What follows belongs to another frame.
  if (size < remaining) trail.reader = new Reader(trail.reader.bytes, position, position + size)
}

function explainRequest(trail: Trail, facts: Facts): void {
  const { reader } = trail
  if (reader.remaining >= 8) facts.correlationId = reader.bytes.readInt32BE(reader.position + 4)
  const key = reader.remaining >= 4 ? reader.bytes.readInt16BE(reader.position) : undefined
  const version = reader.remaining >= 4 ? reader.bytes.readInt16BE(reader.position + 2) : 0
  const api = key === undefined ? undefined : apiOf(key)
  facts.api = api
  explainHeader(trail, RequestHeader, api ? requestHeaderVersion(api, version) : 1)
  if (!api)
    throw new MalformedError(
      `there is no API with key ${key}, so the body cannot be read`,
      trail.reader.position,
    )
  explainBody(trail, api, api.request, version, facts)
}

function explainResponse(
  trail: Trail,
  response: { readonly api: Api; readonly version: number } | 'unknown',
  facts: Facts,
): void {
  const { reader } = trail
  if (reader.remaining >= 4) facts.correlationId = reader.bytes.readInt32BE(reader.position)
  if (response === 'unknown') {
    explainHeader(trail, ResponseHeader, 0)
    trail.rest(trail.reader.end, '', 'the body of a response to a request that is not known')
    return
  }
  const { api } = response
  facts.api = api
  explainHeader(trail, ResponseHeader, responseHeaderVersion(api, response.version))
  explainBody(trail, api, api.response, answeredVersion(trail.reader, api, response.version), facts)
}

/**
 * The version of the answer: that of the request, but a broker that does not know the asked version of ApiVersions
 * answers in version 0 (KIP-511).
 */
function answeredVersion({ bytes, position, remaining }: Reader, api: Api, asked: number): number {
  const isRefusal =
    api.key === API_VERSIONS && remaining >= 2 && bytes.readInt16BE(position) === UNSUPPORTED_VERSION
  return isRefusal ? 0 : asked
}

function explainHeader(trail: Trail, header: Message<any>, version: number): void {
  explainMessage(trail, header, version, 'header.')
}

function explainBody(trail: Trail, api: Api, message: Message<Shape>, version: number, facts: Facts): void {
  if (version < api.minVersion || version > api.maxVersion) {
    const known = `${api.minVersion} to ${api.maxVersion}`
    throw new MalformedError(
      `${message.name} is known in versions ${known}, not ${version}`,
      trail.reader.position,
    )
  }
  facts.version = version
  explainMessage(trail, message, version)
  const { remaining, end, position } = trail.reader
  if (remaining === 0) return
  trail.failed(new MalformedError(`${message.name} v${version} leaves ${remaining} bytes over`, position))
  trail.rest(end, '', 'left over')
}

function looksSized(bytes: Uint8Array, isRequest: boolean): boolean {
  const reader = new Reader(bytes)
  if (bytes.length < 4) return false
  if (reader.int32() === bytes.length - 4) return true
  return isRequest && !beginsRequest(bytes, 0) && beginsRequest(bytes, 4)
}

/** Whether a request of an API and version that are known may begin at `at`. */
export function beginsRequest(bytes: Uint8Array, at: number): boolean {
  if (bytes.length - at < 8) return false
  const reader = new Reader(bytes, at)
  const api = apiOf(reader.int16())
  const version = reader.int16()
  return api !== undefined && version >= api.minVersion && version <= api.maxVersion
}
