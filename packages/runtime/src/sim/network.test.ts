import assert from 'node:assert/strict'
import test from 'node:test'
import { turn } from '../node.ts'
import { Recorder, sleep } from '../recorder.test-support.ts'
import { NetworkError } from '../runtime.ts'
import type { Host, NetworkSettings, SimConnection } from '../sim.ts'
import { SimWorld } from '../sim.ts'

const LIMIT_MS = 60_000
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1)

interface Meeting {
  world: SimWorld
  client: Recorder
  server: Recorder
  connection: SimConnection
  /** Where the server's connections go; the first is `server`. */
  accepted: Recorder[]
}

/** A client on host `client` that is connected with a server on `server:9000`. */
async function meet(seed: number, network: Partial<NetworkSettings> = {}): Promise<Meeting> {
  const world = new SimWorld({ seed, turn, network })
  const accepted: Recorder[] = []
  await listen(world.host('server'), accepted)
  const transport = await world.until(dial(world.host('client')), LIMIT_MS)
  const client = new Recorder(transport)
  await world.until(() => accepted.length === 1, LIMIT_MS)
  const connection = world.network.connections[0] as SimConnection
  assert.deepEqual([connection.from, connection.to], ['client', 'server:9000'])
  return { world, client, server: accepted[0] as Recorder, connection, accepted }
}

function listen(host: Host, accepted: Recorder[], port = 9000) {
  return host.listen({ host: host.name, port }, (transport) => void accepted.push(new Recorder(transport)))
}

function dial(host: Host, options: { host?: string; port?: number; timeoutMs?: number } = {}) {
  return host.dial({ host: 'server', port: 9000, timeoutMs: 5000, ...options })
}

async function failure(world: SimWorld, work: Promise<unknown>): Promise<NetworkError> {
  const outcome = await world.until(
    work.then(
      () => undefined,
      (error: unknown) => error,
    ),
    LIMIT_MS,
  )
  assert.ok(outcome instanceof NetworkError, String(outcome))
  return outcome
}

const hello = Buffer.from('hello kafka')

test('bytes take time, and more of it where the way is slow', async () => {
  const { world, client, server } = await meet(1, { delayMs: [10, 10] })
  const started = world.now
  client.transport.write([hello])
  await world.until(() => server.length === hello.length, LIMIT_MS)
  const usual = world.now - started
  assert.ok(usual >= 10 && usual <= 50, `${usual}`)
  world.network.slow('client', 'server', 20)
  client.transport.write([hello])
  await world.until(() => server.length === 2 * hello.length, LIMIT_MS)
  assert.ok(world.now - started - usual >= 200)
})

test('a stream arrives whole and in order, in pieces of the seed’s choice', async () => {
  const ways = new Set<string>()
  for (const seed of SEEDS) {
    const { world, client, server } = await meet(seed, { pieceChance: 0.5 })
    const bytes = Uint8Array.from({ length: 3000 }, (_, at) => at % 251)
    for (let at = 0; at < bytes.length; at += 100) client.transport.write([bytes.subarray(at, at + 100)])
    await world.until(() => server.length === bytes.length, LIMIT_MS)
    assert.deepEqual(server.bytes, Buffer.from(bytes))
    ways.add(server.stretches.join())
    assert.ok(
      server.stretches.some((length) => length % 100 !== 0),
      'a write was torn',
    )
  }
  assert.ok(ways.size > SEEDS.length / 2, `${ways.size}`)
})

test('a split holds back what is sent, both ways; after healing it arrives late and in order', async () => {
  const { world, client, server } = await meet(1)
  world.network.split('client', 'server')
  client.transport.write([hello])
  server.transport.write([hello])
  await world.pass(20_000)
  client.transport.write([hello])
  assert.deepEqual([client.length, server.length], [0, 0])
  world.network.heal('server', 'client')
  await world.until(() => client.length === hello.length && server.length === 2 * hello.length, 2000)
  assert.equal(server.bytes.toString(), 'hello kafkahello kafka')
})

