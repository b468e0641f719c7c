import { Fnv } from './fnv.ts'

/**
 * Random numbers from a seed: xoshiro128** (Blackman and Vigna, 2018), its 128 bits of state filled by splitmix32 from
 * the FNV-1a hash of the seed's text. Fast, long enough (2^128 - 1), and not fit for secrets.
 *
 * Each part of the world draws from a stream of its own (`fork`), so that one more draw in one part does not change
 * what another part meets.
 */
export class Random {
  readonly #seed: string
  readonly #state: Uint32Array

  constructor(seed: string) {
    this.#seed = seed
    const hash = new Fnv()
    hash.text(seed)
    const [high, low] = hash.halves
    const next = splitmix32(high ^ low)
    this.#state = Uint32Array.of(next() ^ high, next() ^ low, next(), next() | 1)
  }

  /** Another stream, which depends on the seed and the name only. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`)
  }

  /** A number in [0, 1) with 53 random bits. */
  next(): number {
    return ((this.#draw() >>> 5) * 2 ** 26 + (this.#draw() >>> 6)) / 2 ** 53
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** A whole number from low to high, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)] as T
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#draw() >>> 24)
  }

  #draw(): number {
    const s = this.#state as unknown as [number, number, number, number]
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0
    const shifted = s[1] << 9
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= shifted
    s[3] = rotate(s[3], 11)
    return result
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function splitmix32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x9e37_79b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}
