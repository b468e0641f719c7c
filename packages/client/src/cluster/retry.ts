import { closedError, ServerError, TimeoutError } from '../errors.ts'
import { backoffMs } from '../time/backoff.ts'
import { sleep, within } from '../time/deadline.ts'
import type { Cluster } from './cluster.ts'
import type { Recovery } from './recovery.ts'
import { recover } from './recovery.ts'
import type { CoordinatorType } from './routing.ts'

export interface RetryOptions {
  /** Names the call in errors, e.g. `offsets of my.topic`. */
  what: string
  place: Recovery
  /** Monotonic. */
  deadline: number
  /** What is looked up anew where the place says so. */
  coordinator?: { type: CoordinatorType; key: string } | undefined
}

/**
 * Repeats an attempt with growing pauses for as long as the recovery table of its place says so.
 * @param attempt is given what is to be called when its request has left, so that the error can say so
 * @throws the error itself when repeating cannot help; TimeoutError with it as the cause when time ran out
 */
export async function retrying<T>(
  cluster: Cluster,
  { what, place, deadline, coordinator }: RetryOptions,
  attempt: (onWritten: () => void) => Promise<T>,
): Promise<T> {
  const { runtime, signal, complaints } = cluster
  const started = runtime.now()
  const complaint = `${what} fails, trying on`
  let problem: unknown
  let expired: TimeoutError | undefined
  let sent = false
  const onWritten = () => {
    sent = true
  }
  const expire = () => {
    const cause = cluster.trouble ?? problem
    expired = new TimeoutError(what, runtime.now() - started, { sent, cause })
    return expired
  }
  try {
    for (let count = 0; ; count++) {
      try {
        sent = false
        return await within(runtime, attempt(onWritten), deadline, expire)
      } catch (error) {
        if (error === expired) throw error
        problem = error
        const action = recover(error, place)
        if (action === 'recoordinate' && coordinator)
          cluster.forgetCoordinator(coordinator.type, coordinator.key)
        else if (action === 'refresh') cluster.requestRefresh()
        else if (action !== 'retry' && action !== 'recoordinate') throw error
        // Where no broker can be reached at all, that is said already.
        if (!cluster.trouble) complaints.failed(complaint, error)
        const pause = backoffOf(cluster, count)
        if (runtime.now() + pause >= deadline) {
          const cause = error instanceof ServerError ? error : (cluster.trouble ?? error)
          throw new TimeoutError(what, runtime.now() - started, { cause, sent: sentBy(error) })
        }
        await sleep(runtime, pause, signal)
        if (signal.aborted) throw closedError('the client')
      }
    }
  } finally {
    complaints.healed(complaint)
  }
}

/** The pause before the next attempt. */
export function backoffOf({ config, runtime }: Cluster, attempt: number): number {
  const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = config
  return backoffMs(attempt, { initialMs, maxMs }, () => runtime.random())
}

/** Whether what was asked for may have been done although the answer did not come. */
function sentBy(error: unknown): boolean {
  return (error as { sent?: unknown }).sent === true
}
