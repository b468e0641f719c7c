import { randomFillSync } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { nodeDisk } from './node/disk.ts'
import { dial, listen } from './node/net.ts'
import type { Runtime, Timer } from './runtime.ts'
import { NetworkError } from './runtime.ts'

/** setTimeout takes 31 bits; a longer wait is made of several. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

let shared: Runtime | undefined

/** The real world: this process's clock, sockets, files. There is one of it. */
export function nodeRuntime(): Runtime {
  shared ??= {
    now: () => performance.now(),
    wallTime: () => Date.now(),
    timer: startTimer,
    turn,
    random: () => Math.random(),
    randomBytes: (length) => randomFillSync(new Uint8Array(length)),
    resolve,
    dial,
    listen,
    disk: nodeDisk,
  }
  return shared
}

/** One turn of the event loop: everything that is ready now has run when it resolves. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function startTimer(at: number, fire: () => void): Timer {
  let handle: NodeJS.Timeout
  const arm = () => {
    const left = Math.max(0, Math.ceil(at - performance.now()))
    handle = setTimeout(look, Math.min(left, LONGEST_TIMEOUT_MS))
  }
  // setTimeout counts whole milliseconds of a clock that is cut to them: it may be up to one too early.
  const look = () => (performance.now() < at ? arm() : fire())
  arm()
  return { cancel: () => clearTimeout(handle) }
}

async function resolve(host: string): Promise<readonly string[]> {
  try {
    const found = await lookup(host, { all: true, verbatim: true })
    return found.map(({ address }) => address)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw new NetworkError('resolve', code, host, `the host name ${host} cannot be resolved (${code})`, {
      cause: error,
    })
  }
}
