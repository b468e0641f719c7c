import type { Reader } from './reader.ts'

/**
 * The schema language: one declaration of a Kafka message gives its codec for every version and the static types of
 * both directions. Values are plain objects with Kafka's field names in camelCase; one shape serves all versions.
 *
 *   export const Heartbeat = api(12, 'Heartbeat', { versions: [0, 4], flexible: 4 }, {
 *     groupId: string, generationId: int32, memberId: string, groupInstanceId: string.orNull(3).since(3).default(null),
 *   }, {
 *     throttleTimeMs: int32.since(1).ignorable(), errorCode: int16,
 *   })
 */

/** The types of Kafka's schema, and three more that say how an int64 is shown: by a bigint too or only, or with Infinity. */
export type Primitive =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'int64OrInfinity'
  | 'int64OrBigint'
  | 'bigint64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'

/** How a field stands on the wire. */
export type WireType =
  | { readonly kind: Primitive }
  | { readonly kind: 'array'; readonly element: Field<unknown, unknown, boolean> }
  | { readonly kind: 'struct'; readonly shape: Shape; readonly make?: Make<Shape> | undefined }

/** What Kafka's JSON schema says of a field, besides its name and type. */
export interface FieldSpec {
  readonly type: WireType
  readonly since: number
  /** Last version that has the field. */
  readonly until: number
  readonly nullableSince: number
  readonly nullableUntil: number
  /** undefined: Kafka's implicit default (0, '', [], ...). */
  readonly default: { readonly value: unknown } | undefined
  readonly tag: number | undefined
  readonly ignorable: boolean
  /** False only for the client id of the request header, which keeps its old form in flexible versions. */
  readonly compact: boolean
}

/**
 * A field of a message. `Out` is what decoding gives, `In` what encoding takes; `Spare` says whether the caller may
 * leave it out. Modifiers return a new field.
 */
export class Field<Out, In = Out, Spare extends boolean = false> {
  declare readonly out: Out
  declare readonly in: In
  declare readonly spare: Spare
  readonly spec: FieldSpec

  constructor(spec: FieldSpec) {
    this.spec = spec
  }

  /** Absent before `version`; there it decodes as its default. */
  since(version: number): Field<Out, In, true> {
    return new Field({ ...this.spec, since: version })
  }

  /** Absent after `version`. */
  until(version: number): Field<Out, In, true> {
    return new Field({ ...this.spec, until: version })
  }

  /** May be null from `since` to `until`. */
  orNull(since = 0, until = Number.POSITIVE_INFINITY): Field<Out | null, In | null, Spare> {
    return new Field({ ...this.spec, nullableSince: since, nullableUntil: until })
  }

  /** The value of a field that the caller left out or that the version lacks. */
  default(value: In | Out): Field<Out, In, true> {
    return new Field({ ...this.spec, default: { value } })
  }

  /** A tagged field (KIP-482): optional on the wire, written only when it differs from its default. */
  tag(tag: number, since: number): Field<Out, In, true> {
    return new Field({ ...this.spec, tag, since })
  }

  /** May be dropped in silence when the version lacks it; any other field is then an error unless it has its default. */
  ignorable(): Field<Out, In, Spare> {
    return new Field({ ...this.spec, ignorable: true })
  }

  /** Keeps the form of versions before KIP-482 in all versions. */
  neverCompact(): Field<Out, In, Spare> {
    return new Field({ ...this.spec, compact: false })
  }
}

/** A field of whatever type. */
export type AnyField = Field<unknown, unknown, boolean>
/** The fields of a struct, in the order of the wire. */
export type Shape = { readonly [name: string]: Field<any, any, boolean> }

type Flat<T> = { [K in keyof T]: T[K] }
type SpareKeys<S extends Shape> = { [K in keyof S]: S[K]['spare'] extends true ? K : never }[keyof S]

/** What decoding a shape gives: every field, those that the version lacks as their defaults. */
export type Decoded<S extends Shape> = { [K in keyof S]: S[K]['out'] }

/** Reads the fields of a shape: of those that the version lacks, the default. */
export type FieldReaders<S extends Shape> = { readonly [K in keyof S]: (from: Reader) => S[K]['out'] }

/**
 * Reads a struct by one literal with all fields in the shape's order, e.g. `(read, from) => ({ id: read.id(from) })`.
 * It says nothing that the shape does not say; it is for structs that come by the thousand, since an engine makes an
 * object by a literal of its own ten times as fast as by names that it does not know beforehand.
 */
export type Make<S extends Shape> = (read: FieldReaders<S>, from: Reader) => Decoded<S>

/** What encoding a shape takes: fields that some version lacks, or that have a default, may be left out. */
export type Encodable<S extends Shape> = Flat<
  { readonly [K in Exclude<keyof S, SpareKeys<S>>]: S[K]['in'] } & {
    readonly [K in SpareKeys<S>]?: S[K]['in'] | undefined
  }
>

function primitive<T>(kind: Primitive): Field<T> {
  return new Field(plain({ kind }))
}

