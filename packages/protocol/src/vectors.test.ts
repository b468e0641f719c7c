import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import * as apis from './apis/index.ts'
import { codec, unknownTags } from './compile.ts'
import { RequestHeader, ResponseHeader, requestHeaderVersion, responseHeaderVersion } from './frame.ts'
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from './group-protocol.ts'
import { MalformedError } from './kafka-error.ts'
import { Reader } from './reader.ts'
import type { Api, Message, Shape, WireType } from './schema.ts'
import { testlines } from './testdata.test-support.ts'
import { Writer } from './writer.ts'

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

const messages = new Map<string, Message<Shape>>()
for (const api of Object.values(apis) as unknown as Api[]) {
  messages.set(api.request.name, api.request)
  messages.set(api.response.name, api.response)
}
for (const message of [
  RequestHeader,
  ResponseHeader,
  ConsumerProtocolSubscription,
  ConsumerProtocolAssignment,
]) {
  messages.set(message.name, message as unknown as Message<Shape>)
}

/** What Kafka's JSON converter would write for a decoded value: only the fields that the version has. */
function toJson(value: unknown, type: WireType, version: number): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'bytes':
    case 'records':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'bigint64':
      return safe(value as bigint)
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

function safe(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** The expected value with the tagged fields filled in that Kafka leaves out because they hold their default. */
function expected(value: unknown, decoded: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(decoded))
    return value.map((element, index) => expected(element, decoded[index]))
  if (value === null || typeof value !== 'object' || decoded === null || typeof decoded !== 'object')
    return value
  const filled: Record<string, unknown> = { ...(decoded as Record<string, unknown>) }
  for (const [name, content] of Object.entries(value))
    filled[name] = expected(content, (decoded as Record<string, unknown>)[name])
  return filled
}

function isUnsafeFor(vector: Vector): boolean {
  return vector.unsafe === true
}

const directory = fileURLToPath(new URL('../testdata/vectors', import.meta.url))
const files = readdirSync(directory).sort()
const counts = { read: 0, refused: 0, unknown: 0 }
const missing = new Set<string>()

for (const file of files.filter((name) => /^\d\d-|^headers/.test(name))) {
  test(`${file.replace('.jsonl.gz', '')}: golden bytes give the value and come back`, () => {
    for (const vector of testlines<Vector>(`vectors/${file.replace(/\.gz$/, '')}`)) {
      const name =
        /request|response/.test(vector.kind) && !/Header/.test(vector.name)
          ? vector.name.replace(/(Request|Response)?$/, vector.kind === 'request' ? 'Request' : 'Response')
          : vector.name
      const message = messages.get(name)
      if (!message) {
        missing.add(name)
        continue
      }
      check(vector, message)
    }
  })
}

function check(vector: Vector, message: Message<Shape>): void {
  const label = `${message.name} v${vector.version} ${vector.case}`
  const bytes = Buffer.from(vector.hex, 'hex')
  const coder = codec(message, vector.version)
  const reader = new Reader(bytes)
  let value: Record<string, unknown>
  try {
    value = coder.decode(reader) as Record<string, unknown>
  } catch (error) {
    assert.ok(error instanceof MalformedError && isUnsafeFor(vector), `${label}: ${(error as Error).message}`)
    assert.match(error.message, /beyond the safe integers/)
    counts.refused++
    return
  }
  assert.equal(reader.remaining, 0, label)
  const json = structToJson(value, message.shape, vector.version)
  assert.deepEqual(json, expected(vector.value, json), label)
  const writer = new Writer(32)
  coder.encode(writer, value as never)
  assert.equal(Buffer.from(writer.finishContiguous()).toString('hex'), vector.hex, label)
  if (vector.unknownTags?.some(({ path }) => path === '')) {
    assert.ok((value as { [unknownTags]?: unknown })[unknownTags], label)
    counts.unknown++
  }
  counts.read++
}

test('whole frames with their headers', () => {
  const byKey = new Map((Object.values(apis) as unknown as Api[]).map((api) => [api.key, api]))
  for (const vector of testlines<Vector>('vectors/frames.jsonl')) {
    const api = byKey.get(vector.api as number)
    if (!api) continue
    const isRequest = vector.kind === 'request'
    const headerVersion = isRequest
      ? requestHeaderVersion(api, vector.version)
      : responseHeaderVersion(api, vector.version)
    assert.equal(headerVersion, vector.headerVersion)
    const reader = new Reader(Buffer.from(vector.hex, 'hex'))
    assert.equal(reader.int32(), reader.remaining)
    const header = codec(isRequest ? RequestHeader : ResponseHeader, headerVersion).decode(reader)
    assert.deepEqual(header, vector.header)
    codec(isRequest ? api.request : api.response, vector.version).decode(reader)
    assert.equal(reader.remaining, 0)
    counts.read++
  }
})

test('every vector was read', () => {
  assert.deepEqual([...missing], [])
  console.log(
    `golden vectors: ${counts.read} read and written, ${counts.refused} refused as beyond 2^53, ${counts.unknown} with unknown tags`,
  )
  assert.ok(counts.read > 4000, String(counts.read))
})
