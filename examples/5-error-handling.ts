/** Takes the next message, processes it, and commits only if that went well: otherwise it comes again. */
import type { ConsumerRecord } from '@samsa/client'
import { KafkaConsumer } from '@samsa/client'
import { readArguments } from './arguments.ts'

const { bootstrapServers, topic } = readArguments()

const consumer = new KafkaConsumer({
  bootstrapServers,
  groupId: 'my.careful.group',
  autoOffsetReset: 'earliest',
  enableAutoCommit: false,
})
consumer.subscribe([topic])

const { value: message } = await consumer.next()
try {
  processMessage(message)
  await consumer.commit() // all that was handed over, or:
  await consumer.commit(message) // up to and including this one, or:
  await consumer.commit([{ topic, partition: message.partition, offset: message.offset + 1 }])
  console.log('processed and committed')
} catch (error) {
  console.error('not committed, so it comes again:', (error as Error).message) // commit nothing
}

await consumer.close()

function processMessage(message: ConsumerRecord): void {
  console.log(message)
}
