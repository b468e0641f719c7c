import { delay } from './surroundings.ts'

const PAUSE_MS = 50

/**
 * Looks again and again until there is nothing left to wait for.
 * @param lacking says what is still missing; undefined when all is there
 * @returns how long it took, in milliseconds
 * @throws Error that says what was missing when the time is over
 */
export async function waitUntil(
  what: string,
  limitMs: number,
  lacking: () => Promise<string | undefined>,
): Promise<number> {
  const begun = performance.now()
  for (;;) {
    let missing: string | undefined
    try {
      missing = await lacking()
    } catch (error) {
      missing = (error as Error).message
    }
    const passed = performance.now() - begun
    if (missing === undefined) return passed
    if (passed > limitMs) throw new Error(`${what}: not in ${limitMs} ms; ${missing}`)
    await delay(PAUSE_MS)
  }
}
