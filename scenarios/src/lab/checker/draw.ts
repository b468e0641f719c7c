import { Random } from '@samsa/runtime'

/** Draws whole numbers below `n`. */
export type Draw = (n: number) => number

/** The same seed draws the same numbers. */
export function drawFrom(seed: number): Draw {
  const random = new Random(`history ${seed}`)
  return (n) => random.whole(0, n - 1)
}
