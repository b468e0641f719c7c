import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ApiVersions, Metadata, Produce } from '../apis/index.ts'
import { MalformedError } from '../errors/kafka-error.ts'
import { encodeRequest, encodeResponse } from '../frame.ts'
import { BatchWriter, readBatches } from '../records/index.ts'
import { decode } from '../schema/compile.ts'
import { defaultOf } from '../schema/field-default.ts'
import type { Message, Shape, WireType } from '../schema/schema.ts'
import { testlines } from '../testdata.test-support.ts'
import { zeroUuid } from '../uuid.ts'
import { explain } from './frame.ts'
import { apiOf } from './known-apis.ts'
import { explainMessage } from './message.ts'
import type { ExplainedBytes, Piece } from './piece.ts'
import { explainRecords } from './records.ts'
import { budgetOf, Trail } from './trail.ts'

interface Vector {
  readonly api: number
  readonly kind: 'request' | 'response'
  readonly version: number
  readonly case: string
  readonly hex: string
  readonly unsafe?: boolean
}

interface BatchVector {
  readonly name: string
  readonly valid: boolean
  readonly hex: string
}

/** Each byte once and in order, also of what was unpacked. */
function assertCovered({ bytes, pieces }: ExplainedBytes, label: string): void {
  let at = 0
  for (const { start, end, unpacked } of pieces) {
    assert.equal(start, at, label)
    assert.ok(end >= start, label)
    at = end
    if (unpacked) assertCovered(unpacked, label)
  }
  assert.equal(at, bytes.length, label)
}

/** Every value of a decoded message that is on the wire, by its path. */
function leaves(value: unknown, type: WireType, version: number, path: string): [string, unknown][] {
  if (value === null) return [[path, null]]
  if (type.kind === 'array') {
    const { element } = type
    return (value as unknown[]).flatMap((each, index) =>
      leaves(each, element.spec.type, version, `${path}[${index}]`),
    )
  }
  if (type.kind !== 'struct') return [[path, value]]
  return Object.entries(type.shape).flatMap(([name, { spec }]) => {
    const each = (value as Record<string, unknown>)[name]
    if (version < spec.since || version > spec.until) return []
    const written = leaves(each, spec.type, version, path === '' ? name : `${path}.${name}`)
    return spec.tag === undefined || !isDefault(each, defaultOf(spec)) ? written : []
  })
}

function isDefault(value: unknown, standard: unknown): boolean {
  try {
    assert.deepEqual(value, standard)
    return true
  } catch {
    return false
  }
}

function fieldsOf(pieces: readonly Piece[]): [string, unknown][] {
  return pieces
    .filter(({ role, note }) => role === 'field' && !note.startsWith('unknown tagged field'))
    .map(({ path, value }): [string, unknown] => [path, value])
}

