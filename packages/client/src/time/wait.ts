import type { Runtime } from '@samsa/runtime'

export interface WaitOptions {
  /** Monotonic; without it there is no end by time. */
  until?: number
  /** Ends the wait when it is aborted. */
  signal?: AbortSignal | undefined
  /** Puts a listener on what is waited for, and gives what takes it off. */
  on?: (told: () => void) => () => void
}

/** Why a wait is over: it was told, its time came, or its signal was aborted. */
export type WaitEnd = 'told' | 'late' | 'aborted'

/**
 * The one way to wait: for time, for a signal, for being told, whichever comes first. It never rejects, and leaves no
 * timer and no listener behind.
 */
export function wait(runtime: Runtime, { until, signal, on }: WaitOptions): Promise<WaitEnd> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve('aborted')
    let isOver = false
    let off: (() => void) | undefined
    const end = (why: WaitEnd) => {
      isOver = true
      timer?.cancel()
      signal?.removeEventListener('abort', aborted)
      off?.()
      resolve(why)
    }
    const aborted = () => end('aborted')
    const timer =
      until === undefined || until === Number.POSITIVE_INFINITY
        ? undefined
        : runtime.timer(until, () => end('late'))
    signal?.addEventListener('abort', aborted)
    off = on?.(() => end('told'))
    if (isOver) off?.()
  })
}
