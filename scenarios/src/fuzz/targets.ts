import type { Api, Message, Shape } from '@samsa/protocol'
import * as protocol from '@samsa/protocol'
import { explainTargets } from './explain-targets.ts'
import { Finding, sameValue } from './oracle.ts'
import { storedTargets } from './stored-targets.ts'

/** Records of one batch may become so large in a run; small, so that bombs are cheap. */
export const MOST_DECOMPRESSED_BYTES = 1024 * 1024

export const kinds = ['message', 'blob', 'stored', 'frames', 'batch', 'codec', 'explain', 'broker'] as const
export type Kind = (typeof kinds)[number]

/** Something that takes bytes from outside. */
export interface Target {
  readonly kind: Kind
  /** How `--target` calls it. */
  readonly name: string
  /**
   * Reads the bytes to the last field, and what it read once more after writing it.
   * @throws an error of the library's own for bytes that are refused; anything else is a finding
   */
  run(bytes: Buffer): void
  /** Whether an error is one that callers are told to expect. */
  isExpected(error: unknown): boolean
}

/** Every message that the protocol package exports, by its name. */
export const messages: ReadonlyMap<string, Message<Shape>> = collectMessages()
/** Every API, by its number. */
export const apis: ReadonlyMap<number, Api> = new Map(
  (Object.values(protocol) as unknown[]).filter(isApi).map((api) => [api.key, api]),
)

function isApi(value: unknown): value is Api {
  return typeof value === 'object' && value !== null && 'request' in value && 'response' in value
}

function isMessage(value: unknown): value is Message<Shape> {
  return typeof value === 'object' && value !== null && 'shape' in value && 'minVersion' in value
}

function collectMessages(): Map<string, Message<Shape>> {
  const found = new Map<string, Message<Shape>>()
  for (const value of Object.values(protocol) as unknown[]) {
    const these = isApi(value) ? [value.request, value.response] : isMessage(value) ? [value] : []
    for (const message of these) found.set(message.name, message)
  }
  return found
}

function isOurs(error: unknown): boolean {
  return error instanceof protocol.KafkaError
}

/** One message in one version. */
function messageTarget(message: Message<Shape>, version: number): Target {
  const run = (bytes: Buffer) => {
    const value = protocol.decode(message, version, bytes)
    sameAgain(value, (given) => protocol.encode(message, version, given as never), {
      decode: (again) => protocol.decode(message, version, again),
    })
  }
  return { kind: 'message', name: `message:${message.name}@${version}`, run, isExpected: isOurs }
}

/** How a message target reads and writes. */
export function coderOf({ name }: Target): {
  read(bytes: Uint8Array, limits?: protocol.DecodeLimits): unknown
  write(value: object): Uint8Array
} {
  const [, messageName = '', version] = /^message:(.*)@(\d+)$/.exec(name) ?? []
  const message = messages.get(messageName) as Message<Shape>
  return {
    read: (bytes, limits) => protocol.decode(message, Number(version), bytes, limits),
    write: (value) => protocol.encode(message, Number(version), value as never),
  }
}

/** A value that came from bytes can be written, and reads the same. */
function sameAgain<T>(
  value: T,
  encode: (value: T) => Uint8Array,
  { decode }: { decode(bytes: Uint8Array): T },
): void {
  let again: Uint8Array
  try {
    again = encode(value)
  } catch (error) {
    // Bytes that are no UTF-8 are read as U+FFFD, which takes more room than they did.
    if (error instanceof protocol.EncodeError && /bytes of text where 32767 fit/.test(error.message)) return
    throw new Finding(`what was decoded cannot be encoded: ${error}`, { cause: error })
  }
  let back: T
  try {
    back = decode(again)
  } catch (error) {
    throw new Finding(`what was encoded cannot be decoded: ${error}`, { cause: error })
  }
  if (!sameValue(value, back)) throw new Finding('what was decoded is another value after writing it')
}

const blobs = [
  blobTarget('ConsumerProtocolSubscription', protocol.decodeSubscription, protocol.encodeSubscription),
  blobTarget('ConsumerProtocolAssignment', protocol.decodeAssignment, protocol.encodeAssignment),
]

function blobTarget<T>(
  name: string,
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): Target {
  const run = (bytes: Buffer) => sameAgain(decode(bytes), encode, { decode })
  return { kind: 'blob', name: `blob:${name}`, run, isExpected: isOurs }
}

/** A stream of requests as a broker gets it, in pieces that depend on the bytes. */
const requestStream: Target = {
  kind: 'frames',
  name: 'requests',
  isExpected: isOurs,
  run(bytes) {
    const whole = split(bytes, () => bytes.length)
    let state = protocol.crc32c(bytes) || 1
    const pieces = split(bytes, () => {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0
      return 1 + (state % ((state & 0x100) === 0 ? 7 : 300))
    })
    if (!sameValue(whole, pieces)) throw new Finding('the frames depend on how the bytes were cut')
    let refusal: unknown
    for (const frame of whole.frames) {
      try {
        readRequest(frame)
      } catch (error) {
        if (!isOurs(error)) throw error
        refusal = error
      }
    }
    if (refusal !== undefined) throw refusal
    if (whole.refused) throw new protocol.MalformedError(whole.refused, 0)
  },
}