/** Records are one value to the codec and many pieces here: their bytes are compared elsewhere. */
function withoutRecords(fields: [string, unknown][], message: Message<Shape>): [string, unknown][] {
  return fields
    .filter(([path, value]) => value === null || !path.endsWith('.records') || !holdsRecords(message))
    .filter(([path]) => !path.includes('.batches['))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function holdsRecords({ name }: Message<Shape>): boolean {
  return /^(ProduceRequest|FetchResponse|ShareFetchResponse)$/.test(name)
}

/** Why the codec does not take the bytes; undefined when it does. */
function refusal(message: Message<Shape>, version: number, bytes: Uint8Array): MalformedError | undefined {
  try {
    decode(message, version, bytes)
    return undefined
  } catch (error) {
    assert.ok(error instanceof MalformedError)
    return error
  }
}

const vectorFiles = readdirSync(fileURLToPath(new URL('../../testdata/vectors', import.meta.url)))
  .filter((name) => /^\d\d-/.test(name))
  .map((name) => name.replace('.gz', ''))

describe('explaining the golden messages', () => {
  let count = 0
  for (const file of vectorFiles) {
    it(`${file}: covers every byte, with the values that the codec gives`, () => {
      for (const vector of testlines<Vector>(`vectors/${file}`)) {
        const label = `${file} ${vector.kind} v${vector.version} ${vector.case}`
        const message = apiOf(vector.api)?.[vector.kind]
        assert.ok(message, label)
        const bytes = Buffer.from(vector.hex, 'hex')
        const trail = new Trail(bytes, budgetOf({}))
        const explained = trail.explain(() => explainMessage(trail, message, vector.version))
        assertCovered(explained, label)
        count++
        if (holdsRecords(message)) assert.equal(outside(explained), 0, label)
        else assert.equal(explained.error, undefined, label)
        if (vector.unsafe) continue
        const value = decode(message, vector.version, bytes)
        const expected = leaves(value, { kind: 'struct', shape: message.shape }, vector.version, '')
        const wanted = withoutRecords(expected, message)
        assert.deepEqual(withoutRecords(fieldsOf(explained.pieces), message), wanted, label)
      }
    })
  }

  it('was done for all of them', () => {
    assert.ok(count > 2000, String(count))
  })
})

/** Bytes that were not understood outside of records, whose golden bytes are not always batches. */
function outside({ pieces }: ExplainedBytes): number {
  return pieces.filter(
    ({ role, path, note }) => role === 'rest' && !/records/.test(path + note) && !/batch/.test(note),
  ).length
}

describe('explaining whole frames', () => {
  it('covers the golden ones, with their headers, in both directions', () => {
    for (const vector of testlines<Vector>('vectors/frames.jsonl')) {
      const api = apiOf(vector.api)
      if (!api) continue
      const label = `${api.name} ${vector.kind} v${vector.version}`
      const response = { api, version: vector.version }
      const whole = Buffer.from(vector.hex, 'hex')
      for (const bytes of [whole, whole.subarray(4)]) {
        const explained = explain(bytes, vector.kind === 'request' ? {} : { response })
        assertCovered(explained, label)
        assert.equal(explained.error, undefined, label)
        assert.equal(explained.api, api, label)
        assert.equal(explained.version, vector.version, label)
      }
    }
  })

  const request = Buffer.concat(
    encodeRequest(Metadata, 12, 7, 'me', {
      topics: [{ topicId: zeroUuid, name: 'orders' }],
      allowAutoTopicCreation: true,
      includeTopicAuthorizedOperations: false,
    }),
  )

  it('names the fields, the API and what is left at its default', () => {
    const { pieces, correlationId } = explain(request)
    assert.equal(correlationId, 7)
    const shown = pieces.map(({ path, type, value, note }) => [path, type, value, note])
    assert.deepEqual(shown, [
      ['size', 'int32 size', request.length - 4, ''],
      ['header.requestApiKey', 'int16', 3, 'Metadata'],
      ['header.requestApiVersion', 'int16', 12, ''],
      ['header.correlationId', 'int32', 7, ''],
      ['header.clientId', 'string', 'me', ''],
      ['header.taggedFields', 'uvarint count', 0, ''],
      ['topics', 'uvarint count', 1, ''],
      ['topics[0].topicId', 'uuid', zeroUuid, 'no id'],
      ['topics[0].name', 'compact string', 'orders', ''],
      ['topics[0].taggedFields', 'uvarint count', 0, ''],
      ['allowAutoTopicCreation', 'boolean', true, 'default'],
      ['includeTopicAuthorizedOperations', 'boolean', false, ''],
      ['taggedFields', 'uvarint count', 0, ''],
    ])
  })

  it('explains every prefix up to where it ends, and says there what fails', () => {
    for (let length = 0; length < request.length; length++) {
      const explained = explain(request.subarray(0, length), { sized: true })
      assertCovered(explained, String(length))
      assert.ok(explained.error, String(length))
      const whole = explain(request).pieces
      const read = explained.pieces.filter(({ role }) => role !== 'rest')
      assert.deepEqual(
        read.map(({ path, end }) => [path, end]),
        whole.slice(0, read.length).map(({ path, end }) => [path, end]),
      )
    }
  })

  it('names the field that is broken', () => {
    const broken = Buffer.from(request)
    broken[broken.indexOf('orders') - 1] = 100
    const { error, pieces } = explain(broken)
    assert.match(error?.message ?? '', /^topics\[0\]\.name: length 99 is more than the \d+ bytes that remain/)
    assert.equal(pieces.at(-1)?.role, 'rest')
    assert.equal(pieces.at(-1)?.path, 'topics[0].name')
  })

  it('says what cannot be explained: unknown APIs and versions, surplus bytes, answers to the unknown', () => {
    const of = (hex: string) => explain(Buffer.from(hex, 'hex'), { sized: false })
    assert.match(of('03e7000000000001ffff').error?.message ?? '', /no API with key 999/)
    assert.match(of('0003006300000001ffff00').error?.message ?? '', /known in versions 0 to \d+, not 99/)
    const surplus = explain(Buffer.concat([request.subarray(4), Buffer.from('abc')]), { sized: false })
    assert.match(surplus.error?.message ?? '', /leaves 3 bytes over/)
    const unknown = explain(Buffer.from('00000009aabb', 'hex'), { response: 'unknown' })
    assert.equal(unknown.correlationId, 9)
    assert.equal(unknown.error, undefined)
    assert.equal(unknown.pieces.at(-1)?.role, 'rest')
  })

  it('finds something wrong exactly where the codec does, whichever byte is damaged', () => {
    let refused = 0
    const some = vectorFiles.flatMap((file) =>
      testlines<Vector>(`vectors/${file}`).filter((_, index) => index % 9 === 4),
    )
    for (const vector of some) {
      const message = apiOf(vector.api)?.[vector.kind]
      if (!message || holdsRecords(message)) continue
      const body = Buffer.from(vector.hex, 'hex')
      for (let at = 0; at < Math.min(body.length, 300); at++) {
        const bytes = Buffer.from(body)
        bytes[at] = (bytes[at] as number) ^ (at % 3 === 0 ? 0xff : 0x81)
        const trail = new Trail(bytes, budgetOf({}))
        const explained = trail.explain(() => explainMessage(trail, message, vector.version))
        const label: string = `${message.name} v${vector.version} with byte ${at} damaged`
        assertCovered(explained, label)
        const why = refusal(message, vector.version, bytes)
        // Integers beyond 2^53 are well-formed; the codec refuses them at once, so what is behind them stays open.
        if (why?.message.includes('beyond the safe integers')) continue
        const isLeftOver = explained.pieces.at(-1)?.note === 'left over'
        assert.equal(
          explained.error !== undefined || isLeftOver,
          why !== undefined,
          `${label}: ${why?.message}`,
        )
        const { error } = explained
        // A list of numbers that is too long is refused by the codec where it begins.
        if (error) assert.ok((error as MalformedError).position >= (why?.position ?? 0), label)
        refused += why === undefined ? 0 : 1
      }
    }
    assert.ok(refused > 500, String(refused))
  })

  it('reads the refusal of an ApiVersions request as version 0', () => {
    const bytes = Buffer.concat(encodeResponse(ApiVersions, 0, 1, { errorCode: 35, apiKeys: [] }))
    const explained = explain(bytes, { response: { api: ApiVersions, version: 4 } })
    assert.equal(explained.version, 0)
    assert.equal(explained.error, undefined)
    assert.ok(explained.pieces.some(({ note }) => note === 'UNSUPPORTED_VERSION'))
  })

  it('ends at the limit of pieces, and still covers every byte', () => {
    const explained = explain(request, { maxPieces: 5 })
    assertCovered(explained, '')
    assert.equal(explained.pieces.length, 6)
    assert.match(explained.error?.message ?? '', /maxPieces/)
  })
})

describe('explaining records', () => {
  for (const vector of testlines<BatchVector>('batches.jsonl')) {
    it(`${vector.name}: covers every byte and reads what the reader reads`, () => {
      const bytes = Buffer.from(vector.hex, 'hex')
      const explained = explainRecords(bytes, { maxPieces: 1_000_000 })
      assertCovered(explained, vector.name)
      const notes = crcNotes(explained)
      if (!vector.valid) {
        assert.ok(explained.error ?? notes.find((note) => note !== 'matches'), vector.name)
        return
      }
      assert.equal(explained.error, undefined)
      // Offsets and times beyond the safe integers are refused by the reader and explained all the same.
      if (!/2\^(53|63)/.test(vector.name)) assert.deepEqual(contentExplained(explained), contentRead(bytes))
      assert.ok(notes.every((note) => note === 'matches'))
    })
  }

  it('stays within the limits for a batch that unpacks to far more', () => {
    const writer = new BatchWriter()
    writer.append(0, null, Buffer.alloc(1_000_000), undefined)
    const bytes = writer.finish({ codec: 'gzip' })
    const explained = explainRecords(bytes, { maxDecompressedBytes: 1000 })
    assertCovered(explained, '')
    assert.match(explained.error?.message ?? '', /cannot be decompressed: .*limit of 1000 bytes/)
  })

  it('counts what all batches unpack to, so that many of them are no more than one', () => {
    const writer = new BatchWriter()
    writer.append(0, null, Buffer.alloc(400_000), undefined)
    const batch = writer.finish({ codec: 'gzip' })
    const explained = explainRecords(Buffer.concat(Array(50).fill(batch)), {
      maxDecompressedBytes: 1_000_000,
    })
    assertCovered(explained, '')
    assert.equal(explained.pieces.filter(({ unpacked }) => unpacked).length, 2)
    assert.match(explained.error?.message ?? '', /cannot be decompressed: it is larger than the limit/)
  })

  it('goes on behind a broken batch, and with the fields behind the records', () => {
    const writer = new BatchWriter()
    writer.append(1, 'key', 'value', undefined)
    const batch = writer.finish({})
    const broken = Buffer.from(batch)
    broken[16] = 9
    const records = Buffer.concat([broken, batch])
    const topicData = [{ name: 't', topicId: zeroUuid, partitionData: [{ index: 0, records }] }]
    const frame = Buffer.concat(
      encodeRequest(Produce, 11, 1, null, {
        acks: 1,
        timeoutMs: 1,
        topicData,
        transactionalId: null,
      }),
    )
    const { pieces, error } = explain(frame)
    assert.match(error?.message ?? '', /magic 9 is not known/)
    const second = 'topicData[0].partitionData[0].records.batches[1].records[0]'
    assert.equal(String(pieces.find(({ path }) => path === `${second}.value`)?.value), 'value')
    assert.equal(pieces.at(-1)?.path, 'taggedFields')
  })
})

/** What is said of every checksum, also of those within compressed bytes. */
function crcNotes({ pieces }: ExplainedBytes): string[] {
  return pieces.flatMap(({ path, note, unpacked }) => {
    if (unpacked) return crcNotes(unpacked)
    return path.endsWith('crc') ? [note] : []
  })
}

/** Keys, values and headers of all records, in order. */
function contentExplained({ pieces }: ExplainedBytes): unknown[] {
  // The key of a compressed message of magic 0 or 1 is the wrapper's, not a record's.
  const wrappers = new Set(
    pieces.filter(({ unpacked }) => unpacked).map(({ path }) => path.replace(/value$/, 'key')),
  )
  return pieces.flatMap(({ path, value, unpacked, role }) => {
    if (unpacked) return contentExplained(unpacked)
    if (wrappers.has(path)) return []
    return role === 'field' && /\.(key|value)$/.test(path)
      ? [comparable(value as Uint8Array | string | null)]
      : []
  })
}

function contentRead(bytes: Uint8Array): unknown[] {
  const records = [...readBatches(bytes)].flatMap((batch) => batch.records())
  return records.flatMap((record) => {
    const headers = record.headers.flatMap(({ key, value }) => [key, value])
    return [record.key, record.value, ...headers].map(comparable)
  })
}

function comparable(content: Uint8Array | string | null): unknown {
  return content instanceof Uint8Array ? Buffer.from(content).toString('hex') : content
}
