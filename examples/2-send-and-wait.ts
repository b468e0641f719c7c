/** Sends and waits for the result, 60 seconds at most. */
import { KafkaProducer } from '@samsa/client'
import { readArguments } from './arguments.ts'

const { bootstrapServers, topic } = readArguments()

const producer = new KafkaProducer({
  bootstrapServers,
  compressionType: 'gzip',
  maxRequestSize: 20 * 1024 * 1024,
})

const future = producer.send({ topic, value: 'Hello kafka!' })
try {
  const metadata = await future.get({ timeoutMs: 60_000 })
  console.log(metadata)
} catch (error) {
  console.error('not sent:', (error as Error).message)
  process.exitCode = 1
}

await producer.close()
