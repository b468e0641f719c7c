/** Tells how long something took. */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  const done = await work()
  console.log(`${what}: ${Math.round(performance.now() - begun)} ms`)
  return done
}
