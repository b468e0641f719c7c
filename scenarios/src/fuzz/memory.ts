import { readBatches } from '@samsa/protocol'
import { batchOf, bombs } from './bombs.ts'
import { subjects } from './golden.ts'
import type { Input } from './input.ts'
import { varint } from './mutators.ts'
import type { Target } from './targets.ts'
import { coderOf, MOST_DECOMPRESSED_BYTES } from './targets.ts'

/** Frames of about this size are measured: large against the noise of the heap. */
const FRAME_BYTES = 256 * 1024
/** What may be held for each byte of a frame, besides what the limits of the reader allow. */
const MOST_TIMES = 4
const NOISE_BYTES = 512 * 1024

/** What reading one input has taken. */
export interface Measured {
  readonly target: string
  readonly what: string
  readonly frameBytes: number
  /** Still held by the value after everything else was collected; 0 when it was refused. */
  readonly heldBytes: number
  /** What it would hold without a limit. */
  readonly unlimitedBytes: number
  readonly mostBytes: number
}

/**
 * Reads floods and bombs and weighs what they leave: the memory of the value that was read, with the collector run
 * before and after. Needs --expose-gc. The frame itself is not counted.
 */
export function measureMemory(collect: () => void): Measured[] {
  const measured: Measured[] = []
  for (const { target, input } of richest()) {
    for (const { what, bytes } of floods(target, input)) {
      const unlimited = weigh(target, bytes, collect, Number.POSITIVE_INFINITY)
      if (unlimited === undefined) continue
      // The greatest limit under which it is too much by more than the noise: with that it must be refused.
      const limit = Math.max(0, unlimited - MOST_TIMES * bytes.length - 2 * NOISE_BYTES)
      const held = weigh(target, bytes, collect, limit) ?? 0
      measured.push({ ...entry(target.name, what, bytes, held, limit), unlimitedBytes: unlimited })
    }
  }
  for (const { targetName, title, bytes } of bombs()) {
    if (targetName !== 'batch') continue
    const held = weighBatch(bytes, collect)
    measured.push(entry('batch', title, bytes, held, MOST_DECOMPRESSED_BYTES))
  }
  const many = batchOf('none', Buffer.from('0c000000000000'.repeat(100_000), 'hex'), 100_000)
  measured.push(entry('batch', 'smallest records', many, weighBatch(many, collect), MOST_DECOMPRESSED_BYTES))
  return measured
}

/** Of each message the newest version, and its golden input of most fields; no more, or the collector is slow. */
function richest(): { target: Target; input: Input }[] {
  const found = new Map<string, { target: Target; input: Input }>()
  for (const { target, inputs } of subjects()) {
    if (target.kind !== 'message') continue
    const input = inputs.reduce((one, other) => (other.spans.length > one.spans.length ? other : one))
    found.set(target.name.replace(/@.*/, ''), { target, input })
  }
  return [...found.values()]
}

/** Whether it took more than was its due. */
export function isTooMuch({ heldBytes, mostBytes }: Measured): boolean {
  return heldBytes > mostBytes
}

function entry(target: string, what: string, bytes: Buffer, heldBytes: number, limit: number): Measured {
  const mostBytes = MOST_TIMES * bytes.length + limit + NOISE_BYTES
  return { target, what, frameBytes: bytes.length, heldBytes, unlimitedBytes: heldBytes, mostBytes }
}

/** As many unknown tagged fields as there is room for, and for each list as many elements as small as they can be. */
function* floods(target: Target, { bytes, spans }: Input): Generator<{ what: string; bytes: Buffer }> {
  const span = spans.find(({ role }) => role === 'tags')
  if (span) {
    const pieces = [bytes.subarray(0, span.at), tagFlood(), bytes.subarray(span.at + span.size)]
    yield { what: `tags at ${span.at}`, bytes: Buffer.concat(pieces) }
  }
  const { read, write } = coderOf(target)
  const paths: string[][] = []
  listsIn(read(bytes), [], paths)
  for (const path of paths) {
    for (const inner of [0, 1]) {
      const value = read(bytes) as object
      const holder = path.slice(0, -1).reduce((at, name) => Reflect.get(at, name) as object, value)
      const name = path.at(-1) as string
      const [element] = Reflect.get(holder, name) as unknown[]
      if (inner === 1 && !hasList(element)) continue
      Reflect.set(holder, name, Array(FRAME_BYTES / 4).fill(hollow(element, inner)))
      yield { what: `list ${path.join('.')} of lists of ${inner}`, bytes: Buffer.from(write(value)) }
    }
  }
}

function hasList(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  return Array.isArray(value) ? value.length > 0 : Object.values(value).some(hasList)
}

/** Where lists with something in them are; of the elements only the first is looked into. */
function listsIn(value: unknown, path: readonly string[], found: string[][]): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (Array.isArray(value)) {
    if (value.length === 0) return
    found.push([...path])
    listsIn(value[0], [...path, '0'], found)
    return
  }
  for (const [name, content] of Object.entries(value)) listsIn(content, [...path, name], found)
}

/** The same with nothing in it, except for ids, which have one size; lists have `inner` elements at most. */
function hollow(value: unknown, inner: number): unknown {
  if (typeof value === 'string') return /^[\w-]{22}$/.test(value) ? value : ''
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return new Uint8Array(0)
  if (Array.isArray(value)) return value.slice(0, inner).map((element) => hollow(element, inner))
  return Object.fromEntries(Object.entries(value).map(([name, content]) => [name, hollow(content, inner)]))
}

function tagFlood(): Buffer {
  const pieces: Buffer[] = []
  const first = 1000
  const count = Math.floor(FRAME_BYTES / 4)
  for (let tag = first; tag < first + count; tag++) pieces.push(varint(tag), Buffer.of(0))
  return Buffer.concat([varint(count), ...pieces])
}

/** What the value holds; nothing when it is refused, in the end or by the limit. */
function weigh(
  target: Target,
  bytes: Buffer,
  collect: () => void,
  maxDecodedBytes: number,
): number | undefined {
  const { read } = coderOf(target)
  const limits = { maxDecodedBytes }
  try {
    read(bytes, limits)
  } catch {
    return undefined
  }
  collect()
  const before = used()
  const value = read(bytes, limits)
  collect()
  const held = used() - before
  return value === undefined ? 0 : held
}

function weighBatch(bytes: Buffer, collect: () => void): number {
  collect()
  const before = used()
  const kept: unknown[] = []
  try {
    for (const batch of readBatches(bytes, { maxDecompressedBytes: MOST_DECOMPRESSED_BYTES }))
      kept.push(batch.records())
  } catch {
    // Refused; nothing of it may be left.
  }
  // Twice, since memory outside of the heap is given back a little later.
  collect()
  collect()
  const held = used() - before
  return kept.length < 0 ? 0 : held
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
