import { startBroker } from '@samsa/broker'
import { KafkaProducer } from '@samsa/client'

/**
 * A process with an embedded broker, for the start-up bench. Says when its own first record was acknowledged, in
 * milliseconds since the process and since the call; then answers whatever it is sent with its resident memory.
 */
const called = performance.now()
const broker = await startBroker()
const listening = performance.now()
const producer = new KafkaProducer({ bootstrapServers: broker.bootstrapServers, lingerMs: 0 })
await producer.send({ topic: 'first', value: 'first' })
const acknowledged = performance.now()
await producer.close()
process.on('message', () => process.send?.({ rss: process.memoryUsage().rss }))
process.send?.({
  bootstrapServers: broker.bootstrapServers,
  // performance.now() counts from the start of the process.
  listeningAfterCallMs: listening - called,
  firstRecordAfterCallMs: acknowledged - called,
  firstRecordAfterProcessMs: acknowledged,
})
