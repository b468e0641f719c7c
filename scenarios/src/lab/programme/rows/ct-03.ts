import { usualLoad } from '../load.ts'
import type { Row } from '../row.ts'

/** Nothing fails, but somebody else leads. */
export const ct03: Row = {
  id: 'CT-03',
  title: 'the leader of a partition moves every 5 s',
  topic: { partitions: 12 },
  load: usualLoad,
  faults: async (stage) => {
    await stage.schedule({ kinds: ['leader-move'], everyMs: 5_000, noneShare: 0 })
  },
}
