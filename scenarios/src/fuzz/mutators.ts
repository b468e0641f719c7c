import type { Random } from '@samsa/runtime'
import type { Input, Span } from './input.ts'

/** Makes hostile bytes of good ones; `other` is another golden input to borrow from. */
export type Mutator = (input: Input, random: Random, other: Buffer) => Buffer

/** No mutation makes an input longer than this, or floods would grow without end. */
const MOST_BYTES = 65_536

const extremes = [0, 1, -1, -2, 2, 0x7f, 0x80, 0xff, 0x7fff, -0x8000, 0xffff, 0x7fff_ffff, -0x8000_0000]
const hugeVarints = [0, 1, 2, 0x7f, 0x80, 0x3fff, 0x4000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

/** By name, since a run counts how often each was used. */
export const mutators: Readonly<Record<string, Mutator>> = {
  flipBits(input, random) {
    return changed(input, (bytes) => {
      for (let left = random.whole(1, 4); left > 0; left--) {
        const at = place(bytes, random)
        bytes[at] = (bytes[at] as number) ^ (1 << random.whole(0, 7))
      }
    })
  },
  setByte(input, random) {
    return changed(input, (bytes) => {
      bytes[place(bytes, random)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.whole(0, 255)])
    })
  },
  extremeNumber(input, random) {
    const span = aim(input, random, ({ form }) => form === 'fixed')
    return changed(input, (bytes) => writeFixed(bytes, span, random.pick(extremes)))
  },
  extremeLength(input, random) {
    const span = aim(input, random, ({ role }) => role === 'length')
    if (span.form === 'varint') return replaced(input.bytes, span, varint(random.pick(hugeVarints)))
    return changed(input, (bytes) => writeFixed(bytes, span, random.pick(extremes)))
  },
  extremeVarint(input, random) {
    const span = aim(input, random, ({ form }) => form === 'varint')
    return replaced(input.bytes, span, varint(random.pick(hugeVarints)))
  },
  overlongVarint(input, random) {
    const span = aim(input, random, ({ form }) => form === 'varint')
    const last = span.at + span.size - 1
    const padding = Buffer.alloc(random.whole(1, 10), 0x80)
    padding[padding.length - 1] = random.pick([0, 1, 0x0f, 0x10, 0x7f])
    const copy = replaced(input.bytes, { at: last + 1, size: 0 }, padding)
    if (last < copy.length) copy[last] = (copy[last] as number) | 0x80
    return copy
  },
  nullValue(input, random) {
    const span = aim(input, random, ({ role }) => role === 'length')
    return changed(input, (bytes) => writeFixed(bytes, span, span.form === 'varint' ? 0 : -1))
  },
  beyondEnd(input, random) {
    const span = aim(input, random, ({ role }) => role === 'length')
    const remaining = input.bytes.length - span.at - span.size + random.whole(0, 2)
    if (span.form === 'varint') return replaced(input.bytes, span, varint(remaining + 1))
    return changed(input, (bytes) => writeFixed(bytes, span, remaining))
  },
  /** A list of as many elements as bytes can be, with something there for each. */
  listBomb(input, random) {
    const span = aim(input, random, ({ role }) => role === 'length')
    const count = random.whole(16, 2048)
    const filling = Buffer.alloc(count * random.whole(1, 4), random.pick([0, 0, 1, 0x80, 0xff]))
    const grown = replaced(input.bytes, { at: span.at + span.size, size: 0 }, filling)
    if (span.form === 'varint') return replaced(grown, span, varint(count + 1))
    writeFixed(grown, span, count)
    return grown
  },
  tagFlood(input, random) {
    const span = aim(input, random, ({ role }) => role === 'tags')
    return replaced(input.bytes, span, tagSection(random))
  },
  truncate(input, random) {
    return Buffer.from(input.bytes.subarray(0, random.whole(0, input.bytes.length)))
  },
  insert(input, random) {
    const at = random.whole(0, input.bytes.length)
    return replaced(input.bytes, { at, size: 0 }, Buffer.from(random.bytes(random.whole(1, 8))))
  },
  remove(input, random) {
    const at = place(input.bytes, random)
    return replaced(input.bytes, { at, size: random.whole(1, 8) }, Buffer.alloc(0))
  },
  /** The same stretch again and again: lists in lists, records after records. */
  repeat(input, random) {
    const at = place(input.bytes, random)
    const piece = input.bytes.subarray(at, at + random.whole(1, 32))
    const times = random.pick([1, 2, 8, 64])
    return replaced(input.bytes, { at, size: 0 }, Buffer.concat(Array(times).fill(piece)))
  },
  swap(input, random) {
    return changed(input, (bytes) => {
      const [from, to, size] = [place(bytes, random), place(bytes, random), random.whole(1, 16)]
      bytes.copyWithin(to, from, from + size)
    })
  },
  splice(input, random, other) {
    const head = input.bytes.subarray(0, random.whole(0, input.bytes.length))
    return bounded(Buffer.concat([head, other.subarray(random.whole(0, other.length))]))
  },
}

/** Tagged fields that no version knows: in order, repeated, backwards, or with sizes that lie. */
function tagSection(random: Random): Buffer {
  const count = random.pick([1, 2, 3, 16, 300, 3000])
  const order = random.pick(['ascending', 'ascending', 'repeated', 'descending'])
  const first = random.pick([0, 1, 100, 0xffff_0000])
  const pieces = [varint(count + random.pick([0, 0, 0, 1]))]
  for (let index = 0; index < count; index++) {
    const step = order === 'ascending' ? index : order === 'repeated' ? index >> 1 : count - index
    const size = random.pick([0, 0, 1, 5])
    pieces.push(varint(first + step), varint(size), Buffer.alloc(size, random.whole(0, 255)))
  }
  return Buffer.concat(pieces)
}

function place(bytes: Uint8Array, random: Random): number {
  return Math.max(0, random.whole(0, bytes.length - 1))
}

/** A place of the wanted kind; anywhere when the input has none. */
function aim(input: Input, random: Random, isWanted: (span: Span) => boolean): Span {
  for (let tries = 0; tries < 8 && input.spans.length > 0; tries++) {
    const span = random.pick(input.spans)
    if (isWanted(span)) return span
  }
  const size = random.pick([1, 1, 2, 4, 8])
  return {
    at: place(input.bytes, random),
    size,
    form: size === 1 && random.chance(0.5) ? 'varint' : 'fixed',
    role: 'number',
  }
}

function changed(input: Input, change: (bytes: Buffer) => void): Buffer {
  const copy = Buffer.from(input.bytes)
  change(copy)
  return copy
}

function replaced(bytes: Buffer, { at, size }: Pick<Span, 'at' | 'size'>, by: Uint8Array): Buffer {
  return bounded(Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + size)]))
}

function bounded(bytes: Buffer): Buffer {
  return bytes.length > MOST_BYTES ? bytes.subarray(0, MOST_BYTES) : bytes
}

/** Big-endian with the sign carried on; what does not fit is cut. */
function writeFixed(bytes: Buffer, { at, size }: Span, value: number): void {
  for (let index = 0; index < size && at + index < bytes.length; index++) {
    const shift = 8 * (size - 1 - index)
    bytes[at + index] = shift >= 32 ? (value < 0 ? 0xff : 0) : value >> shift
  }
}

/** Unsigned, as short as it can be. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}