test('a split may be one way, and of one port only', async () => {
  const { world, client, server } = await meet(1)
  world.network.split('client', 'server', { oneWay: true })
  client.transport.write([hello])
  server.transport.write([hello])
  await world.until(() => client.length === hello.length, 1000)
  await world.pass(1000)
  assert.equal(server.length, 0)
  world.network.healAll()
  await world.until(() => server.length === hello.length, 2000)

  const other: Recorder[] = []
  await listen(world.host('server'), other, 9001)
  world.network.split('client', 'server:9000')
  const through = new Recorder(await world.until(dial(world.host('client'), { port: 9001 }), 1000))
  through.transport.write([hello])
  client.transport.write([hello])
  await world.until(() => other[0]?.length === hello.length, 1000)
  await world.pass(1000)
  assert.equal(server.length, hello.length)
})

test('what a client wrote before it gave up arrives all the same', async () => {
  const { world, client, server } = await meet(1, { tearChance: 0 })
  world.network.split('client', 'server')
  client.transport.write([hello])
  client.transport.destroy()
  await world.until(() => client.ends.length === 1, 100)
  await world.pass(10_000)
  world.network.healAll()
  await world.until(() => server.ends.length === 1, 5000)
  assert.equal(server.bytes.toString(), 'hello kafka')
  assert.equal(server.ends[0], undefined)
  assert.deepEqual([world.network.late('client'), world.network.late('server')], [1, 0])
})

test('what is held back arrives after its time, although its writer has long given up', async () => {
  const { world, client, server, connection } = await meet(3, { tearChance: 0 })
  const until = world.now + 30_000
  connection.hold(until)
  client.transport.write([hello])
  await world.pass(5000)
  client.transport.destroy()
  await world.pass(20_000)
  assert.equal(server.length, 0)
  assert.equal(server.ends.length, 0)
  await world.until(() => server.ends.length === 1, LIMIT_MS)
  assert.equal(server.length, hello.length)
  assert.ok(world.now >= until)
  assert.equal(world.network.late('client'), 1)
})

test('who drops a connection may lose the end of what was on its way', async () => {
  const lengths = new Set<number>()
  for (const seed of SEEDS) {
    const { world, client, server } = await meet(seed, { tearChance: 1 })
    client.transport.write([hello])
    client.transport.destroy()
    await world.until(() => server.ends.length === 1, LIMIT_MS)
    assert.equal(server.bytes.toString(), 'hello kafka'.slice(0, server.length))
    assert.ok(server.length < hello.length)
    assert.equal(server.ends[0]?.code, 'ECONNRESET')
    lengths.add(server.length)
  }
  assert.ok(lengths.size > 5)
})

test('a dial that gets no answer ends when its time is up, and one that gets it late is established', async () => {
  const world = new SimWorld({ seed: 1, turn })
  const accepted: Recorder[] = []
  await listen(world.host('server'), accepted)
  world.network.split('client', 'server')
  const started = world.now
  const error = await failure(world, dial(world.host('client'), { timeoutMs: 3000 }))
  assert.deepEqual([error.stage, error.code, error.address], ['timeout', 'ETIMEDOUT', 'server:9000'])
  assert.equal(world.now - started, 3000)
  world.at(world.now + 1000, () => world.network.healAll())
  await world.until(dial(world.host('client'), { timeoutMs: 3000 }), 3000)
  await world.until(() => accepted.length === 1, 1000)
  await world.pass(10_000)
  assert.equal(accepted.length, 1, 'the attempt that was given up is not accepted later')
})

test('a dial whose answer is held back one way is given up on one side only, and not accepted', async () => {
  const world = new SimWorld({ seed: 1, turn })
  const accepted: Recorder[] = []
  await listen(world.host('server'), accepted)
  world.network.split('server', 'client', { oneWay: true })
  const error = await failure(world, dial(world.host('client')))
  assert.equal(error.stage, 'timeout')
  world.network.healAll()
  await world.pass(10_000)
  assert.equal(accepted.length, 0)
  assert.equal(world.network.connections.length, 0)
})

