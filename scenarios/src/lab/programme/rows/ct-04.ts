import type { Row } from '../row.ts'

/** Brokers that neither answer nor go away, for longer than sends may take (librdkafka #4134). */
export const ct04: Row = {
  id: 'CT-04',
  title: 'two of three nodes are frozen for 45 s while sends may take 30 s',
  topic: { partitions: 12 },
  load: [
    {
      role: 'produce',
      count: 4,
      options: { rate: 100, deliveryTimeoutMs: 30_000, requestTimeoutMs: 10_000 },
    },
    { role: 'consume', count: 2, options: { group: 'two', handed: true } },
  ],
  // Sends that expire are no fault; those that stay without an end are.
  mode: { deliveryMs: 30_000 },
  faults: async (stage) => {
    const holdMs = Math.round(Math.min(45_000, stage.durationMs * 0.7))
    await stage.schedule({
      kinds: ['freeze'],
      everyMs: [3_000, Math.round(stage.durationMs * 0.25)],
      holdMs,
      nodesAtOnce: 2,
      noneShare: 0,
    })
  },
}
