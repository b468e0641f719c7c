import type { BrokerOptions } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import type { Answer } from './node-process.ts'

/** What the broker's process can be told besides Kafka's own requests. */
export interface Order {
  readonly id: number
  readonly topic: string
  readonly partition: number
  /** The node that is to lead it. */
  readonly node: number
}

const STOP_LIMIT_MS = 10_000

const broker = await startBroker(JSON.parse(process.argv[2] as string) as BrokerOptions)

process.on('message', ({ id, topic, partition, node }: Order) => {
  let answer: Answer = { id }
  try {
    broker.moveLeader(topic, partition, node)
  } catch (error) {
    answer = { id, error: (error as Error).message }
  }
  process.send?.(answer)
})
// Whoever started it is gone: nobody is left to stop it.
process.once('disconnect', () => void end())
process.once('SIGTERM', () => void end())
console.log(`listens on ${broker.bootstrapServers}`)

async function end(): Promise<void> {
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
  await broker.close()
  process.exit(0)
}
