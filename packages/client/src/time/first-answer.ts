import type { Runtime, Timer } from '@samsa/runtime'

export interface FirstAnswerOptions {
  runtime: Runtime
  /** How long the newest that was asked may stay mute before the next is asked besides. */
  patienceMs: number
  /** Errors after which the others are not asked any more. */
  isFinal: (error: Error) => boolean
}

/**
 * Asks one after the other until one answers. One that stays mute is not waited for to the end: the next is asked
 * besides, since a dead address often takes connections, or packets, and says nothing.
 * @throws what the only one said, a final error, or AggregateError of all that failed
 */
export function firstAnswer<T>(
  asks: readonly (() => Promise<T>)[],
  { runtime, patienceMs, isFinal }: FirstAnswerOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const failures: Error[] = []
    let next = 0
    let isOver = false
    let timer: Timer | undefined
    const end = (settle: () => void) => {
      isOver = true
      timer?.cancel()
      settle()
    }
    const failed = (error: Error) => {
      failures.push(error)
      if (isOver) return
      if (isFinal(error)) end(() => reject(error))
      else if (failures.length < asks.length) askNext()
      else end(() => reject(asks.length === 1 ? error : new AggregateError(failures)))
    }
    const askNext = () => {
      timer?.cancel()
      const ask = asks[next++]
      if (!ask || isOver) return
      timer = runtime.timer(runtime.now() + patienceMs, askNext)
      ask().then((answer) => end(() => resolve(answer)), failed)
    }
    askNext()
  })
}
