import type { Runtime } from '@samsa/runtime'
import type { Logger } from './events.ts'

/** The world and the log of a client; the real ones by default. */
export interface ClientWorld {
  runtime?: Runtime
  logger?: Logger
}
