import { Reader } from './reader.ts'

/** Key under which a decoded struct keeps tagged fields that this library does not know, so that they survive. */
export const unknownTags: unique symbol = Symbol('unknownTags')

/** A tagged field of a newer schema, kept as it came. */
export interface UnknownTag {
  tag: number
  bytes: Uint8Array
}

/**
 * The tagged fields of one struct that are not known, as a view of the frame. They are taken apart only when somebody
 * asks: a frame may have very many, and an object for each would take forty times the frame.
 */
export class UnknownTags implements Iterable<UnknownTag> {
  /** From the first unknown field to the end of the last one, with known ones in between. */
  readonly bytes: Uint8Array
  readonly #known: readonly (number | undefined)[]

  constructor(bytes: Uint8Array, known: readonly (number | undefined)[]) {
    this.bytes = bytes
    this.#known = known
  }

  *[Symbol.iterator](): Generator<UnknownTag, void> {
    const reader = new Reader(this.bytes)
    while (reader.remaining > 0) {
      const tag = reader.uvarint()
      const bytes = reader.view(reader.uvarint())
      if (!this.#known.includes(tag)) yield { tag, bytes }
    }
  }
}
