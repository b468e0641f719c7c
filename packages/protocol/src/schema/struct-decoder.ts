import { EncodeError, MalformedError, UnsupportedVersionError } from '../errors/kafka-error.ts'
import { UNKNOWN_TAGS_BYTES } from './decoded-size.ts'
import type { Value } from './plain-object.ts'
import { plainObject } from './plain-object.ts'
import { Reader } from './reader.ts'
import type { Coder, Decode } from './scalar-coder.ts'
import type { FieldSpec, Make, Shape } from './schema.ts'
import { UnknownTags, unknownTags } from './unknown-tags.ts'

/** What is being compiled. */
export interface Context {
  message: string
  version: number
  flexible: boolean
}

/** A field that the version has. */
export interface Slot {
  name: string
  spec: FieldSpec
  coder: Coder
  required: boolean
  makeDefault: () => unknown
}

/** A field that the version lacks. */
export interface Lacking {
  name: string
  spec: FieldSpec
  makeDefault: () => unknown
}

/** The fields of a struct at one version, in the order of the wire. */
export interface Fields {
  plain: readonly Slot[]
  tagged: readonly Slot[]
  lacking: readonly Lacking[]
}

/** Reads a struct field by field. */
export function structDecoder({ plain, tagged, lacking }: Fields, context: Context): Decode {
  const names = plain.map(({ name }) => name)
  const decoders = plain.map(({ coder }) => coder.decode)
  const defaults = [...lacking, ...tagged]
  const count = names.length
  const Value = plainObject()
  return (reader) => {
    const value = new Value()
    let at = 0
    try {
      for (; at < count; at++) value[names[at] as string] = (decoders[at] as Decode)(reader)
    } catch (error) {
      throw located(error, names[at] as string)
    }
    for (const { name, makeDefault } of defaults) value[name] = makeDefault()
    if (context.flexible) decodeTags(reader, value, tagged)
    return value
  }
}

/** Reads a struct by its maker. */
export function madeDecoder(shape: Shape, make: Make<Shape>, fields: Fields, context: Context): Decode {
  const { plain, tagged, lacking } = fields
  expectOrder(shape, make, context)
  const read = Object.fromEntries([
    ...plain.map(({ name, coder }) => [name, coder.decode]),
    ...[...lacking, ...tagged].map(({ name, makeDefault }) => [name, makeDefault]),
  ])
  const slow = structDecoder(fields, context)
  return (reader) => {
    const start = reader.position
    let value: Value
    try {
      value = make(read, reader)
    } catch {
      // Nobody counted the fields: read once more, it breaks again, and says where.
      reader.position = start
      return slow(reader)
    }
    if (context.flexible) decodeTags(reader, value, tagged)
    return value
  }
}

/** A maker that reads in another order than the shape's would take one field for another. */
function expectOrder(shape: Shape, make: Make<Shape>, { message }: Context): void {
  const met: string[] = []
  const names = Object.keys(shape)
  const made = make(
    Object.fromEntries(names.map((name) => [name, () => met.push(name)])),
    new Reader(NOTHING),
  )
  for (const order of [met, Object.keys(made)]) {
    if (order.join() !== names.join())
      throw new Error(`${message}: reads ${order} where its shape has ${names}`)
  }
}

const NOTHING = new Uint8Array(0)

function decodeTags(reader: Reader, value: Value, tagged: readonly Slot[]): void {
  const count = reader.uvarint()
  if (count > 0) decodeSomeTags(reader, value, tagged, count)
}

function decodeSomeTags(reader: Reader, value: Value, tagged: readonly Slot[], count: number): void {
  let last = -1
  let firstUnknown = -1
  let lastUnknown = -1
  for (let left = count; left > 0; left--) {
    const at = reader.position
    const tag = reader.uvarint()
    if (tag <= last) throw new MalformedError(`tagged field ${tag} comes after ${last}`, at)
    last = tag
    const size = sizeWithin(reader, reader.uvarint())
    const known = tagged.find(({ spec }) => spec.tag === tag)
    if (!known) {
      if (firstUnknown < 0) firstUnknown = at
      reader.take(size)
      lastUnknown = reader.position
      continue
    }
    const end = reader.position + size
    try {
      value[known.name] = known.coder.decode(reader)
      if (reader.position !== end) {
        throw new MalformedError(
          `tagged field ends ${reader.position - end} bytes off its size`,
          reader.position,
        )
      }
    } catch (error) {
      throw located(error, known.name)
    }
  }
  if (firstUnknown < 0) return
  reader.charge(UNKNOWN_TAGS_BYTES)
  const section = reader.bytes.subarray(firstUnknown, lastUnknown)
  value[unknownTags] = new UnknownTags(
    section,
    tagged.map(({ spec }) => spec.tag),
  )
}

function sizeWithin(reader: Reader, size: number): number {
  if (size > reader.remaining) {
    throw new MalformedError(
      `tagged field of ${size} bytes where ${reader.remaining} remain`,
      reader.position,
    )
  }
  return size
}

/** Says of an error in which field it is. */
export function located(error: unknown, name: string): unknown {
  if (error instanceof MalformedError || error instanceof EncodeError) return error.within(name)
  if (error instanceof UnsupportedVersionError) return error.within(name)
  return error
}
