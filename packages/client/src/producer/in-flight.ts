/**
 * Produce requests under way, by broker. A request that still waits for the connection lets none follow: it may give up
 * before a later one does, and the broker would then see the later one first.
 */
export class InFlight {
  readonly #counts = new Map<number, number>()
  readonly #unwritten = new Set<number>()
  readonly #onRoom: () => void

  /** @param onRoom called when a request was written: the next one may follow */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom
  }

  /** Whether another request may go to a broker. */
  hasRoom(node: number, most: number): boolean {
    return !this.#unwritten.has(node) && (this.#counts.get(node) ?? 0) < most
  }

  /** A request begins. Its two calls tell that it was written, which may never be, and that it is over. */
  begin(node: number): { written: () => void; over: () => void } {
    this.#counts.set(node, (this.#counts.get(node) ?? 0) + 1)
    this.#unwritten.add(node)
    let isWritten = false
    const written = () => {
      isWritten = true
      this.#unwritten.delete(node)
      this.#onRoom()
    }
    const over = () => {
      if (!isWritten) this.#unwritten.delete(node)
      this.#counts.set(node, (this.#counts.get(node) ?? 1) - 1)
    }
    return { written, over }
  }
}