test('names that nobody has, addresses that nobody has, TLS', async () => {
  const world = new SimWorld({ seed: 1, turn })
  const host = world.host('client')
  const unknown = await failure(world, host.resolve('nobody'))
  assert.deepEqual([unknown.stage, unknown.code], ['resolve', 'ENOTFOUND'])
  const named = await failure(world, dial(host, { host: 'nobody' }))
  assert.deepEqual([named.stage, named.code], ['connect', 'ENOTFOUND'])
  const silent = await failure(world, dial(host, { host: '10.9.9.9' }))
  assert.deepEqual([silent.stage, silent.code], ['timeout', 'ETIMEDOUT'])
  await listen(world.host('server'), [])
  assert.deepEqual(await world.until(host.resolve('server'), 100), ['10.0.0.2'])
  await world.until(dial(host, { host: '10.0.0.2' }), 100)
  const secure = await failure(world, host.dial({ host: 'server', port: 9000, timeoutMs: 100, tls: {} }))
  assert.deepEqual([secure.stage, secure.code], ['handshake', 'ENOSYS'])
  await assert.rejects(
    host.listen({ host: 'server', port: 1 }, () => {}),
    { code: 'EADDRNOTAVAIL' },
  )
})

test('a cut connection ends on both sides with ECONNRESET', async () => {
  const { world, client, server, connection } = await meet(1)
  connection.cut('now')
  await world.until(() => client.ends.length === 1 && server.ends.length === 1, 1000)
  for (const { ends } of [client, server]) {
    assert.deepEqual([ends[0]?.stage, ends[0]?.code], ['read', 'ECONNRESET'])
  }
  assert.equal(client.transport.write([hello]), false)
  assert.equal(world.network.connections.length, 0)
})

test('a cut before a write loses all of it, one after a write none of it', async () => {
  for (const seed of SEEDS.slice(0, 10)) {
    const before = await meet(seed)
    before.client.transport.write([hello])
    before.connection.cut('beforeWrite')
    await before.world.pass(1000)
    assert.deepEqual(before.client.ends, [], 'until the next write nothing happens')
    before.client.transport.write([hello])
    await before.world.until(() => before.server.ends.length === 1 && before.client.ends.length === 1, 1000)
    assert.equal(before.server.bytes.toString(), 'hello kafka')

    const after = await meet(seed)
    after.connection.cut('afterWrite', 'server')
    await after.world.pass(1000)
    after.server.transport.write([hello, hello])
    await after.world.until(() => after.server.ends.length === 1 && after.client.ends.length === 1, 1000)
    assert.equal(after.client.bytes.toString(), 'hello kafkahello kafka')
    assert.equal(after.client.ends[0]?.code, 'ECONNRESET')
  }
})

test('a cut after so many bytes leaves half a frame', async () => {
  const { world, client, server, connection } = await meet(1)
  client.transport.write([hello])
  connection.cut({ afterBytes: 5 })
  client.transport.write([hello])
  client.transport.write([hello])
  await world.until(() => server.ends.length === 1 && client.ends.length === 1, 1000)
  assert.equal(server.bytes.toString(), 'hello kafkahello')
  assert.equal(client.transport.sentBytes, 33, 'the writer cannot tell how far its bytes came')
})

test('the other side of a killed process is told, at once or when the host is up again', async () => {
  let told = 0
  for (const seed of SEEDS) {
    const { world, client, server, accepted } = await meet(seed)
    world.kill('server')
    client.transport.write([hello])
    await world.pass(20_000)
    assert.deepEqual(server.ends, [], 'nothing is told to the dead')
    if (client.ends.length > 0) told++
    const refused = failure(world, dial(world.host('client')))
    const host = world.host('server')
    await world.until(() => client.ends.length === 1, 5000)
    assert.equal(client.ends[0]?.code, 'ECONNRESET')
    assert.equal((await refused).code, 'ECONNREFUSED')
    await listen(host, accepted)
    await world.until(dial(world.host('client')), 1000)
    await world.until(() => accepted.length === 2, 1000)
    assert.equal(server.length, 0)
  }
  assert.ok(told > 5 && told < SEEDS.length - 5, `${told}`)
})

