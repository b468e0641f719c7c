import type { ClientName } from '../drivers/clients.ts'
import type { DriverOptions, Role } from '../drivers/options.ts'

/** What one kind of driver does in a row, and how many there are of it. */
export interface DriverPlan {
  readonly role: Role
  /** Default 1. */
  readonly count?: number
  /** Another client than the one that is judged. */
  readonly client?: ClientName
  /** Reads the topic that copiers write to. Default false: everything but copiers is about the first topic. */
  readonly isOfTarget?: boolean
  readonly options?: Partial<DriverOptions>
}

/** Four producers and two groups, of two members and one: rows that say nothing else have this load. */
export const usualLoad: readonly DriverPlan[] = [
  { role: 'produce', count: 4, options: { rate: 150 } },
  { role: 'consume', count: 2, options: { group: 'two', handed: true } },
  { role: 'consume', options: { group: 'one', handed: true } },
]
