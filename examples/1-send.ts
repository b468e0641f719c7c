/** Creates a producer with several bootstrap servers, gzip and a 20 MiB limit, and sends without waiting. */
import { KafkaProducer } from '@samsa/client'
import { readArguments } from './arguments.ts'

const { bootstrapServers, topic } = readArguments() // 'k1:19092,k2:19092,k3:19092', 'my.topic'

const producer = new KafkaProducer({
  bootstrapServers,
  compressionType: 'gzip',
  maxRequestSize: 20 * 1024 * 1024,
})

producer.send({ topic, value: 'Hello kafka!' }) // returns at once

await producer.close() // sends what is still waiting, for 30 seconds at most
const { unobservedErrors } = producer.metrics()
console.log(unobservedErrors === 0 ? 'sent without waiting' : `not sent: ${unobservedErrors}`)
