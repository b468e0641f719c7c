/** Draws whole numbers below `n`. */
export type Draw = (n: number) => number

/** A small generator with 32 bits of state. Source: mulberry32, T. Ettinger, public domain. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * n)
  }
}
