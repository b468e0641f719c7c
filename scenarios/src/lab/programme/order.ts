import type { ClientName } from '../drivers/clients.ts'

export type ClusterKind = 'kafka' | 'samsa'

/** What a run is asked for. */
export interface Order {
  readonly client: ClientName
  readonly cluster: ClusterKind
  readonly seed: number
  /** How long there are faults; starting, healing and draining come on top. */
  readonly minutes: number
  /** Where histories, reports and traces go. */
  readonly directory: string
}
