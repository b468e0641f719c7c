import assert from 'node:assert/strict'
import net from 'node:net'
import tls from 'node:tls'
import type { Broker } from '@samsa/broker'
import { ApiVersions, encodeRequest } from '@samsa/protocol'
import type { Stage } from './stage.ts'
import { hostile } from './stage.ts'

/** What comes to the port of a broker, and why the connection is closed. */
const garbage: readonly (readonly [title: string, bytes: () => Uint8Array, reason: RegExp])[] = [
  [
    'a web browser',
    () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    /^frame size 1195725856 is above the limit of 104857600 \(first bytes "GET \/ HT"\): the other side speaks HTTP$/,
  ],
  [
    'a TLS client',
    () => Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
    /^frame size 369295618 is above the limit of 104857600 .*: the other side speaks TLS$/,
  ],
  ['a size below zero', () => framed([], -1), /^frame size -1 is negative/],
  ['2 GiB', () => framed([], 0x7fff_ffff), /^frame size 2147483647 is above the limit/],
  ['an empty frame', () => framed([]), /needs 2 bytes where 0 remain/],
  ['half a header', () => framed([0, 18, 0]), /needs 2 bytes where 1 remain/],
  ['an API that is none', () => framed([0x7f, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]), /^unknown API key 32767$/],
  [
    'a version that is none',
    () => framed([0, 3, 0x7f, 0, 0, 0, 0, 1, 0, 0]),
    /^Metadata v32512 is not offered$/,
  ],
  [
    'a list of two milliards of topics',
    () => framed([0, 3, 0, 4, 0, 0, 0, 1, 0, 0, 0x7f, 0xff, 0xff, 0xff]),
    /^topics: length 2147483647 is more than the 0 bytes that remain/,
  ],
  ['noise', () => noise(4096), /./],
]

hostile('garbage closes its own connection, says why, and disturbs nobody else', async (stage) => {
  const problems: { remote: string; message: string }[] = []
  const onProblem = (remote: string, { message }: Error) => void problems.push({ remote, message })
  const broker = await stage.broker({ onProblem })
  const traffic = await steady(stage, broker)
  for (const [title, bytes, reason] of garbage) {
    const local = await thrown(broker, bytes())
    const found = problems.find(({ remote }) => remote === local)
    assert.match(found?.message ?? '', reason, title)
  }
  await traffic.end()
})

hostile('who hangs up in the middle, sends byte by byte, or says nothing disturbs nobody', async (stage) => {
  const broker = await stage.broker()
  const traffic = await steady(stage, broker)
  const port = broker.nodes[0]?.port as number
  const whole = Buffer.concat(encodeRequest(ApiVersions, 0, 7, 'drip', {}))
  const idle = net.connect(port, '127.0.0.1').on('error', () => {})
  stage.after(() => idle.destroy())
  for (let length = 1; length < whole.length; length++) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    await new Promise<void>((resolve) => socket.end(whole.subarray(0, length), resolve))
    socket.destroy()
  }
  const drip = net.connect(port, '127.0.0.1').setNoDelay(true)
  stage.after(() => drip.destroy())
  for (const byte of whole)
    await new Promise<void>((resolve) => void drip.write(Uint8Array.of(byte), () => resolve()))
  const answer = await new Promise<Buffer>(
    (resolve, reject) => void drip.once('data', resolve).once('error', reject),
  )
  assert.equal(answer.readInt32BE(4), 7)
  await traffic.end()
})

hostile('a TLS handshake at the plaintext port fails, and the broker goes on', async (stage) => {
  const broker = await stage.broker()
  const port = broker.nodes[0]?.port as number
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
    tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).once('error', resolve)
  })
  assert.equal(error.code, 'ECONNRESET')
  await (await steady(stage, broker)).end()
})

/** Another client that sends all the time; `end` proves that it noticed nothing. */
async function steady(stage: Stage, { bootstrapServers }: Broker) {
  const producer = stage.producer({
    bootstrapServers,
    deliveryTimeoutMs: 60_000,
    requestTimeoutMs: 30_000,
    maxBlockMs: 30_000,
  })
  const lost: string[] = []
  producer.on('disconnected', ({ address }) => void lost.push(address))
  const offsets: number[] = []
  const send = async () =>
    offsets.push((await producer.send({ topic: 'steady', value: `${offsets.length}` })).offset)
  await send()
  let isOver = false
  const running = (async () => {
    while (!isOver) await send()
  })()
  running.catch(() => {})
  return {
    async end() {
      const before = offsets.length
      await send()
      isOver = true
      await running
      assert.ok(offsets.length > before)
      assert.deepEqual(
        [...offsets].sort((a, b) => a - b),
        [...offsets.keys()],
      )
      assert.deepEqual(lost, [])
    },
  }
}

/** Sends bytes and waits until the broker has closed the connection; gives the address that they came from. */
function thrown(broker: Broker, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(broker.nodes[0]?.port as number, '127.0.0.1', () => {
      const local = `${socket.localAddress}:${socket.localPort}`
      socket.once('close', () => resolve(local))
      socket.write(bytes)
    })
    socket.on('error', () => {})
    socket.resume()
  })
}

function framed(bytes: readonly number[], size = bytes.length): Uint8Array {
  const frame = Buffer.alloc(4 + bytes.length)
  frame.writeInt32BE(size)
  frame.set(bytes, 4)
  return frame
}

/** The same noise every time: a test that fails must fail again. */
function noise(length: number): Uint8Array {
  let state = 42
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return state >> 16
  })
}
