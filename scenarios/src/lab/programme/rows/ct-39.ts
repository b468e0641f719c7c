import type { Row } from '../row.ts'

/** A careful application: few records at once, each committed when it is done. */
const slow = {
  group: 'slow',
  handed: true,
  commit: 'each',
  handleMs: 200,
  handleMostMs: 3_000,
  maxPollRecords: 3,
} as const

/** Nothing fails: what is done twice, or cannot be committed, is the client's own doing. */
export const ct39: Row = {
  id: 'CT-39',
  title: 'handlers that take 0.2 to 3 s while members join and leave in order every few seconds',
  topic: { partitions: 12 },
  load: [
    { role: 'produce', options: { rate: 5 } },
    { role: 'consume', count: 2, options: slow },
    {
      role: 'churn',
      count: 2,
      options: { ...slow, members: 3, stayMs: 5_000, stayMostMs: 20_000, deathOneIn: 0 },
    },
  ],
  mode: { orderly: true, expectedFaults: 0 },
  faults: (stage) => stage.sleep(stage.durationMs),
}
