import type { Code } from './anomalies.ts'
import { Broken } from './broken-history.ts'
import type { Draw } from './draw.ts'
import type { HistoryEvent } from './history.ts'
import { logMutators } from './mutators-log.ts'
import { readerMutators } from './mutators-readers.ts'
import { transactionMutators } from './mutators-transactions.ts'

/** One way to break a history for each code. */
const mutators = { ...logMutators, ...readerMutators, ...transactionMutators }

/** Breaks a copy of a clean history in the way of a code. */
export function mutate(events: readonly HistoryEvent[], code: Code, draw: Draw): HistoryEvent[] {
  const mutator = mutators[code]
  if (!mutator) throw new Error(`nobody knows how to break a history for ${code}`)
  const history = new Broken(events, draw)
  mutator(history)
  return history.sorted()
}
