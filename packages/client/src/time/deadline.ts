import type { Runtime } from '@samsa/runtime'
import { wait } from './wait.ts'

/** Waits; ends early, without an error, when the signal is aborted. */
export async function sleep(runtime: Runtime, ms: number, signal?: AbortSignal): Promise<void> {
  await wait(runtime, { until: runtime.now() + ms, signal })
}

/**
 * The promise's outcome, or at `deadline` (monotonic) the rejection that `expire` gives. The promise itself goes on;
 * its later rejection is taken care of.
 */
export function within<T>(
  runtime: Runtime,
  promise: Promise<T>,
  deadline: number,
  expire: () => Error,
): Promise<T> {
  if (deadline === Number.POSITIVE_INFINITY) return promise
  return new Promise<T>((resolve, reject) => {
    const timer = runtime.timer(deadline, () => reject(expire()))
    promise.then(
      (value) => {
        timer.cancel()
        resolve(value)
      },
      (error) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}
