import assert from 'node:assert/strict'
import test from 'node:test'
import { requestHeaderVersion, responseHeaderVersion } from '../frame.ts'
import { declaredApis, declaredMessages } from '../messages.test-support.ts'
import { testjson } from '../testdata.test-support.ts'
import { zeroUuid } from '../uuid.ts'
import { defaultOf } from './field-default.ts'
import type { FieldSpec, Message, Shape, WireType } from './schema.ts'

interface KafkaField {
  name: string
  type: string
  versions: string
  nullableVersions?: string
  taggedVersions?: string
  tag?: number
  flexibleVersions?: string
  default?: string
  ignorable?: boolean
  fields?: KafkaField[]
}

interface KafkaMessage {
  apiKey?: number
  type: string
  name: string
  validVersions: string
  flexibleVersions: string
  listeners?: string[]
  fields: KafkaField[]
  commonStructs?: { name: string; fields: KafkaField[] }[]
}

interface KafkaApi {
  key: number
  name: string
  supported: boolean
  min: number
  max: number
  listeners: Record<string, [number, number]> | null
  headers: Record<string, [number, number]>
}

const kafka = testjson<{ messages: KafkaMessage[] }>('schema.json').messages
const spoken = testjson<{ apis: KafkaApi[] }>('apis.json').apis.filter(({ listeners }) => listeners?.broker)
const spokenKeys = new Set(spoken.map(({ key }) => key))

/** Quorum state is a file of controllers. */
const wanted = kafka.filter(
  ({ type, apiKey, name }) =>
    type === 'header' ||
    type === 'coordinator-key' ||
    type === 'coordinator-value' ||
    (type === 'data' && name !== 'QuorumStateData') ||
    ((type === 'request' || type === 'response') && spokenKeys.has(apiKey as number)),
)

/** Versions older than any that Kafka 4.3 can code. Their bytes are checked by hand in old-versions.test.ts. */
const older: Readonly<Record<string, number>> = { WriteTxnMarkersRequest: 0, WriteTxnMarkersResponse: 0 }

/**
 * Kafka's schema of these fields says `"default": null` where its generator only understands `"default": "null"`, so
 * that their default really is the implicit one: Kafka writes null out, and leaves out what is empty.
 */
const misspelledDefaults = new Set([
  'ConsumerGroupMemberMetadataValue.classicMemberMetadata',
  'ConsumerGroupCurrentMemberAssignmentValue.assignedPartitions.assignmentEpochs',
  'ConsumerGroupCurrentMemberAssignmentValue.partitionsPendingRevocation.assignmentEpochs',
  'StreamsGroupMetadataValue.lastAssignmentConfigs',
  ...['activeTasks', 'standbyTasks', 'warmupTasks'].flatMap((name) =>
    [name, `${name}PendingRevocation`].map(
      (tasks) => `StreamsGroupCurrentMemberAssignmentValue.${tasks}.assignmentEpochs`,
    ),
  ),
])

/** What is to be compared of one field in one version; its place among its siblings is part of it. */
type Facts = Map<string, string>

const NEVER = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const

/** `3`, `3-5`, `3+` or `none`. */
function rangeOf(text: string | undefined): readonly [number, number] {
  if (text === undefined || text === 'none') return NEVER
  const [from, to] = text.replace('+', '-Infinity').split('-') as [string, string?]
  return [Number(from), Number(to ?? from)]
}

function has(text: string | undefined, version: number): boolean {
  const [from, to] = rangeOf(text)
  return version >= from && version <= to
}

function camel(name: string): string {
  return (name[0] as string).toLowerCase() + name.slice(1)
}

/** One line for everything that decides how a field is coded. */
function line(
  type: string,
  at: string,
  isNullable: boolean,
  byDefault: string,
  ignorable: boolean,
  isCompact: boolean,
): string {
  const marks = [isNullable && 'nullable', ignorable && 'ignorable', isCompact && 'compact'].filter(Boolean)
  return [type, at, `default ${byDefault}`, ...marks].join(', ')
}

function ourFacts(message: Message<Shape>, version: number): Facts {
  const facts: Facts = new Map()
  const walk = (shape: Shape, path: string) => {
    let place = 0
    for (const [name, { spec }] of Object.entries(shape)) {
      const at = `${path}.${name}`
      if (version < spec.since || version > spec.until) {
        if (isDropped(spec))
          facts.set(at, `absent${spec.ignorable ? ', ignorable' : ''}, default ${ourDefault(spec)}`)
        continue
      }
      const isFlexible = version >= message.flexible
      const where = spec.tag === undefined ? `place ${place++}` : `tag ${spec.tag}`
      const isNullable = version >= spec.nullableSince && version <= spec.nullableUntil
      const isCompact = isFlexible && spec.compact
      facts.set(at, line(ourType(spec.type), where, isNullable, ourDefault(spec), spec.ignorable, isCompact))
      const inner = structOf(spec.type)
      if (inner) walk(inner, at)
    }
  }
  walk(message.shape, message.name)
  return facts
}

/** A field that some other version has; both sides name it, so that what is ignorable is compared there too. */
function isDropped(spec: FieldSpec): boolean {
  return spec.since <= spec.until
}

function structOf(type: WireType): Shape | undefined {
  if (type.kind === 'struct') return type.shape
  return type.kind === 'array' ? structOf(type.element.spec.type) : undefined
}

function ourType(type: WireType): string {
  if (type.kind === 'array') return `[]${ourType(type.element.spec.type)}`
  if (['bigint64', 'int64OrBigint', 'int64OrInfinity'].includes(type.kind)) return 'int64'
  return type.kind
}

