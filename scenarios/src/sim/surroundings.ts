import type { Logger } from '@samsa/client'
import type { Host, Random } from '@samsa/runtime'
import type { Handling } from './handling.ts'
import type { Historian } from './history.ts'
import type { Ledger } from './ledger.ts'
import type { Pool } from './pool.ts'

/** What the clients of a run have in common. */
export interface Surroundings {
  readonly bootstrapServers: string
  readonly pool: Pool
  readonly ledger: Ledger
  readonly history: Historian
  readonly handling: Handling
  readonly logger: Logger
  /** Each client draws from a stream of its own. */
  readonly random: Random
  /** Most bursts of a producer. */
  readonly bursts: number
  /** Whether the broker's disk reads wrong bits now and then: then readers may meet batches that are damaged. */
  readonly isDamaging: boolean
  /** Takes something that a client has seen into the trace. */
  readonly note: (what: string, where: string, detail: string) => void
}

/** Waits by a host's clock; never ends when the host is killed. */
export function sleep(host: Host, ms: number): Promise<void> {
  return new Promise((resolve) => void host.timer(host.now() + ms, resolve))
}
