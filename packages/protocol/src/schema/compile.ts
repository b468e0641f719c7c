import { EncodeError, MalformedError, UnsupportedVersionError } from '../errors/kafka-error.ts'
import { decodedSize, SPARE_BYTES } from './decoded-size.ts'
import { defaultMaker, isDefault, isRequired } from './field-default.ts'
import { type DecodeLimits, Reader, TEXT_BYTES_MAX } from './reader.ts'
import { roomFor } from './room.ts'
import { type Coder, describe, type Encode, readInt32, scalarCoder } from './scalar-coder.ts'
import type { Decoded, Encodable, FieldSpec, Make, Message, Shape } from './schema.ts'
import type { Context, Fields, Lacking, Slot } from './struct-decoder.ts'
import { located, madeDecoder, structDecoder } from './struct-decoder.ts'
import { type UnknownTag, unknownTags } from './unknown-tags.ts'
import { Writer } from './writer.ts'

/** A message at one version, compiled to closures. */
export interface Codec<S extends Shape> {
  encode(writer: Writer, value: Encodable<S>): void
  decode(reader: Reader): Decoded<S>
}

const compiled = new WeakMap<Message<Shape>, Codec<Shape>[]>()

/**
 * The codec of a message at a version; made at first use and kept.
 * @throws UnsupportedVersionError when the message has no such version.
 */
export function codec<S extends Shape>(message: Message<S>, version: number): Codec<S> {
  let versions = compiled.get(message as unknown as Message<Shape>)
  if (!versions) {
    versions = []
    compiled.set(message as unknown as Message<Shape>, versions)
  }
  const known = versions[version]
  if (known) return known as unknown as Codec<S>
  if (!(Number.isInteger(version) && version >= message.minVersion && version <= message.maxVersion)) {
    throw new UnsupportedVersionError(
      `${message.name} has versions ${message.minVersion} to ${message.maxVersion}, not ${version}`,
      message.name,
      version,
    )
  }
  const made = structCoder(message.shape, {
    message: message.name,
    version,
    flexible: version >= message.flexible,
  })
  versions[version] = made
  return made as unknown as Codec<S>
}

/**
 * Bytes of one message without a header.
 * @throws EncodeError when a value does not fit, or a required field is missing
 * @throws UnsupportedVersionError for a version that the message has not, or that lacks a field which may not be left out
 */
export function encode<S extends Shape>(
  message: Message<S>,
  version: number,
  value: Encodable<S>,
): Uint8Array {
  const writer = new Writer()
  codec(message, version).encode(writer, value)
  return writer.finishContiguous()
}

/**
 * The value of one message; bytes that are left over are an error.
 * @throws MalformedError for bytes that are no such message, or whose value would take more memory than the limits allow.
 */
export function decode<S extends Shape>(
  message: Message<S>,
  version: number,
  bytes: Uint8Array,
  limits?: DecodeLimits,
): Decoded<S> {
  const reader = new Reader(bytes, 0, bytes.length, limits)
  const value = codec(message, version).decode(reader)
  expectEnd(reader, message.name, version)
  return value
}

/**
 * Left-over bytes mean that the two sides disagree on the layout: nothing that was read can be trusted.
 * @throws MalformedError when there are some
 */
export function expectEnd(reader: Reader, name: string, version: number): void {
  if (reader.remaining > 0) {
    throw new MalformedError(`${name} v${version} leaves ${reader.remaining} bytes over`, reader.position)
  }
}

function structCoder(shape: Shape, context: Context, make?: Make<Shape>): Coder {
  const { version, flexible } = context
  const plain: Slot[] = []
  const tagged: Slot[] = []
  const lacking: Lacking[] = []
  for (const [name, { spec }] of Object.entries(shape)) {
    const makeDefault = defaultMaker(spec)
    if (version < spec.since || version > spec.until || (spec.tag !== undefined && !flexible)) {
      lacking.push({ name, spec, makeDefault })
      continue
    }
    const coder = spec.tag === undefined ? fieldCoder(spec, context) : taggedCoder(spec, context)
    const slot = { name, spec, coder, required: isRequired(spec), makeDefault }
    if (spec.tag === undefined) plain.push(slot)
    else tagged.push(slot)
  }
  tagged.sort((a, b) => (a.spec.tag as number) - (b.spec.tag as number))
  const fields = { plain, tagged, lacking }
  return {
    encode: structEncoder(fields, context),
    decode: make ? madeDecoder(shape, make, fields, context) : structDecoder(fields, context),
  }
}

function structEncoder({ plain, tagged, lacking }: Fields, context: Context): Encode {
  const refuse = lacking.filter(({ spec }) => !spec.ignorable)
  return (writer, value) => {
    if (value === null || typeof value !== 'object') {
      throw new EncodeError(`${context.message} v${context.version} needs an object here, not ${value}`)
    }
    for (const { name, spec } of refuse) {
      const given = value[name]
      if (given !== undefined && !isDefault(given, spec)) {
        throw new UnsupportedVersionError('', context.message, context.version, name)
      }
    }
    let slot: Slot | undefined
    try {
      for (slot of plain) {
        let given = value[slot.name]
        if (given === undefined) {
          if (slot.required) throw new EncodeError(`is required in ${context.message} v${context.version}`)
          given = slot.makeDefault()
        }
        slot.coder.encode(writer, given)
      }
      slot = undefined
      if (context.flexible) encodeTags(writer, value, tagged)
    } catch (error) {
      throw slot ? located(error, slot.name) : error
    }
  }
}

