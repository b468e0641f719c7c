export interface BackoffBounds {
  initialMs: number
  maxMs: number
}

/**
 * How long to wait before the next attempt: initial x 2^attempt, at most max, +-20 % so that many clients do not come
 * back in step. Source: KIP-580, `ExponentialBackoff`.
 * @param attempt 0 before the second attempt
 */
export function backoffMs(
  attempt: number,
  { initialMs, maxMs }: BackoffBounds,
  random: () => number,
): number {
  const exponential = initialMs * 2 ** Math.min(attempt, 30)
  return Math.min(maxMs, exponential * (0.8 + 0.4 * random()))
}
