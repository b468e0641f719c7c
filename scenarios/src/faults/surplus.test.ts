import assert from 'node:assert/strict'
import { connect } from 'node:net'
import test from 'node:test'
import { startBroker } from '@samsa/broker'

/** librdkafka 2.16.0 asks for the metadata of all topics; its last three bytes belong to no field. */
const METADATA = Buffer.from('000000190003000d00000003000772646b61666b61000000000000010000', 'hex').subarray(
  0,
)

test('a request with bytes too many is answered, since a common client sends such', async () => {
  await using broker = await startBroker()
  broker.createTopic('surplus.topic')
  const [host, port] = broker.bootstrapServers.split(':')
  const socket = connect(Number(port), host)
  socket.write(METADATA)
  const answer = await new Promise<Buffer | undefined>((resolve) => {
    socket.once('data', resolve)
    socket.once('close', () => resolve(undefined))
  })
  socket.destroy()
  assert.equal(answer?.readInt32BE(4), 3)
  assert.match(answer.toString('latin1'), /surplus\.topic/)
})
