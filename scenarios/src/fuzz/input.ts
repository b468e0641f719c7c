import { BATCH_HEADER_BYTES, BatchHeader, batchField, Reader, readVarint, readVarlong } from '@samsa/protocol'

/** Where a number is inside of an input, so that a mutator can aim. */
export interface Span {
  readonly at: number
  readonly size: number
  readonly form: 'fixed' | 'varint'
  /** `length`: of text, bytes or a list. `tags`: of the tagged fields and their sizes. */
  readonly role: 'length' | 'tags' | 'number'
}

/** Bytes to mutate, and what is known of their structure. */
export interface Input {
  readonly bytes: Buffer
  readonly spans: readonly Span[]
}

/** Bytes of which nothing is known any more. */
export function plainInput(bytes: Buffer): Input {
  return { bytes, spans: [] }
}

/** A reader that notes where each number was. */
class TracingReader extends Reader {
  readonly spans: Span[] = []
  #isInside = false

  override length(compact: boolean, wide: boolean): number {
    return this.#note(compact ? 'varint' : 'fixed', 'length', () => super.length(compact, wide))
  }

  override uvarint(): number {
    return this.#note('varint', 'tags', () => super.uvarint())
  }

  override boolean(): boolean {
    return this.#note('fixed', 'number', () => super.boolean())
  }

  override int8(): number {
    return this.#note('fixed', 'number', () => super.int8())
  }

  override int16(): number {
    return this.#note('fixed', 'number', () => super.int16())
  }

  override int32(): number {
    return this.#note('fixed', 'number', () => super.int32())
  }

  override int64(): number {
    return this.#note('fixed', 'number', () => super.int64())
  }

  #note<T>(form: Span['form'], role: Span['role'], read: () => T): T {
    if (this.#isInside) return read()
    this.#isInside = true
    const at = this.position
    try {
      return read()
    } finally {
      this.#isInside = false
      this.spans.push({ at, size: this.position - at, form, role })
    }
  }
}

/** An input whose structure is learnt by reading it; what cannot be read is kept up to there. */
export function traced(bytes: Buffer, read: (reader: Reader) => unknown): Input {
  const reader = new TracingReader(bytes)
  try {
    read(reader)
  } catch {
    // Golden bytes that are to be refused have a structure up to the place of the fault.
  }
  return { bytes, spans: reader.spans.filter(({ size }) => size > 0) }
}

const HEADER_SIZES: readonly (readonly [at: number, size: number, role: Span['role']])[] = [
  [batchField.baseOffset, 8, 'number'],
  [batchField.length, 4, 'length'],
  [batchField.leaderEpoch, 4, 'number'],
  [batchField.magic, 1, 'number'],
  [batchField.attributes, 2, 'number'],
  [batchField.lastOffsetDelta, 4, 'number'],
  [batchField.baseTimestamp, 8, 'number'],
  [batchField.maxTimestamp, 8, 'number'],
  [batchField.producerId, 8, 'number'],
  [batchField.count, 4, 'length'],
]

/** A batch: the fields of its header and, when it is not compressed, the varints of its records. */
export function tracedBatch(bytes: Buffer): Input {
  const spans: Span[] = HEADER_SIZES.filter(([at, size]) => at + size <= bytes.length).map(
    ([at, size, role]) => ({ at, size, form: 'fixed', role }),
  )
  const isPlain =
    bytes.length > BATCH_HEADER_BYTES && bytes[batchField.magic] === 2 && new BatchHeader(bytes).codec === 0
  return { bytes, spans: isPlain ? [...spans, ...recordSpans(bytes)] : spans }
}

function recordSpans(bytes: Buffer): Span[] {
  const spans: Span[] = []
  const cursor = { at: BATCH_HEADER_BYTES }
  const next = (role: Span['role'], read: typeof readVarint): number => {
    const at = cursor.at
    const value = read(bytes, cursor, bytes.length) ?? 0
    if (cursor.at > at) spans.push({ at, size: cursor.at - at, form: 'varint', role })
    return value
  }
  while (cursor.at < bytes.length) {
    const size = next('length', readVarint)
    const end = cursor.at + Math.max(1, size)
    cursor.at++
    next('number', readVarlong)
    next('number', readVarint)
    cursor.at += Math.max(0, next('length', readVarint))
    cursor.at += Math.max(0, next('length', readVarint))
    for (let left = Math.min(64, next('length', readVarint) * 2); left > 0; left--)
      cursor.at += Math.max(0, next('length', readVarint))
    if (end <= cursor.at - bytes.length) break
    cursor.at = end
  }
  return spans
}
