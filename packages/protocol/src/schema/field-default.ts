import { zeroUuid } from '../uuid.ts'
import { plainObject } from './plain-object.ts'
import type { FieldSpec, Shape, WireType } from './schema.ts'

/** The value that a field has where the version lacks it: its declared default, or Kafka's implicit one. */
export function defaultOf(spec: FieldSpec): unknown {
  return defaultMaker(spec)()
}

/** The same for whoever needs it again and again. What could be changed by whoever gets it is made anew each time. */
export function defaultMaker({ default: declared, type }: FieldSpec): () => unknown {
  if (declared) return () => declared.value
  switch (type.kind) {
    case 'boolean':
      return () => false
    case 'bigint64':
      return () => 0n
    case 'string':
      return () => ''
    case 'uuid':
      return () => zeroUuid
    case 'bytes':
    case 'records':
      return () => new Uint8Array(0)
    case 'array':
      return () => []
    case 'struct':
      return structMaker(type.shape)
    default:
      return () => 0
  }
}

function structMaker(shape: Shape): () => unknown {
  const fields = Object.entries(shape).map(([name, { spec }]) => ({ name, make: defaultMaker(spec) }))
  const Value = plainObject()
  return () => {
    const value = new Value()
    for (const { name, make } of fields) value[name] = make()
    return value
  }
}

/**
 * A field that only some versions have may be left out, since the caller cannot know the version: it then has Kafka's
 * implicit default. But not where that default would name something else: a forgotten topic id is an error, not zeros.
 */
export function isRequired({ default: declared, since, until, type }: FieldSpec): boolean {
  if (declared) return false
  const isInAllVersions = since === 0 && until === Number.POSITIVE_INFINITY
  return isInAllVersions || type.kind === 'uuid' || type.kind === 'string'
}

/** Defaults to compare with, made once for each field: most messages have several fields that are not given. */
const references = new WeakMap<FieldSpec, unknown>()

/** Whether a value is the one that the field has anyway, so that nothing is lost without it. */
export function isDefault(value: unknown, spec: FieldSpec): boolean {
  if (!references.has(spec)) references.set(spec, defaultOf(spec))
  return same(value, references.get(spec), spec.type)
}

function same(value: unknown, other: unknown, type: WireType): boolean {
  if (value === other) return true
  if (value === null || other === null || value === undefined) return false
  if (type.kind === 'array') return (value as unknown[]).length === 0 && (other as unknown[]).length === 0
  if (type.kind === 'bytes' || type.kind === 'records') {
    return (value as Uint8Array).length === 0 && (other as Uint8Array).length === 0
  }
  if (type.kind === 'int64OrBigint') return Number(value) === other
  if (type.kind !== 'struct') return false
  const given = value as Record<string, unknown>
  const reference = other as Record<string, unknown>
  return Object.entries(type.shape).every(
    ([name, { spec }]) => given[name] === undefined || same(given[name], reference[name], spec.type),
  )
}
