import { KafkaError, MalformedError } from '../errors/kafka-error.ts'
import { Reader } from '../schema/reader.ts'
import type { ExplainedBytes, ExplainLimits, Piece } from './piece.ts'

const DEFAULT_MAX_PIECES = 50_000
const DEFAULT_MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024

/** What is left of the limits; shared by a frame and everything that is unpacked within it. */
export interface Budget {
  pieces: number
  decompressedBytes: number
}

/** The budget that the limits give. */
export function budgetOf({ maxPieces, maxDecompressedBytes }: ExplainLimits): Budget {
  return {
    pieces: maxPieces ?? DEFAULT_MAX_PIECES,
    decompressedBytes: maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES,
  }
}

/** What a piece has besides its bytes and its field. */
type Details = Partial<Pick<Piece, 'note' | 'role' | 'unpacked'>>

/** There would be more pieces than were allowed; the message is for the note of what is left. */
class TooManyPieces extends KafkaError {
  override readonly name = 'TooManyPieces'

  constructor() {
    super('TOO_MANY_PIECES', 'there are more pieces than the limit, maxPieces, allows')
  }
}

/**
 * The way through some bytes: each read leaves a piece, from where the one before ended. So there can be neither gap
 * nor overlap.
 */
export class Trail {
  /** Ends where the part that is being read must end. */
  reader: Reader
  readonly budget: Budget
  readonly #pieces: Piece[] = []
  /** Up to where there are pieces. */
  #covered = 0
  #error: KafkaError | undefined

  constructor(bytes: Uint8Array, budget: Budget) {
    this.reader = new Reader(bytes)
    this.budget = budget
  }

  /**
   * Reads something and keeps it as a piece.
   * @param details what to say of the value
   * @throws MalformedError that names the field
   */
  read<T>(path: string, type: string, read: (reader: Reader) => T, details?: (value: T) => Details): T {
    let value: T
    try {
      value = read(this.reader)
    } catch (error) {
      throw error instanceof MalformedError && error.path.length === 0 && path !== ''
        ? error.within(path)
        : error
    }
    this.#add(path, type, value, details?.(value) ?? {})
    return value
  }

  /** As `read`, for sizes, counts and the like. */
  framing<T>(path: string, type: string, read: (reader: Reader) => T, note?: (value: T) => string): T {
    return this.read(path, type, read, (value) => ({ role: 'framing', note: note?.(value) ?? '' }))
  }

  /** Gives the bytes up to `end` a piece that says why nothing is made of them. None when there are none. */
  rest(end: number, path: string, note: string): void {
    if (end <= this.#covered) return
    const start = this.#covered
    this.reader.position = end
    this.#covered = end
    const value = this.reader.bytes.subarray(start, end)
    this.#pieces.push({ start, end, path, type: 'bytes', value, note, role: 'rest' })
  }

  /** Keeps the first thing that is wrong. */
  failed(error: KafkaError): void {
    this.#error ??= error
  }

  /**
   * Explains what ends at `end`. Where that fails, the bytes from there to `end` become a `rest` with the reason, and
   * what comes behind can still be explained.
   */
  contain(end: number, explain: () => void): void {
    const outer = this.reader
    this.reader = new Reader(outer.bytes, outer.position, end)
    try {
      explain()
      const { position, remaining } = this.reader
      if (remaining > 0) throw new MalformedError(`${remaining} bytes are left over`, position)
    } catch (error) {
      if (error instanceof TooManyPieces) throw error
      this.#fail(error, end)
    } finally {
      this.reader = outer
      outer.position = this.#covered
    }
  }

  /** Explains everything; `explain` may fail at any place. */
  explain(explain: () => void): ExplainedBytes {
    const { bytes } = this.reader
    try {
      explain()
    } catch (error) {
      this.#fail(error, bytes.length)
    }
    this.rest(bytes.length, '', 'left over')
    return { bytes, pieces: this.#pieces, error: this.#error }
  }

  #fail(error: unknown, end: number): void {
    if (!(error instanceof KafkaError)) throw error
    this.failed(error)
    this.rest(end, error instanceof MalformedError ? error.path.join('') : '', error.message)
  }

  #add(path: string, type: string, value: unknown, details: Details): void {
    const { note = '', role = 'field', unpacked } = details
    const start = this.#covered
    const end = this.reader.position
    if (this.budget.pieces-- <= 0) throw new TooManyPieces()
    this.#covered = end
    const piece = { start, end, path, type, value, note, role }
    this.#pieces.push(unpacked === undefined ? piece : { ...piece, unpacked })
  }
}
