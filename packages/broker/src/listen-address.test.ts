import assert from 'node:assert/strict'
import test from 'node:test'
import { NetworkError, nodeRuntime } from '@samsa/runtime'
import { startBroker } from './broker.ts'

test('a host that is not of this machine is told as that, not as a port that is taken', async () => {
  // 192.0.2.0/24 belongs to nobody (RFC 5737).
  await assert.rejects(startBroker({ host: '192.0.2.1' }), {
    code: 'ADDRESS_NOT_AVAILABLE',
    message: /^192\.0\.2\.1 is no address of this machine \(EADDRNOTAVAIL\); listen on one of its own/,
  })
})

test('a host name that is not known is told as that', async () => {
  const listen = async (): Promise<never> => {
    throw new NetworkError('listen', 'ENOTFOUND', 'nowhere:0', 'the host name nowhere is not known')
  }
  const runtime = { ...nodeRuntime(), listen }
  await assert.rejects(startBroker({ host: 'nowhere', runtime }), { code: 'ADDRESS_NOT_AVAILABLE' })
})

test('a broker on an IPv6 address gives it in brackets, and takes it with and without them', async () => {
  const listenedOn: string[] = []
  const listen = async ({ host }: { host: string }) => {
    listenedOn.push(host)
    return { host, port: 9092, close: async () => {} }
  }
  for (const host of ['::1', '[::1]']) {
    const broker = await startBroker({ host, runtime: { ...nodeRuntime(), listen } })
    assert.equal(broker.nodes[0]?.host, '::1')
    assert.equal(broker.bootstrapServers, '[::1]:9092')
    await broker.close()
  }
  assert.deepEqual(listenedOn, ['::1', '::1'])
})
