/** Reads a topic as a member of a group; what was read is committed every 5 seconds. */
import { KafkaConsumer } from '@samsa/client'
import { readArguments } from './arguments.ts'

const { bootstrapServers, topic, maxMessages } = readArguments()

const consumer = new KafkaConsumer({
  bootstrapServers,
  groupId: 'my.group',
  autoOffsetReset: 'earliest',
  enableAutoCommit: true,
  autoCommitIntervalMs: 5000,
})
process.once('SIGINT', () => consumer.close())

consumer.subscribe([topic])

let count = 0
for await (const message of consumer) {
  console.log(message)
  if (++count >= maxMessages) break
}

await consumer.close()
