import type { HistoryIndex } from './history-index.ts'
import type { Visibility } from './visibility.ts'
import { VisibleRanks, visibilityOf } from './visibility.ts'

/** What all checks look at: the index, and what follows from it at once. */
export interface Evidence extends Visibility {
  index: HistoryIndex
  ranks: VisibleRanks
}

export function evidenceOf(index: HistoryIndex): Evidence {
  const visibility = visibilityOf(index)
  return { index, ...visibility, ranks: new VisibleRanks(index, visibility) }
}
