import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Recorder, sleep, until } from './recorder.test-support.ts'
import type { Listener, Runtime, Transport } from './runtime.ts'
import { NetworkError } from './runtime.ts'
import { stages } from './stages.test-support.ts'

for (const { name, runtime, run } of stages) {
  describe(`the runtime of ${name}`, () => {
    const works = (title: string, work: () => Promise<void>) => it(title, () => run(work))

    works('time goes on, and a timer never fires before its time', async () => {
      assert.ok(Number.isInteger(runtime.wallTime()) && runtime.wallTime() > Date.UTC(2024))
      const started = runtime.now()
      const late: number[] = []
      for (const ms of [20.7, 5.3, 0.01, 12]) {
        const at = started + ms
        runtime.timer(at, () => late.push(runtime.now() - at))
      }
      await until(runtime, () => late.length === 4)
      assert.ok(
        late.every((ms) => ms >= 0),
        `${late}`,
      )
    })

    works('of many timers with times between milliseconds none fires early', async () => {
      const early: number[] = []
      for (let round = 0; round < 200; round++) {
        const at = runtime.now() + 0.3 + (round % 7) * 0.9
        await new Promise<void>((resolve) => void runtime.timer(at, resolve))
        if (runtime.now() < at) early.push(at - runtime.now())
      }
      assert.deepEqual(early, [])
    })

    works('timers fire in the order of their times; one in the past on a later turn', async () => {
      const fired: string[] = []
      const now = runtime.now()
      runtime.timer(now + 40, () => fired.push('late'))
      runtime.timer(now + 10, () => fired.push('early'))
      runtime.timer(now - 1000, () => fired.push('past'))
      assert.deepEqual(fired, [])
      await until(runtime, () => fired.length === 3)
      assert.deepEqual(fired, ['past', 'early', 'late'])
    })

    works('a cancelled timer does not fire; cancelling is legal at any time', async () => {
      let fired = 0
      const cancelled = runtime.timer(runtime.now() + 1, () => fired++)
      cancelled.cancel()
      cancelled.cancel()
      const done = runtime.timer(runtime.now(), () => fired++)
      await sleep(runtime, 20)
      done.cancel()
      assert.equal(fired, 1)
    })

    works('random numbers are in [0, 1), random bytes as many as asked for', async () => {
      const drawn = Array.from({ length: 1000 }, () => runtime.random())
      assert.ok(drawn.every((number) => number >= 0 && number < 1))
      assert.ok(new Set(drawn).size > 990)
      assert.equal(runtime.randomBytes(16).length, 16)
      assert.notDeepEqual(runtime.randomBytes(16), runtime.randomBytes(16))
    })

    works('names resolve to addresses; one that cannot be tells so', async () => {
      assert.deepEqual(await runtime.resolve('127.0.0.1'), ['127.0.0.1'])
      const found = await runtime.resolve('localhost')
      assert.ok(
        found.some((address) => address === '127.0.0.1' || address === '::1'),
        `${found}`,
      )
      await rejectsWith(runtime.resolve('no..such.name'), 'resolve', 'ENOTFOUND')
    })

    works('bytes go both ways in order, through rooms of any size', async () => {
      const { client, server, end } = await connected(runtime)
      const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251)
      client.transport.write([bytes.subarray(0, 10), bytes.subarray(10, 5000), bytes.subarray(5000)])
      server.transport.write([Uint8Array.of(1, 2, 3)])
      await until(runtime, () => server.length === bytes.length && client.length === 3)
      assert.deepEqual(server.bytes, Buffer.from(bytes))
      assert.deepEqual(client.bytes, Buffer.of(1, 2, 3))
      assert.equal(client.transport.sentBytes, bytes.length)
      assert.equal(client.transport.queuedBytes, 0)
      assert.deepEqual([client.ends, server.ends], [[], []])
      await end()
    })

    works('both sides know where they are', async () => {
      const { client, server, listener, end } = await connected(runtime)
      assert.equal(client.transport.remote, `127.0.0.1:${listener.port}`)
      assert.equal(server.transport.remote, client.transport.local)
      assert.equal(server.transport.local.split(':')[1], String(listener.port))
      await end()
    })

    works('who reads nothing makes the writer wait; `drained` says when to go on', async () => {
      const { client, server, end } = await connected(runtime)
      server.transport.pause()
      const piece = new Uint8Array(256 * 1024).fill(7)
      let written = 0
      while (client.transport.queuedBytes < 1024 * 1024 && written < 64 * 1024 * 1024) {
        client.transport.write([piece])
        written += piece.length
        await sleep(runtime, 0)
      }
      assert.equal(client.transport.write([piece]), false)
      written += piece.length
      assert.ok(client.transport.sentBytes < written)
      await sleep(runtime, 20)
      const [received, drains] = [server.length, client.drains]
      assert.ok(received < written)
      server.transport.resume()
      await until(runtime, () => server.length === written && client.drains > drains)
      assert.equal(client.transport.queuedBytes, 0)
      assert.equal(client.transport.write([Uint8Array.of(1)]), true)
      await end()
    })

    works('whenever a write asks to wait, `drained` follows on a later turn', async () => {
      const { client, server, end } = await connected(runtime)
      let written = 0
      let isRoomy = true
      while (isRoomy) {
        isRoomy = client.transport.write([new Uint8Array(1024 * 1024)])
        written += 1024 * 1024
      }
      assert.equal(client.drains, 0)
      await until(runtime, () => client.drains === 1 && server.length === written)
      await end()
    })

    works('close sends what is queued first; both sides end in order, once', async () => {
      const { client, server, end } = await connected(runtime)
      const bytes = new Uint8Array(3 * 1024 * 1024).fill(5)
      client.transport.write([bytes])
      client.transport.close()
      client.transport.close()
      assert.equal(client.transport.write([Uint8Array.of(1)]), false)
      await until(runtime, () => server.ends.length === 1 && client.ends.length === 1)
      assert.equal(server.length, bytes.length)
      assert.deepEqual([client.ends, server.ends], [[undefined], [undefined]])
      assert.equal(server.transport.write([Uint8Array.of(1)]), false)
      await end()
    })

    works('who closes is still told what the other side has to say', async () => {
      const { client, server, end } = await connected(runtime)
      server.transport.write([new Uint8Array(100_000)])
      client.transport.close()
      await until(runtime, () => server.ends.length === 1 && client.ends.length === 1)
      assert.equal(client.length, 100_000)
      await end()
    })

    works('destroy ends at once, on a later turn, once; the other side hears of it', async () => {
      const { client, server, end } = await connected(runtime)
      client.transport.destroy()
      client.transport.destroy()
      client.transport.close()
      assert.deepEqual(client.ends, [])
      assert.equal(client.transport.write([Uint8Array.of(1)]), false)
      await until(runtime, () => server.ends.length === 1 && client.ends.length === 1)
      await sleep(runtime, 20)
      assert.deepEqual([client.ends.length, server.ends.length], [1, 1])
      assert.equal(client.ends[0], undefined)
      await end()
    })

    works('a port that nobody listens on refuses', async () => {
      const listener = await runtime.listen({ host: '127.0.0.1', port: 0 }, () => {})
      const { port } = listener
      await listener.close()
      const error = await rejectsWith(dial(runtime, port), 'connect', 'ECONNREFUSED')
      assert.equal(error.address, `127.0.0.1:${port}`)
      assert.match(error.message, /ECONNREFUSED/)
    })

    works('an aborted attempt rejects with the reason of the signal', async () => {
      const { listener, end } = await connected(runtime)
      const reason = new Error('not wanted any more')
      await assert.rejects(dial(runtime, listener.port, AbortSignal.abort(reason)), reason)
      const aborting = new AbortController()
      const dialled = dial(runtime, listener.port, aborting.signal)
      aborting.abort(reason)
      await assert.rejects(dialled, reason)
      await end()
    })

    works('a port can be had once', async () => {
      const listener = await runtime.listen({ host: '127.0.0.1', port: 0 }, () => {})
      assert.ok(listener.port > 0)
      assert.equal(listener.host, '127.0.0.1')
      const again = runtime.listen({ host: '127.0.0.1', port: listener.port }, () => {})
      await rejectsWith(again, 'listen', 'EADDRINUSE')
      await listener.close()
      await (await runtime.listen({ host: '127.0.0.1', port: listener.port }, () => {})).close()
    })

    works(
      'a closed listener accepts nobody, keeps what is open, and is closed when that is over',
      async () => {
        const { client, server, listener } = await connected(runtime)
        let isClosed = false
        const closing = listener.close().then(() => {
          isClosed = true
        })
        await rejectsWith(dial(runtime, listener.port), 'connect', 'ECONNREFUSED')
        client.transport.write([Uint8Array.of(9)])
        await until(runtime, () => server.length === 1)
        assert.equal(isClosed, false)
        server.transport.destroy()
        await closing
      },
    )
  })
}

async function rejectsWith(
  promise: Promise<unknown>,
  stage: NetworkError['stage'],
  code: string,
): Promise<NetworkError> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof NetworkError, String(error))
  assert.deepEqual([error.stage, error.code], [stage, code])
  return error
}

function dial(runtime: Runtime, port: number, signal?: AbortSignal): Promise<Transport> {
  return runtime.dial({ host: '127.0.0.1', port, timeoutMs: 10_000, ...(signal ? { signal } : {}) })
}

interface Connected {
  client: Recorder
  server: Recorder
  listener: Listener
  /** Ends all of it. */
  end(): Promise<void>
}

async function connected(runtime: Runtime): Promise<Connected> {
  const accepted: Recorder[] = []
  const listener = await runtime.listen({ host: '127.0.0.1', port: 0 }, (transport) => {
    accepted.push(new Recorder(transport))
  })
  const client = new Recorder(await dial(runtime, listener.port))
  await until(runtime, () => accepted.length === 1)
  return {
    client,
    server: accepted[0] as Recorder,
    listener,
    end: async () => {
      client.transport.destroy()
      for (const { transport } of accepted) transport.destroy()
      await listener.close()
    },
  }
}