function encodeTags(writer: Writer, value: Record<string | symbol, unknown>, tagged: readonly Slot[]): void {
  const unknown = value[unknownTags] as Iterable<UnknownTag> | undefined
  if (tagged.length === 0 && unknown === undefined) {
    writer.uvarint(0)
    return
  }
  const fields: { tag: number; content: Writer }[] = []
  for (const { name, spec, coder } of tagged) {
    const given = value[name]
    if (given === undefined || isDefault(given, spec)) continue
    const content = new Writer(64)
    try {
      coder.encode(content, given)
    } catch (error) {
      throw located(error, name)
    }
    fields.push({ tag: spec.tag as number, content })
  }
  for (const { tag, bytes } of unknown ?? []) {
    const content = new Writer(bytes.length + 1)
    content.raw(bytes)
    fields.push({ tag, content })
  }
  if (unknown) {
    fields.sort((a, b) => a.tag - b.tag)
    expectTags(fields)
  }
  writer.uvarint(fields.length)
  for (const { tag, content } of fields) {
    writer.uvarint(tag)
    writer.uvarint(content.length)
    writer.append(content)
  }
}

/** Tags that nobody could read back. */
function expectTags(fields: readonly { readonly tag: number }[]): void {
  for (const [index, { tag }] of fields.entries()) {
    if (!Number.isInteger(tag) || tag < 0 || tag > 0xffff_ffff || tag === fields[index + 1]?.tag)
      throw new EncodeError(`tagged field ${tag} is no tag, or is there twice`)
  }
}

function fieldCoder(spec: FieldSpec, context: Context): Coder {
  const compact = context.flexible && spec.compact
  const nullable = context.version >= spec.nullableSince && context.version <= spec.nullableUntil
  const { type } = spec
  switch (type.kind) {
    case 'string':
      return stringCoder(compact, nullable)
    case 'bytes':
    case 'records':
      return bytesCoder(compact, nullable)
    case 'array':
      return arrayCoder(type.element.spec, context, compact, nullable)
    case 'struct': {
      const coder = structCoder(type.shape, context, type.make)
      return nullable ? nullableStruct(coder) : coder
    }
    default:
      return scalarCoder(type.kind)
  }
}

function stringCoder(compact: boolean, nullable: boolean): Coder {
  return {
    encode: (writer, value) => {
      if (typeof value === 'string') writer.text(value, compact)
      else if (value === null && nullable) writer.size(-1, compact, false)
      else throw new EncodeError(`${describe(value)} is no string${nullable ? ' or null' : ''}`)
    },
    decode: (reader) => {
      const length = reader.length(compact, false)
      if (length > TEXT_BYTES_MAX) {
        throw new MalformedError(
          `${length} bytes of text where ${TEXT_BYTES_MAX} are allowed`,
          reader.position,
        )
      }
      return length < 0 ? nullIf(nullable, reader) : reader.text(length)
    },
  }
}

function bytesCoder(compact: boolean, nullable: boolean): Coder {
  return {
    encode: (writer, value) => {
      if (value instanceof Uint8Array) {
        writer.size(value.length, compact, true)
        writer.raw(value)
      } else if (value === null && nullable) writer.size(-1, compact, true)
      else throw new EncodeError(`${describe(value)} is no Uint8Array${nullable ? ' or null' : ''}`)
    },
    decode: (reader) => {
      const length = reader.length(compact, true)
      return length < 0 ? nullIf(nullable, reader) : reader.view(length)
    },
  }
}

function arrayCoder(spec: FieldSpec, context: Context, compact: boolean, nullable: boolean): Coder {
  const element = fieldCoder(spec, context)
  const elementBytes = decodedSize(spec) + SPARE_BYTES
  return {
    encode: (writer, value) => {
      if (!Array.isArray(value)) {
        if (value !== null || !nullable) throw new EncodeError(`${describe(value)} is no array`)
        writer.size(-1, compact, true)
        return
      }
      writer.size(value.length, compact, true)
      let at = 0
      try {
        for (; at < value.length; at++) element.encode(writer, value[at])
      } catch (error) {
        throw located(error, `[${at}]`)
      }
    },
    decode: (reader) => {
      // Every element takes a byte at least, so a count beyond what remains is refused before anything is allocated.
      const count = reader.length(compact, true)
      if (count < 0) return nullIf(nullable, reader)
      reader.charge(count * elementBytes)
      // Lists of nodes and partitions are the bulk of large responses: their size is checked once, not for each.
      if (element.decode === readInt32) return reader.int32s(count)
      const list: unknown[] = roomFor(count)
      let at = 0
      try {
        for (; at < count; at++) list[at] = element.decode(reader)
      } catch (error) {
        throw located(error, `[${at}]`)
      }
      return list
    },
  }
}

function nullableStruct(coder: Coder): Coder {
  return {
    encode: (writer, value) => {
      writer.int8(value === null ? -1 : 1)
      if (value !== null) coder.encode(writer, value)
    },
    decode: (reader) => (reader.int8() < 0 ? null : coder.decode(reader)),
  }
}

/** In a tagged field Kafka marks a null struct with 0 where it has -1 elsewhere. */
function taggedCoder(spec: FieldSpec, context: Context): Coder {
  if (spec.type.kind !== 'struct' || spec.nullableSince > context.version) return fieldCoder(spec, context)
  const coder = structCoder(spec.type.shape, context, spec.type.make)
  return {
    encode: (writer, value) => {
      writer.uvarint(value === null ? 0 : 1)
      if (value !== null) coder.encode(writer, value)
    },
    decode: (reader) => (reader.uvarint() === 0 ? null : coder.decode(reader)),
  }
}

function nullIf(nullable: boolean, reader: Reader): null {
  if (nullable) return null
  throw new MalformedError('is null where null is not allowed', reader.position)
}
