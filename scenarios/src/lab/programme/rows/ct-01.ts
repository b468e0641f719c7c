import { usualLoad } from '../load.ts'
import type { Row } from '../row.ts'

/** Leaders die hard and come back. */
export const ct01: Row = {
  id: 'CT-01',
  title: 'a leader is killed every 20 to 40 s and started again after 5 to 15 s',
  topic: { partitions: 12 },
  load: usualLoad,
  faults: async (stage) => {
    const everyMs = stage.scaled([20_000, 40_000])
    await stage.schedule({ kinds: ['kill'], everyMs, holdMs: stage.scaled([5_000, 15_000]), noneShare: 0 })
  },
}