function ourDefault(spec: FieldSpec): string {
  return shown(defaultOf(spec))
}

function shown(value: unknown): string {
  if (value === Number.POSITIVE_INFINITY) return '9223372036854775807'
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return `[${value.length}]`
  if (value !== null && typeof value === 'object') return 'struct'
  return String(value)
}

function kafkaFacts(message: KafkaMessage, version: number): Facts {
  const common = new Map((message.commonStructs ?? []).map(({ name, fields }) => [name, fields]))
  const facts: Facts = new Map()
  const walk = (fields: readonly KafkaField[], path: string) => {
    let place = 0
    for (const field of fields) {
      const at = `${path}.${camel(field.name)}`
      const inner = field.fields ?? common.get(field.type.replace('[]', ''))
      const byDefault = kafkaDefault(field, at, inner !== undefined)
      if (!has(field.versions, version)) {
        const isEver = intersects(field.versions, message.validVersions)
        if (isEver) facts.set(at, `absent${field.ignorable ? ', ignorable' : ''}, default ${byDefault}`)
        continue
      }
      const where = field.tag === undefined ? `place ${place++}` : `tag ${field.tag}`
      if (field.tag !== undefined) assert.ok(has(field.taggedVersions, version), `${at}: tagged in part`)
      const isNullable = has(field.nullableVersions, version)
      const isCompact = has(field.flexibleVersions ?? message.flexibleVersions, version)
      const ignorable = field.ignorable === true
      facts.set(at, line(kafkaType(field, inner), where, isNullable, byDefault, ignorable, isCompact))
      if (inner) walk(inner, at)
    }
  }
  walk(message.fields, message.name)
  return facts
}

function intersects(one: string, other: string): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)]
  return Math.max(a[0], b[0]) <= Math.min(a[1], b[1])
}

function kafkaType({ type }: KafkaField, inner: unknown): string {
  if (inner !== undefined) return type.startsWith('[]') ? '[]struct' : 'struct'
  return type.replace('bool', 'boolean')
}

function kafkaDefault({ type, default: given }: KafkaField, at: string, isStruct: boolean): string {
  if (given === 'null' && misspelledDefaults.has(at)) misspelled.add(at)
  else if (given !== undefined) return given
  if (type.startsWith('[]')) return '[0]'
  if (isStruct) return 'struct'
  if (type === 'bool') return 'false'
  if (type === 'uuid') return zeroUuid
  if (type === 'string') return ''
  return type === 'bytes' || type === 'records' ? '0 bytes' : '0'
}

const misspelled = new Set<string>()
const counts = { messages: 0, versions: 0, fields: 0 }

/** What differs between Kafka's schema and ours, by name. */
function differences(theirs: KafkaMessage): string[] {
  const ours = declaredMessages.get(theirs.name)
  if (!ours) return [`${theirs.name} is missing`]
  const found: string[] = []
  counts.messages++
  const [min, max] = rangeOf(theirs.validVersions)
  const [flexible] = rangeOf(theirs.flexibleVersions)
  const oldest = older[theirs.name] ?? min
  if (ours.minVersion !== oldest || ours.maxVersion !== max)
    found.push(`${theirs.name}: versions ${oldest} to ${max}, ours ${ours.minVersion} to ${ours.maxVersion}`)
  if (ours.flexible !== flexible)
    found.push(`${theirs.name}: flexible from ${flexible}, ours from ${ours.flexible}`)
  for (let version = min; version <= max; version++) {
    counts.versions++
    const [kafkas, own] = [kafkaFacts(theirs, version), ourFacts(ours, version)]
    for (const name of new Set([...kafkas.keys(), ...own.keys()])) {
      counts.fields++
      const [expected, actual] = [kafkas.get(name) ?? 'unknown', own.get(name) ?? 'unknown']
      if (expected !== actual) found.push(`${name} v${version}: Kafka has ${expected}; ours is ${actual}`)
    }
  }
  return found
}

test('every message that a broker or a client of Kafka 4.3 speaks is declared as Kafka declares it', () => {
  assert.deepEqual(wanted.flatMap(differences), [])
  assert.deepEqual([...misspelled].sort(), [...misspelledDefaults].sort(), 'exceptions that are none')
  console.log(
    `schema: ${counts.messages} messages, ${counts.versions} versions, ${counts.fields} fields compared, none differs`,
  )
  assert.ok(counts.messages > 200, String(counts.messages))
})

test('nothing is declared that Kafka does not have', () => {
  const names = new Set(wanted.map(({ name }) => name))
  assert.deepEqual(
    [...declaredMessages.keys()].filter((name) => !names.has(name)),
    [],
  )
})

test('keys, names and headers of the APIs are those of a running broker', () => {
  const byKey = new Map(declaredApis.map((api) => [api.key, api]))
  for (const { key, name, min, max, headers } of spoken) {
    const api = byKey.get(key)
    assert.ok(api, `${name} is missing`)
    assert.equal(api.name, name)
    assert.deepEqual([api.minVersion, api.maxVersion], [older[`${name}Request`] ?? min, max], name)
    for (const [version, pair] of Object.entries(headers)) {
      const ours: number[] = [
        requestHeaderVersion(api, Number(version)),
        responseHeaderVersion(api, Number(version)),
      ]
      assert.deepEqual(ours, pair, `headers of ${name} v${version}`)
    }
  }
  assert.equal(byKey.size, spoken.length)
})
