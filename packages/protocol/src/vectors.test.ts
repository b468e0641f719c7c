import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { MalformedError } from './errors/kafka-error.ts'
import {
  correlationIdOf,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  peekRequest,
  requestHeaderVersion,
  responseHeaderVersion,
} from './frame.ts'
import { declaredApis, declaredMessages } from './messages.test-support.ts'
import { codec } from './schema/compile.ts'
import { defaultOf } from './schema/field-default.ts'
import { Reader } from './schema/reader.ts'
import type { Api, Message, Shape, WireType } from './schema/schema.ts'
import { type UnknownTag, unknownTags } from './schema/unknown-tags.ts'
import { Writer } from './schema/writer.ts'
import { testlines } from './testdata.test-support.ts'

interface Vector {
  api?: number
  name: string
  kind: string
  version: number
  case: string
  value: Record<string, unknown>
  hex: string
  unsafe?: boolean
  unknownTags?: { path: string; tag: number; hex: string }[]
  header?: Record<string, unknown>
  headerVersion?: number
  prefix?: string
}

/** What Kafka's JSON converter would write for a decoded value: only the fields that the version has. */
function toJson(value: unknown, type: WireType, version: number): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'bytes':
    case 'records':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'bigint64':
    case 'int64OrBigint':
      assert.ok(type.kind === 'bigint64' || typeof value === 'number' || !isSafe(value as bigint))
      return safe(value as bigint | number)
    case 'int64OrInfinity':
      return value === Number.POSITIVE_INFINITY ? '9223372036854775807' : value
    case 'array':
      return (value as unknown[]).map((element) => toJson(element, type.element.spec.type, version))
    case 'struct':
      return structToJson(value as Record<string, unknown>, type.shape, version)
    default:
      return value
  }
}

function structToJson(
  value: Record<string, unknown>,
  shape: Shape,
  version: number,
): Record<string, unknown> {
  const json: Record<string, unknown> = {}
  for (const [name, { spec }] of Object.entries(shape)) {
    if (version < spec.since || version > spec.until) continue
    json[name] = toJson(value[name], spec.type, version)
  }
  return json
}

function safe(value: bigint | number): number | string {
  return isSafe(value) ? Number(value) : value.toString()
}

function isSafe(value: bigint | number): boolean {
  return Number.isSafeInteger(Number(value))
}

/** The expected value with the tagged fields filled in that Kafka leaves out because they hold their default. */
function expected(value: unknown, type: WireType, version: number): unknown {
  if (type.kind === 'array' && Array.isArray(value))
    return value.map((element) => expected(element, type.element.spec.type, version))
  if (type.kind !== 'struct' || value === null || typeof value !== 'object') return value
  const filled: Record<string, unknown> = { ...value }
  for (const [name, { spec }] of Object.entries(type.shape)) {
    if (version < spec.since || version > spec.until) continue
    if (name in value) filled[name] = expected(filled[name], spec.type, version)
    else if (spec.tag !== undefined) filled[name] = toJson(defaultOf(spec), spec.type, version)
  }
  return filled
}

/** The struct at a path like `topics[0].partitions[1]`. */
function structAt(value: unknown, path: string): Record<string | symbol, unknown> {
  let at = value as Record<string, unknown>
  for (const step of path.match(/\w+/g) ?? []) at = at[step] as Record<string, unknown>
  return at
}

const directory = fileURLToPath(new URL('../testdata/vectors', import.meta.url))
const files = readdirSync(directory).sort()
const counts = { files: 0, read: 0, records: 0, refused: 0, unknown: 0, frames: 0 }
const missing = new Set<string>()

for (const file of files.filter((name) => name !== 'frames.jsonl.gz')) {
  test(`${file.replace('.jsonl.gz', '')}: golden bytes give the value and come back`, () => {
    counts.files++
    for (const vector of testlines<Vector>(`vectors/${file.replace(/\.gz$/, '')}`)) {
      const name = messageName(vector)
      const message = declaredMessages.get(name)
      if (message) check(vector, message)
      else missing.add(name)
    }
  })
}

function messageName({ name, kind }: Vector): string {
  if (kind !== 'request' && kind !== 'response') return name
  if (/Header$/.test(name)) return name
  return name.replace(/(Request|Response)?$/, kind === 'request' ? 'Request' : 'Response')
}

/**
 * What brokers count, measure or read from their own clock, and nobody else sets: the only numbers of 64 bits that are
 * refused beyond 2^53. See GAPS.md.
 */
const countedByBrokers: ReadonlySet<string> = new Set([
  ...['baseOffset', 'logStartOffset', 'highWatermark', 'lowWatermark', 'endOffset', 'offset', 'lastOffset'],
  ...['firstOffset', 'currentTxnStartOffset', 'currentTxnFirstOffset', 'partitionSize'],
  ...['replicaEpoch', 'finalizedFeaturesEpoch', 'version'],
  ...['logAppendTimeMs', 'currentStateTimestamp', 'assignmentTimestamp', 'createTimestamp', 'writeTimestamp'],
  ...['transactionStartTimeMs', 'transactionLastUpdateTimestampMs', 'lastContainedLogTimestamp'],
])

