import { preferNative } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import { nodeRuntime } from '@samsa/runtime'
import type { Logger } from './events.ts'

/** The world and the log of a client; the real ones by default. */
export interface ClientWorld {
  runtime?: Runtime
  logger?: Logger
}

/**
 * The world that a client lives in: the one it was given, or this machine. Only on the machine are native packages
 * used where they are installed: a run in a world of its own is to be repeated exactly, whatever is installed.
 */
export function clientRuntime(given: Runtime | undefined): Runtime {
  if (given) return given
  preferNative()
  return nodeRuntime()
}
