import type { Api, FieldSpec, Primitive, Shape } from '@samsa/protocol'
import { responseHeaderVersion } from '@samsa/protocol'

/** A tag of one byte that no message has. Clients pass over tags that they do not know (KIP-482). */
const UNKNOWN_TAG = 0x7f
/** Size prefix and correlation id. */
const HEADER_BYTES = 8
const SIZES: { readonly [kind in Primitive]?: number } = {
  boolean: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  int64OrInfinity: 8,
  bigint64: 8,
  float64: 8,
  uuid: 16,
}

/** What a walk asks for: the next byte (0), to pass over so many bytes, or to mask the byte that it got last (-1). */
type Walk<Result = void> = Generator<number, Result, number>
const NEXT_BYTE = 0
const MASK = -1

/**
 * Hides the brokers that an answer too large to be held names in a tagged field: their addresses cannot be rewritten,
 * since the size of the frame has already gone out. The field gets a tag that nobody knows, so the client asks for
 * metadata instead. Walks the schema as the bytes come and keeps none of them.
 */
export class EndpointMask {
  readonly #walk: Walk
  #asked: IteratorResult<number, void>
  /** How many of the bytes that were asked to be passed over have been. */
  #passed = 0
  /** Whether there was something to hide. */
  hasHidden = false

  /** For an answer whose list of brokers is the top-level field `tag`. */
  constructor(api: Api, version: number, tag: number) {
    this.#walk = message(api, version, tag)
    this.#asked = this.#walk.next(0)
  }

  /** The next bytes of the frame, its size prefix included; a copy when something in them is hidden. */
  apply(bytes: Buffer): Buffer {
    let out = bytes
    let at = 0
    while (!this.#asked.done) {
      const asked = this.#asked.value
      if (asked === MASK) {
        if (out === bytes) out = Buffer.from(bytes)
        out[at - 1] = UNKNOWN_TAG
        this.hasHidden = true
        this.#asked = this.#walk.next(0)
        continue
      }
      if (at >= bytes.length) break
      if (asked === NEXT_BYTE) {
        this.#asked = this.#walk.next(bytes[at++] as number)
        continue
      }
      const count = Math.min(asked - this.#passed, bytes.length - at)
      at += count
      this.#passed += count
      if (this.#passed < asked) break
      this.#passed = 0
      this.#asked = this.#walk.next(0)
    }
    return out
  }
}

function* message(api: Api, version: number, tag: number): Walk {
  yield* pass(HEADER_BYTES)
  if (responseHeaderVersion(api, version) > 0) yield* tags(undefined)
  yield* struct(api.response.shape, version, version >= api.flexible, tag)
}

function* struct(shape: Shape, version: number, isFlexible: boolean, hidden?: number): Walk {
  for (const { spec } of Object.values(shape)) {
    if (version < spec.since || version > spec.until || spec.tag !== undefined) continue
    yield* field(spec, version, isFlexible)
  }
  if (isFlexible) yield* tags(hidden)
}

function* tags(hidden: number | undefined): Walk {
  for (let left = yield* uvarint(); left > 0; left--) {
    const tag = yield* uvarint()
    if (tag === hidden) yield MASK
    yield* pass(yield* uvarint())
  }
}

function* field(spec: FieldSpec, version: number, isFlexible: boolean): Walk {
  const { type } = spec
  const isCompact = isFlexible && spec.compact
  switch (type.kind) {
    case 'struct': {
      const isNullable = version >= spec.nullableSince && version <= spec.nullableUntil
      if (isNullable && (yield NEXT_BYTE) > 0x7f) return
      yield* struct(type.shape, version, isFlexible)
      return
    }
    case 'array':
      for (let left = yield* length(isCompact, 4); left > 0; left--)
        yield* field(type.element.spec, version, isFlexible)
      return
    case 'string':
      yield* pass(yield* length(isCompact, 2))
      return
    case 'bytes':
    case 'records':
      yield* pass(yield* length(isCompact, 4))
      return
    default:
      yield* pass(SIZES[type.kind] as number)
  }
}

function* pass(count: number): Walk {
  if (count > 0) yield count
}

/** -1 and less count as nothing. */
function* length(isCompact: boolean, size: 2 | 4): Walk<number> {
  if (isCompact) return (yield* uvarint()) - 1
  let value = 0
  for (let left = size; left > 0; left--) value = value * 256 + (yield NEXT_BYTE)
  return value >= 2 ** (size * 8 - 1) ? -1 : value
}

function* uvarint(): Walk<number> {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = yield NEXT_BYTE
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  return value
}
