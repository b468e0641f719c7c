import { asTooLarge } from './bytes.ts'

/** As many as zlib's thread pool has threads by default: more would only hold their memory while they wait. */
const MOST_AT_ONCE = 4
let underWay = 0
const waiting: (() => void)[] = []

/** Calls one of zlib's functions that work on its thread pool; beyond four at a time it waits for its turn. */
export async function offThread(
  call: (done: (error: Error | null, result: Buffer) => void) => void,
  maxBytes = 0x7fff_ffff,
): Promise<Buffer> {
  if (underWay >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  else underWay++
  try {
    return await new Promise<Buffer>((resolve, reject) =>
      call((error, result) => (error ? reject(asTooLarge(error, maxBytes)) : resolve(result))),
    )
  } finally {
    // The place goes to the next one without being given back in between.
    const next = waiting.shift()
    if (next) next()
    else underWay--
  }
}
