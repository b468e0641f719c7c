/**
 * Work in pieces: it yields after each block, so that whoever drives it may let others have a turn in between.
 * Nothing outside of the work may be relied on to stay as it is across a yield.
 */
export type Stepwise<T> = Generator<number, T>

/** Does all of it at once. */
export function atOnce<T>(work: Stepwise<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

/** Does it with a turn for others after every so many bytes. */
export async function inTurns<T>(work: Stepwise<T>, bytes: number, turn: () => Promise<unknown>): Promise<T> {
  let since = 0
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    since += step.value
    if (since < bytes) continue
    since = 0
    await turn()
  }
}