function readRequest(frame: Buffer): void {
  const header = protocol.peekRequest(frame)
  const api = apis.get(header.apiKey)
  if (!api || header.apiVersion < api.minVersion || header.apiVersion > api.maxVersion) return
  protocol.decodeRequest(api, header.apiVersion, frame)
}

interface Split {
  frames: Buffer[]
  refused: string
}

function split(bytes: Buffer, size: () => number): Split {
  const result: Split = { frames: [], refused: '' }
  const splitter = new protocol.FrameSplitter((frame) => void result.frames.push(Buffer.from(frame)))
  try {
    for (let at = 0; at < bytes.length; ) {
      const room = splitter.room()
      const piece = bytes.subarray(at, at + Math.min(size(), room.length))
      room.set(piece)
      at += piece.length
      splitter.filled(piece.length)
    }
  } catch (error) {
    if (!(error instanceof protocol.MalformedError)) throw error
    // The message quotes what has come so far, which depends on the pieces.
    result.refused = error.message.replace(/ \(first bytes.*/s, '')
  }
  return result
}

/** A response with its header, of which the client knows what it asked. */
function responseTarget(api: Api, version: number): Target {
  const run = (bytes: Buffer) => void protocol.decodeResponse(api, version, bytes)
  return { kind: 'frames', name: `response:${api.name}@${version}`, run, isExpected: isOurs }
}

/** The batches of a fetch response, each record to its last header. */
const batchTarget: Target = {
  kind: 'batch',
  name: 'batch',
  isExpected: isOurs,
  run(bytes) {
    let refusal: unknown
    for (const batch of protocol.readBatches(bytes, { maxDecompressedBytes: MOST_DECOMPRESSED_BYTES })) {
      try {
        readBatch(batch)
      } catch (error) {
        if (!isOurs(error)) throw error
        refusal = error
      }
    }
    if (refusal !== undefined) throw refusal
  },
}

interface Content {
  timestamp: number
  key: Buffer | null
  value: Buffer | null
  headers: protocol.ReceivedHeader[]
}

function readBatch(batch: protocol.RecordBatch): void {
  for (const name of FACTS) void batch[name]
  const contents = batch.records().map((record): Content => {
    const { timestamp, key, value, keyText, valueText, headers } = record
    if (key?.toString() !== (keyText ?? undefined) || value?.toString() !== (valueText ?? undefined))
      throw new Finding('the text of a record is not that of its bytes')
    return { timestamp, key, value, headers }
  })
  if (contents.length === 0) return
  const writer = new protocol.BatchWriter(256)
  for (const { timestamp, key, value, headers } of contents) writer.append(timestamp, key, value, headers)
  const [again] = protocol.readBatches(writer.finish())
  const back = again?.records().map(({ timestamp, key, value, headers }) => ({
    timestamp,
    key,
    value,
    headers,
  }))
  if (!sameValue(contents, back)) throw new Finding('the records are others after writing them')
  batch.checkCrc()
}

const FACTS = [
  'baseOffset',
  'lastOffset',
  'leaderEpoch',
  'codec',
  'timestampType',
  'maxTimestamp',
  'producerId',
  'producerEpoch',
  'baseSequence',
  'isTransactional',
  'isControl',
] as const

/** A codec on its own. */
function codecTarget(name: protocol.CodecName): Target {
  const codec = protocol.codecNumber(name)
  return {
    kind: 'codec',
    name: `codec:${name}`,
    isExpected: isOurs,
    run(bytes) {
      const content = protocol.decompress(codec, bytes, MOST_DECOMPRESSED_BYTES)
      if (content.length > MOST_DECOMPRESSED_BYTES) throw new Finding(`gives ${content.length} bytes`)
      // Compressing costs far more than what is looked for here; each eighth is enough.
      if (content.length > 65_536 || (protocol.crc32c(bytes) & 7) !== 0) return
      const again = protocol.decompress(codec, protocol.compress(name, content), MOST_DECOMPRESSED_BYTES)
      if (!content.equals(again)) throw new Finding('the content is another after compressing it')
    },
  }
}

const codecTargets = protocol.codecNames.filter((name) => name !== 'none').map(codecTarget)

/** Every target but the broker, by its name. */
export function allTargets(): Map<string, Target> {
  const targets: Target[] = [...blobs, ...storedTargets, requestStream, batchTarget, ...codecTargets]
  targets.push(...explainTargets(apis.values()))
  for (const message of messages.values())
    for (let version = message.minVersion; version <= message.maxVersion; version++)
      targets.push(messageTarget(message, version))
  for (const api of apis.values())
    for (let version = api.minVersion; version <= api.maxVersion; version++)
      targets.push(responseTarget(api, version))
  return new Map(targets.map((target) => [target.name, target]))
}