function plain(type: WireType): FieldSpec {
  return {
    type,
    since: 0,
    until: Number.POSITIVE_INFINITY,
    nullableSince: Number.POSITIVE_INFINITY,
    nullableUntil: Number.POSITIVE_INFINITY,
    default: undefined,
    tag: undefined,
    ignorable: false,
    compact: true,
  }
}

/** One byte; anything but 0 reads as true. */
export const boolean: Field<boolean> = primitive('boolean')
/** A whole number from -128 to 127. */
export const int8: Field<number> = primitive('int8')
/** A whole number from -32768 to 32767. */
export const int16: Field<number> = primitive('int16')
/** A whole number from 0 to 65535, e.g. a port. */
export const uint16: Field<number> = primitive('uint16')
/** A whole number from -2147483648 to 2147483647. */
export const int32: Field<number> = primitive('int32')
/** A whole number from 0 to 4294967295, e.g. a checksum. */
export const uint32: Field<number> = primitive('uint32')
/**
 * What brokers count and measure themselves, e.g. the offsets of a log, their own clock: a number, refused when it is not
 * a safe integer, since no broker gets there.
 */
export const int64: Field<number> = primitive('int64')
/** As `int64`; the greatest value of all means "no limit" and is Infinity. */
export const int64OrInfinity: Field<number> = primitive('int64OrInfinity')
/**
 * What clients and people set as they like, or what a system tells, e.g. the times of records, committed offsets, the
 * capacity of a disk: a number, or a bigint where a number would not be exact. So no value makes a message unreadable.
 */
export const int64OrBigint: Field<number | bigint> = primitive('int64OrBigint')
/** Ids, which need all 64 bits. */
export const bigint64: Field<bigint> = primitive('bigint64')
/** Any number, also NaN and the infinities. */
export const float64: Field<number> = primitive('float64')
/** 22 characters of URL-safe base64, as Kafka prints ids. */
export const uuid: Field<string> = primitive('uuid')
/** Text; UTF-8 on the wire, 32767 bytes at most. */
export const string: Field<string> = primitive('string')
/** Decoded as a view of the frame, not a copy. */
export const bytes: Field<Uint8Array> = primitive('bytes')
/** Whole record batches; a view of the frame. */
export const records: Field<Uint8Array> = primitive('records')

/** A list of structs, or of anything else. */
export function array<S extends Shape>(shape: S, make?: Make<S>): Field<Decoded<S>[], readonly Encodable<S>[]>
export function array<O, I>(element: Field<O, I, boolean>): Field<O[], readonly I[]>
export function array(of: Shape | AnyField, make?: Make<Shape>): AnyField {
  const element = of instanceof Field ? of : struct(of, make)
  return new Field(plain({ kind: 'array', element }))
}

/** Fields of their own within a message. */
export function struct<S extends Shape>(shape: S, make?: Make<S>): Field<Decoded<S>, Encodable<S>> {
  return new Field(plain({ kind: 'struct', shape, make: make as Make<Shape> | undefined }))
}

/** A message with versions: a request, a response, a header, a record of an internal topic. */
export interface Message<S extends Shape> {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  /** First version with compact types and tagged fields; Infinity when there is none. */
  readonly flexible: number
  readonly shape: S
}

/** One Kafka API. */
export interface Api<Req extends Shape = Shape, Res extends Shape = Shape, Name extends string = string> {
  /** Kafka's number of the API, which stands in the header of each request. */
  readonly key: number
  /** Kafka's name, without Request or Response. */
  readonly name: Name
  readonly minVersion: number
  readonly maxVersion: number
  readonly flexible: number
  readonly request: Message<Req>
  readonly response: Message<Res>
}

/** What a client gives to send this request. */
export type Request<A extends Api> = Encodable<A['request']['shape']>
/** What a client gets as the answer. */
export type Response<A extends Api> = Decoded<A['response']['shape']>
/** What a broker gets when it reads this request. */
export type Received<A extends Api> = Decoded<A['request']['shape']>
/** What a broker gives to answer it. */
export type Reply<A extends Api> = Encodable<A['response']['shape']>

/** The versions of a message. */
export interface Versions {
  /** Oldest and newest version that can be coded. */
  versions: readonly [number, number]
  /** First flexible version (KIP-482); none when left out. */
  flexible?: number
}

/** Declares a message. */
export function message<S extends Shape>(name: string, versions: Versions, shape: S): Message<S> {
  const [minVersion, maxVersion] = versions.versions
  return { name, minVersion, maxVersion, flexible: versions.flexible ?? Number.POSITIVE_INFINITY, shape }
}

/**
 * Declares an API: one text for the codecs of all versions and for the types of both sides.
 * @param key Kafka's number of the API
 */
export function api<Req extends Shape, Res extends Shape, const Name extends string>(
  key: number,
  name: Name,
  versions: Versions,
  request: Req,
  response: Res,
): Api<Req, Res, Name> {
  const asked = message(`${name}Request`, versions, request)
  const { minVersion, maxVersion, flexible } = asked
  return {
    key,
    name,
    minVersion,
    maxVersion,
    flexible,
    request: asked,
    response: message(`${name}Response`, versions, response),
  }
}
