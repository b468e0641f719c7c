import { Fnv } from './fnv.ts'

/** Everything that happened in a world, as one running hash; and, for people, as lines. */
export class Trace {
  /** How many events there were. */
  count = 0
  readonly #hash = new Fnv()
  readonly #onLine: ((line: string) => void) | undefined

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine
  }

  /**
   * Takes an event into the hash: when, what, where, and what exactly. Bytes count with every one of them, so that two
   * runs that differ in a single bit on the wire differ in their hashes.
   */
  note(at: number, what: string, where: string, detail: string | number | Uint8Array = ''): void {
    this.count++
    this.#hash.number(at)
    this.#hash.units(what)
    this.#hash.units(where)
    if (detail instanceof Uint8Array) this.#hash.bytes(detail)
    else this.#hash.units(String(detail))
    if (!this.#onLine) return
    const shown = detail instanceof Uint8Array ? `${detail.length} bytes` : detail
    this.#onLine(`${at.toFixed(3).padStart(12)} ${what.padEnd(8)} ${where} ${shown}`.trimEnd())
  }

  /** 16 hexadecimal digits (FNV-1a). */
  get digest(): string {
    return this.#hash.digest
  }
}