/** What stands in front of the message: the type of a coordinator's record or the version. */
function prefixOf({ prefix, api, version }: Vector): string {
  if (prefix === undefined || prefix === 'none') return ''
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(prefix === 'type' ? (api as number) : version)
  return bytes.toString('hex')
}

function check(vector: Vector, message: Message<Shape>): void {
  const label = `${message.name} v${vector.version} ${vector.case}`
  const prefix = prefixOf(vector)
  assert.ok(vector.hex.startsWith(prefix), label)
  const hex = vector.hex.slice(prefix.length)
  const coder = codec(message, vector.version)
  const reader = new Reader(Buffer.from(hex, 'hex'))
  let value: Record<string, unknown>
  try {
    value = coder.decode(reader) as Record<string, unknown>
  } catch (error) {
    assert.ok(error instanceof MalformedError && vector.unsafe, `${label}: ${(error as Error).message}`)
    assert.match(error.message, /beyond the safe integers/)
    assert.ok(countedByBrokers.has(error.path.at(-1) as string), `${label}: ${error.message}`)
    counts.refused++
    return
  }
  assert.equal(reader.remaining, 0, label)
  const json = structToJson(value, message.shape, vector.version)
  assert.deepEqual(
    json,
    expected(vector.value, { kind: 'struct', shape: message.shape }, vector.version),
    label,
  )
  const writer = new Writer(32)
  coder.encode(writer, value as never)
  assert.equal(Buffer.from(writer.finishContiguous()).toString('hex'), hex, label)
  for (const { path, tag, hex } of vector.unknownTags ?? []) {
    const kept = structAt(value, path)[unknownTags] as Iterable<UnknownTag> | undefined
    const found = [...(kept ?? [])].find((unknown) => unknown.tag === tag)
    assert.ok(found, `${label}: tag ${tag} at "${path}"`)
    assert.equal(Buffer.from(found.bytes).toString('hex'), hex, label)
    counts.unknown++
  }
  counts.read++
  if (prefix !== '') counts.records++
}

/** What only controllers and replicas speak; see GAPS.md. */
const internalApis: readonly number[] = [52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82]

test('whole frames with their headers', () => {
  const byKey = new Map(declaredApis.map((api) => [api.key, api]))
  const undeclared = new Set<number>()
  for (const vector of testlines<Vector>('vectors/frames.jsonl')) {
    const api = byKey.get(vector.api as number)
    if (!api) {
      undeclared.add(vector.api as number)
      continue
    }
    const isRequest = vector.kind === 'request'
    const headerVersion = isRequest
      ? requestHeaderVersion(api, vector.version)
      : responseHeaderVersion(api, vector.version)
    assert.equal(headerVersion, vector.headerVersion)
    checkFrame(api, vector)
    counts.frames++
  }
  assert.deepEqual(
    [...undeclared].sort((a, b) => a - b),
    internalApis,
  )
})

/** Header and value of a whole frame, by the functions that take frames, and its bytes once more. */
function checkFrame(api: Api, vector: Vector): void {
  const { kind, version, hex, header } = vector
  const label = `${api.name} ${kind} v${version}`
  const whole = Buffer.from(hex, 'hex')
  assert.equal(whole.readInt32BE(0), whole.length - 4, label)
  const frame = whole.subarray(4)
  const message: Message<Shape> = kind === 'request' ? api.request : api.response
  const shape: WireType = { kind: 'struct', shape: message.shape }
  const value = kind === 'request' ? decodeRequest(api, version, frame) : decodeResponse(api, version, frame)
  const json = structToJson(value, message.shape, version)
  assert.deepEqual(json, expected(vector.value, shape, version), label)
  const again =
    kind === 'request'
      ? encodeRequest(api, version, header?.correlationId as number, header?.clientId as string | null, value)
      : encodeResponse(api, version, header?.correlationId as number, value)
  assert.equal(Buffer.concat(again).toString('hex'), hex, label)
  if (kind === 'response') assert.equal(correlationIdOf(frame), header?.correlationId, label)
  else {
    const { apiKey, apiVersion, correlationId, clientId } = peekRequest(frame)
    const { requestApiKey, requestApiVersion, clientId: name } = header as Record<string, unknown>
    assert.deepEqual([apiKey, apiVersion], [requestApiKey, requestApiVersion], label)
    assert.deepEqual([correlationId, clientId], [header?.correlationId, name ?? ''], label)
  }
}

test('every vector was read', () => {
  assert.deepEqual([...missing], [])
  const messages = files.filter((name) => name !== 'frames.jsonl.gz')
  const lines = messages.flatMap((name) => testlines<Vector>(`vectors/${name.replace(/\.gz$/, '')}`))
  assert.equal(counts.read + counts.refused, lines.length)
  assert.equal(counts.refused, 117)
  console.log(
    `golden vectors of ${counts.files} files: ${counts.read} read and written (${counts.records} stored records and ` +
      `blobs), ${counts.refused} refused as beyond 2^53, ${counts.unknown} unknown tags kept, ${counts.frames} frames`,
  )
  assert.ok(counts.read > 4500 && counts.frames === 268, JSON.stringify(counts))
  assert.ok(counts.unknown > 1000, String(counts.unknown))
})
