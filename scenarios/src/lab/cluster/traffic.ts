import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import type { ControlledCluster } from './controlled-cluster.ts'

const DELIVERY_LIMIT_MS = 60_000
const READ_LIMIT_MS = 30_000
const BURST = 50

/**
 * Sends records with values of their own in bursts: before, while something happens, and after.
 * @returns the values that were acknowledged, which must be all
 */
export async function sendThroughout(
  { bootstrapServers }: ControlledCluster,
  topic: string,
  meanwhile: () => Promise<void>,
): Promise<Set<string>> {
  const producer = new KafkaProducer({ bootstrapServers, deliveryTimeoutMs: DELIVERY_LIMIT_MS })
  const acknowledged = new Set<string>()
  let count = 0
  const burst = async () => {
    const values = Array.from({ length: BURST }, () => `value-${count++}`)
    const sends = values.map(async (value) => {
      await producer.send({ topic, value })
      acknowledged.add(value)
    })
    await Promise.all(sends)
  }
  let isOver = false
  const sending = async () => {
    while (!isOver) await burst()
  }
  try {
    await burst()
    await Promise.all([sending(), meanwhile().finally(() => (isOver = true))])
    await burst()
  } finally {
    await producer.close()
  }
  return acknowledged
}

/** What of the wanted values a fresh consumer does not read, or not once. */
export async function notReadOnce(
  cluster: ControlledCluster,
  topic: string,
  wanted: ReadonlySet<string>,
): Promise<string[]> {
  const partitions = Array.from({ length: await cluster.partitionsOf(topic) }, (_, partition) => ({
    topic,
    partition,
  }))
  const consumer = new KafkaConsumer({ bootstrapServers: cluster.bootstrapServers })
  const times = new Map<string, number>()
  try {
    consumer.assign(partitions)
    consumer.seekToBeginning()
    let left = (await consumer.endOffsets(partitions)).reduce((sum, end) => sum + end, 0)
    for (; left > 0; left--) {
      const { value } = (await consumer.next({ timeoutMs: READ_LIMIT_MS })).value
      const text = String(value)
      times.set(text, (times.get(text) ?? 0) + 1)
    }
  } finally {
    await consumer.close()
  }
  return [...wanted].filter((value) => times.get(value) !== 1)
}
