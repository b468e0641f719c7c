import { startBroker } from '@samsa/broker'
import type { KafkaCluster } from '../cluster/apache-kafka.ts'
import { startKafka } from '../cluster/apache-kafka.ts'

/** A cluster that the same judge is run on. */
export interface Stage {
  readonly bootstrapServers: string
  /** Present on Apache Kafka. */
  readonly kafka: KafkaCluster | undefined
  close(): Promise<void>
}

export interface Opening {
  (): Promise<Stage>
  title: string
}

async function apacheKafka(): Promise<Stage> {
  const kafka = await startKafka()
  return { bootstrapServers: kafka.bootstrapServers, kafka, close: () => kafka.stop() }
}
apacheKafka.title = 'a three-node Apache Kafka'

async function embeddedBroker(): Promise<Stage> {
  const broker = await startBroker({ brokers: 3, numPartitions: 3, messageMaxBytes: 25_000_000 })
  return { bootstrapServers: broker.bootstrapServers, kafka: undefined, close: () => broker.close() }
}
embeddedBroker.title = 'the embedded broker'

export const stages: readonly Opening[] = [embeddedBroker, apacheKafka]
export { apacheKafka }
