export type { TopicPartition, TopicPartitionOffset } from '../cluster/topic-partition.ts'
export { KafkaConsumer } from './consumer.ts'
export type {
  ConsumerOptions,
  ConsumerSettings,
  DeserializeContext,
  Deserializer,
} from './consumer-config.ts'
export type { ConsumerEvents } from './consumer-events.ts'
export { ConsumerRecord, DeserializationError } from './consumer-record.ts'
export { LogTruncationError } from './log-truncation.ts'
export { UnreadableBatchError } from './unreadable-batch.ts'
