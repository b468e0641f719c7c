import assert from 'node:assert/strict'
import test from 'node:test'
import { Heartbeat } from '@samsa/protocol'
import { clientSettings } from '../config/client-settings.ts'
import type { BootstrapAddress } from '../config/setting.ts'
import { parseConfig } from '../config/setting.ts'
import type { ClientEvents } from '../events.ts'
import { Events } from '../events.ts'
import { FakeWorld } from '../world.test-support.ts'
import { Complaints } from './complaints.ts'
import { NodePool } from './node-pool.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const beat = { groupId: 'g', generationId: 1, memberId: 'm' }

function poolOf(world: FakeWorld, given: object = {}) {
  const config = parseConfig('test', clientSettings, { bootstrapServers: 'boot:9', ...given })
  const events = new Events<ClientEvents>(quiet)
  const pool = new NodePool({
    config,
    runtime: world,
    events,
    bootstrap: config.bootstrapServers as readonly BootstrapAddress[],
    signal: new AbortController().signal,
    clusterId: () => null,
    onLost: () => {},
    complaints: new Complaints(world, quiet),
  })
  const brokers = new Map([1, 2, 3].map((id) => [id, { id, host: `k${id}`, port: 1, rack: null }]))
  pool.learn(brokers)
  const connect = (node: number) => pool.connect(node, 'main', world.time + 60_000)
  return { pool, brokers, connect }
}

test('the time for a connection grows with each failure up to its end (KIP-601)', async () => {
  const world = new FakeWorld()
  world.onDial = (target) => world.blackHole(target)
  const { connect } = poolOf(world)
  const lost = connect(1).catch(() => undefined)
  await world.advance(10_000)
  await lost
  for (let attempt = 0; attempt < 3; attempt++) {
    connect(1).catch(() => undefined)
    await world.advance(40_000)
  }
  assert.deepEqual(
    world.dialled.map(({ timeoutMs }) => timeoutMs),
    [10_000, 20_000, 30_000, 30_000],
  )
})

test('the least loaded node is one that is connected and idle, then connected, then on its way, then untried', async () => {
  const world = new FakeWorld()
  const [one] = [world.broker('k1:1'), world.broker('k2:1'), world.broker('k3:1')]
  const { pool, brokers, connect } = poolOf(world)
  assert.equal(pool.candidates(brokers).at(-1), -1, 'bootstrap addresses come last')
  world.onDial = async (target) => (target.host === 'k2' ? world.blackHole(target) : world.reach(target))
  connect(2).catch(() => undefined)
  await world.settle()
  assert.equal(pool.leastLoaded(brokers), 2, 'on its way')
  const connection = await connect(1)
  assert.equal(pool.leastLoaded(brokers), 1, 'connected')
  const waiting = connection.request(Heartbeat, beat, { timeoutMs: 60_000 })
  await connect(3)
  assert.equal(pool.leastLoaded(brokers), 3, 'connected and idle')
  one.answers(Heartbeat, { errorCode: 0, throttleTimeMs: 5000 })
  one.connections[0]?.answer(Heartbeat, Heartbeat.maxVersion, one.asked.at(-1)?.correlationId ?? 0, {
    errorCode: 0,
    throttleTimeMs: 5000,
  })
  await waiting
  assert.equal(pool.candidates(brokers)[0], 3)
  assert.notEqual(pool.candidates(brokers)[1], 1, 'who asked for silence is not asked while others can be')
  await world.advance(5000)
  assert.deepEqual(pool.candidates(brokers).slice(0, 2).sort(), [1, 3])
})

test('with metadataRecoveryStrategy none only known brokers are asked, as soon as there are some (KIP-899)', () => {
  const world = new FakeWorld()
  const { pool, brokers } = poolOf(world, { metadataRecoveryStrategy: 'none' })
  assert.deepEqual(pool.candidates(new Map()), [-1])
  assert.deepEqual(pool.candidates(brokers).sort(), [1, 2, 3])
})
