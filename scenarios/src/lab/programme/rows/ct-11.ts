import type { Row } from '../row.ts'

const QUOTA_BYTES = 100_000
const GENTLE_MS = 2_000
/** More than any clock of a client can wait; as a broker with a bug, or somebody who means harm, would say. */
const ABSURD_MS = 2 ** 31 - 1

/** Brokers that ask to be left alone for a while. */
export const ct11: Row = {
  id: 'CT-11',
  title: 'quotas below what is offered, then throttle times up to 2^31 - 1 ms',
  clusters: ['kafka'],
  topic: { partitions: 12 },
  load: [
    { role: 'produce', count: 4, options: { rate: 150, valueBytes: 1_000 } },
    { role: 'consume', count: 2, options: { group: 'two', handed: true } },
  ],
  isProxied: true,
  // Half a minute of silence is still obedience; what never ends is not.
  afterHealingMs: 50_000,
  mode: { progressMs: 35_000, lagMs: 40_000 },
  faults: async (stage) => {
    stage.fault(`quota of ${QUOTA_BYTES} bytes a second for every client`)
    await stage.cluster.setQuota({
      clientId: null,
      producerByteRate: QUOTA_BYTES,
      consumerByteRate: 2 * QUOTA_BYTES,
    })
    await stage.sleep(stage.durationMs / 2)
    await stage.cluster.setQuota({ clientId: null, producerByteRate: null, consumerByteRate: null })
    stage.heal('quota')
    for (const ms of [1, GENTLE_MS, ABSURD_MS]) {
      for (const api of ['Produce', 'Fetch', 'Metadata']) {
        if (stage.isOver) return
        const end = stage.inject({ api, action: 'throttle', ms }, `${api} says to wait ${ms} ms`)
        await stage.sleep(stage.durationMs / 24)
        end()
      }
    }
  },
}
