/** Reads three partitions from chosen offsets, without a group's help. */
import { KafkaConsumer } from '@samsa/client'
import { readArguments } from './arguments.ts'

const { bootstrapServers, topic, maxMessages } = readArguments()

const consumer = new KafkaConsumer({ bootstrapServers, groupId: 'my.group', enableAutoCommit: false })
process.once('SIGINT', () => consumer.close())

consumer.assign([
  { topic, partition: 0 },
  { topic, partition: 1 },
  { topic, partition: 2 },
])
consumer.seek({ topic, partition: 0 }, 0)
consumer.seek({ topic, partition: 1 }, 0)
consumer.seek({ topic, partition: 2 }, 0)

let count = 0
for await (const message of consumer) {
  console.log(message)
  if (++count >= maxMessages) break
}

await consumer.close()
