import assert from 'node:assert/strict'
import net from 'node:net'
import test from 'node:test'
import { dial, listen } from './net.ts'

test('a time beyond what setTimeout takes is long, not over at once', async () => {
  const sockets: net.Socket[] = []
  const server = net.createServer((socket) => void sockets.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const abort = new AbortController()
  const target = { host: '127.0.0.1', port, timeoutMs: 2 ** 40, tls: {}, signal: abort.signal }
  let outcome = 'waiting'
  // Nobody answers the handshake.
  const dialled = dial(target).catch((error: Error) => {
    outcome = error.message
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(outcome, 'waiting')
  abort.abort(new Error('given up'))
  await dialled
  assert.equal(outcome, 'given up')
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test('why nobody can listen is told by its kind: a port that is taken, a host that is not here', async () => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const said = (host: string) =>
    listen({ host, port }, () => {}).then(
      () => [],
      ({ code, message }) => [code, message],
    )
  assert.deepEqual(await said('127.0.0.1'), [
    'EADDRINUSE',
    `port ${port} on 127.0.0.1 is taken by another program; choose another port, or 0 for any free one`,
  ])
  // 192.0.2.0/24 belongs to nobody (RFC 5737).
  assert.deepEqual(await said('192.0.2.1'), [
    'EADDRNOTAVAIL',
    '192.0.2.1 is no address of this machine (EADDRNOTAVAIL); listen on one of its own, or on 0.0.0.0 for all',
  ])
  await new Promise((resolve) => server.close(resolve))
})
