/** Tries at most; each runs the target once. */
const MOST_TRIES = 2000

/** Makes an input smaller, and then plainer, as long as it still shows the same. */
export async function minimise(
  bytes: Buffer,
  shows: (candidate: Buffer) => boolean | Promise<boolean>,
): Promise<Buffer> {
  let best = bytes
  let tries = 0
  const attempt = async (candidate: Buffer): Promise<boolean> => {
    if (tries++ >= MOST_TRIES || !(await shows(candidate))) return false
    best = candidate
    return true
  }
  for (let size = best.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < best.length; ) {
      const without = Buffer.concat([best.subarray(0, at), best.subarray(at + size)])
      if (!(await attempt(without))) at += size
    }
  }
  for (let at = 0; at < best.length; at++) {
    if (best[at] === 0) continue
    const plainer = Buffer.from(best)
    plainer[at] = 0
    await attempt(plainer)
  }
  return best
}
