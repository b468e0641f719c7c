/** What ends a command from outside, by the code that shells show for it. */
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
type Signal = keyof typeof signals

/** After the first signal, stopping in order may take so long. Milliseconds. */
const STOP_LIMIT_MS = 5_000

/** The parts of a process that are needed for it; a test has its own. */
export interface Signalled {
  on(signal: Signal, listener: () => void): void
  after(ms: number, fire: () => void): void
  exit(code: number, why?: string): void
}

/** The first signal asks for an end in order, which is bounded; the second one ends everything at once. */
export function stopOnSignals(stop: AbortController, world: Signalled): void {
  for (const [signal, code] of Object.entries(signals) as [Signal, number][]) {
    world.on(signal, () => {
      if (stop.signal.aborted) {
        world.exit(code)
        return
      }
      stop.abort()
      world.after(STOP_LIMIT_MS, () => world.exit(code, 'stopping took longer than 5 s; gave up'))
    })
  }
}