test('a listener that closes while somebody connects resets him', async () => {
  const world = new SimWorld({ seed: 1, turn })
  const accepted: Recorder[] = []
  const listener = await listen(world.host('server'), accepted)
  const transport = await world.until(dial(world.host('client')), 1000)
  const client = new Recorder(transport)
  // The client takes itself for connected before the server knows.
  assert.equal(accepted.length, 0)
  await listener.close()
  await world.until(() => client.ends.length === 1, 1000)
  assert.equal(client.ends[0]?.code, 'ECONNRESET')
  assert.equal(accepted.length, 0)
  await world.pass(1000)
  assert.equal(world.network.connections.length, 0)
})

test('who does not answer an orderly close is dropped after a while', async () => {
  const { world, client, server } = await meet(1)
  server.transport.pause()
  client.transport.close()
  await world.until(sleep(world.host('client'), 4000), LIMIT_MS)
  assert.deepEqual(client.ends, [])
  await world.until(() => client.ends.length === 1, 1100)
  server.transport.resume()
  await world.until(() => server.ends.length === 1, 1000)
})

test('a client that dies at any moment leaves no connection behind', async () => {
  for (const seed of SEEDS) {
    for (const afterMs of [0, 2, 4, 6, 8, 10, 12, 15, 20]) {
      const world = new SimWorld({ seed, turn })
      const accepted: Recorder[] = []
      await listen(world.host('server'), accepted)
      void dial(world.host('client')).then((transport) => new Recorder(transport).transport.write([hello]))
      void dial(world.host('client'), { port: 9999 }).catch(() => undefined)
      await world.pass(afterMs)
      world.kill('client')
      await world.pass(100)
      world.host('client')
      await world.pass(5000)
      for (const { transport } of accepted) transport.destroy()
      await world.pass(5000)
      assert.equal(world.network.connections.length, 0, `seed ${seed}, ${afterMs} ms`)
    }
  }
})

test('a dial to a host that is down is accepted once it is up again', async () => {
  const world = new SimWorld({ seed: 1, turn })
  world.host('server')
  world.kill('server')
  const dialled = dial(world.host('client'))
  await world.pass(1000)
  const accepted: Recorder[] = []
  await listen(world.host('server'), accepted)
  await world.until(dialled, 2000)
  await world.until(() => accepted.length === 1, 1000)
})

test('a program that stands still hears nothing and no timer of it fires, and then goes on', async () => {
  const { world, client, server } = await meet(1, { delayMs: [1, 1], pieceChance: 0 })
  const host = world.host('server')
  const fired: number[] = []
  for (const ms of [10, 300, 5000]) host.timer(host.now() + ms, () => fired.push(world.now - started))
  const started = world.now
  world.freeze('server', 1000)
  client.transport.write([hello])
  await world.pass(999)
  assert.deepEqual([server.length, fired.length], [0, 0])
  await world.pass(10)
  assert.equal(server.length, hello.length)
  assert.deepEqual(fired, [1000, 1000])
  await world.pass(5000)
  assert.deepEqual(fired, [1000, 1000, 5000])
})

test('work that gives the event loop no turn lets the clock of its host go on, and only of it', async () => {
  const world = new SimWorld({ seed: 1, turn })
  const [host, other] = [world.host('busy'), world.host('other')]
  const [before, otherBefore] = [host.now(), other.now()]
  const wall = host.wallTime()
  host.block(40)
  host.block(60)
  assert.deepEqual([host.now() - before, other.now() - otherBefore, host.wallTime() - wall], [100, 0, 100])
  let isOver = false
  other.timer(other.now() + 50, () => assert.equal(isOver, false))
  host.timer(host.now(), () => {
    isOver = true
  })
  await world.pass(99)
  assert.equal(isOver, false)
  await world.pass(1)
  assert.equal(isOver, true)
})

test('a loop that gives a turn between two stretches of work does not keep what is due from happening', async () => {
  const { world, client, server } = await meet(1, { delayMs: [1, 1], pieceChance: 0 })
  const host = world.host('server')
  let beats = 0
  const beat = () => {
    beats++
    host.timer(host.now() + 100, beat)
  }
  host.timer(host.now() + 100, beat)
  let left = 100
  const work = () => {
    host.block(10)
    if (--left > 0) host.timer(host.now(), work)
  }
  work()
  client.transport.write([hello])
  await world.pass(500)
  assert.equal(server.length, hello.length)
  await world.pass(490)
  assert.ok(beats >= 8, `${beats}`)
})
