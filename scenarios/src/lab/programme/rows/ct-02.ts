import { usualLoad } from '../load.ts'
import type { Row } from '../row.ts'

/** What an upgrade looks like to clients. */
export const ct02: Row = {
  id: 'CT-02',
  title: 'every node is restarted in order, one after the other, again and again',
  topic: { partitions: 12 },
  load: usualLoad,
  faults: async (stage) => {
    await stage.schedule({
      kinds: ['rolling-restart'],
      everyMs: stage.scaled([45_000, 45_000]),
      noneShare: 0,
    })
  },
}
