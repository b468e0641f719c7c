import { readBatches } from '@samsa/protocol'
import { batchOf, bombs } from './bombs.ts'
import { subjects } from './golden.ts'
import type { Input } from './input.ts'
import { varint } from './mutators.ts'
import type { Target } from './targets.ts'
import { MOST_DECOMPRESSED_BYTES, readerOf } from './targets.ts'

/** Frames of about this size are measured: large against the noise of the heap. */
const FRAME_BYTES = 1024 * 1024
/** What may be taken for each byte of a frame. */
const MOST_TIMES = 4
const NOISE_BYTES = 2 * 1024 * 1024

/** What reading one input has taken. */
export interface Measured {
  readonly target: string
  readonly what: string
  readonly frameBytes: number
  /** Still held by the value after everything else was collected. */
  readonly heldBytes: number
  readonly mostBytes: number
}

/**
 * Reads floods and bombs and weighs what they leave: the memory of the value that was read, with the collector run
 * before and after. Needs --expose-gc. The frame itself is not counted.
 */
export function measureMemory(collect: () => void): Measured[] {
  const measured: Measured[] = []
  for (const { target, inputs } of subjects()) {
    if (target.kind !== 'message') continue
    const longest = inputs.reduce((one, other) => (other.spans.length > one.spans.length ? other : one))
    for (const { what, bytes } of floods(longest)) {
      const held = weigh(target, bytes, collect)
      if (held !== undefined) measured.push(entry(target.name, what, bytes, held, 0))
    }
  }
  for (const { targetName, title, bytes } of bombs()) {
    if (targetName !== 'batch') continue
    const held = weighBatch(bytes, collect)
    measured.push(entry('batch', title, bytes, held, MOST_DECOMPRESSED_BYTES))
  }
  const many = batchOf(
    'none',
    Buffer.from('0c00000000000000'.repeat(100_000).slice(0, 1_400_000), 'hex'),
    100_000,
  )
  measured.push(entry('batch', 'smallest records', many, weighBatch(many, collect), 0))
  return measured
}

/** Whether it took more than was its due. */
export function isTooMuch({ heldBytes, mostBytes }: Measured): boolean {
  return heldBytes > mostBytes
}

function entry(target: string, what: string, bytes: Buffer, heldBytes: number, limit: number): Measured {
  const mostBytes = MOST_TIMES * bytes.length + limit + NOISE_BYTES
  return { target, what, frameBytes: bytes.length, heldBytes, mostBytes }
}

/** Lists of as many smallest elements as there is room for, and as many unknown tagged fields. */
function* floods({ bytes, spans }: Input): Generator<{ what: string; bytes: Buffer }> {
  const seen = new Set<string>()
  for (const [index, span] of spans.entries()) {
    if (span.role === 'number') continue
    const head = bytes.subarray(0, span.at)
    const tail = bytes.subarray(span.at + span.size)
    const key = `${span.role} ${span.form} ${index >> 3}`
    if (seen.has(key)) continue
    seen.add(key)
    if (span.role === 'tags') {
      yield { what: `tags at ${span.at}`, bytes: Buffer.concat([head, tagFlood(), tail]) }
      continue
    }
    const count = FRAME_BYTES
    const size = Buffer.alloc(4)
    size.writeInt32BE(count)
    for (const filling of [0, 1])
      yield {
        what: `list at ${span.at} of ${filling}`,
        bytes: Buffer.concat([
          head,
          span.form === 'varint' ? varint(count + 1) : size,
          Buffer.alloc(count, filling),
          tail,
        ]),
      }
  }
}

function tagFlood(): Buffer {
  const pieces: Buffer[] = []
  const first = 1000
  const count = Math.floor(FRAME_BYTES / 4)
  for (let tag = first; tag < first + count; tag++) pieces.push(varint(tag), Buffer.of(0))
  return Buffer.concat([varint(count), ...pieces])
}

function weigh(target: Target, bytes: Buffer, collect: () => void): number | undefined {
  const read = readerOf(target)
  collect()
  const before = used()
  let value: unknown
  try {
    value = read(bytes)
  } catch {
    return undefined
  }
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
    // Refused: whatever was taken until then is measured before the collector runs.
  }
  const held = used() - before
  return kept.length < 0 ? 0 : held
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
