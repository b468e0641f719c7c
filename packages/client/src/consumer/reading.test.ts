import assert from 'node:assert/strict'
import test from 'node:test'
import type { Cluster } from '../cluster/cluster.ts'
import { FakeWorld } from '../world.test-support.ts'
import { Arrivals } from './arrivals.ts'
import { consumerConfig } from './consumer-config.ts'
import { Delivery } from './delivery.ts'
import type { Ownership } from './ownership.ts'
import { Positions } from './positions.ts'
import { Reading } from './reading.ts'

/** The calls of a consumer that has one partition and is given nothing. */
function stage() {
  const runtime = new FakeWorld()
  const config = consumerConfig({})
  const positions = new Positions()
  positions.assign([{ topic: 't', partition: 0 }])
  const arrivals = new Arrivals(runtime, positions, config.maxPollIntervalMs)
  const delivery = new Delivery({
    positions,
    deserializers: undefined,
    open: () => false,
    onEmptied: () => {},
  })
  const reading = new Reading({
    cluster: { runtime, trouble: undefined } as unknown as Cluster,
    config,
    ownership: { polled: () => {}, fatalError: undefined } as unknown as Ownership,
    delivery,
    arrivals,
    mustHaveSomethingToRead: () => {},
  })
  return { runtime, positions, arrivals, reading }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a position that moved over markers ends a poll, with nothing in it', async () => {
  const { positions, arrivals, reading } = stage()
  let records: unknown[] | undefined
  void reading.poll({ timeoutMs: 60_000 }).then((given) => {
    records = given
  })
  await turn()
  arrivals.arrived()
  await turn()
  assert.equal(records, undefined)
  positions.skips++
  arrivals.arrived()
  await turn()
  assert.deepEqual(records, [])
})

test('of the calls of poll and next one waits at a time', async () => {
  const { reading } = stage()
  const waiting = reading.poll({ timeoutMs: 60_000 })
  await turn()
  await assert.rejects(reading.poll({}), { code: 'ILLEGAL_STATE', message: /another call of poll/ })
  await assert.rejects(reading.next({}), { code: 'ILLEGAL_STATE' })
  reading.close(true)
  void waiting
})

test('what arrives after close is handed to nobody', async () => {
  const { arrivals, reading } = stage()
  const polling = reading.poll({ timeoutMs: 60_000 })
  const looping = reading.loop().next()
  await turn()
  reading.close(true)
  arrivals.arrived()
  assert.deepEqual(await polling, [])
  assert.deepEqual(await looping, { value: undefined, done: true })
})
