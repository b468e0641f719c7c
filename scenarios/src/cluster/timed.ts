/** Tells how long something took. */
export async function timed<T>(what: string, doing: Promise<T>): Promise<T> {
  const begun = performance.now()
  const done = await doing
  console.log(`${what}: ${Math.round(performance.now() - begun)} ms`)
  return done
}
