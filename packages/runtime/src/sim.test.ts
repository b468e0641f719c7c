import assert from 'node:assert/strict'
import test from 'node:test'
import { turn } from './node.ts'
import { Recorder, sleep } from './recorder.test-support.ts'
import { Random, SimWorld } from './sim.ts'

const worldOf = (seed: number | string) => new SimWorld({ seed, turn })

/** Two hosts that talk for a while; gives what the world was like in the end. */
async function conversation(seed: number): Promise<{ digest: string; events: number; now: number }> {
  const world = worldOf(seed)
  const [one, two] = [world.host('one'), world.host('two')]
  const recorders: Recorder[] = []
  const work = async () => {
    const accept = (transport: Recorder['transport']) => void recorders.push(new Recorder(transport))
    await two.listen({ host: 'two', port: 9000 }, accept)
    const dialled = new Recorder(await one.dial({ host: 'two', port: 9000, timeoutMs: 1000 }))
    for (let count = 0; count < 20; count++) {
      dialled.transport.write([one.randomBytes(1 + Math.floor(one.random() * 500))])
      await sleep(one, 10 * one.random())
    }
    dialled.transport.close()
  }
  await world.until(work(), 10_000)
  await world.until(() => world.network.connections.length === 0, 10_000)
  assert.equal(recorders.length, 1)
  return { digest: world.digest, events: world.events, now: world.now }
}

test('the same seed gives the same world, another seed another one', async () => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 10; seed++) {
    const run = await conversation(seed)
    assert.deepEqual(await conversation(seed), run)
    seen.add(run.digest)
  }
  assert.equal(seen.size, 10)
})

test('the hash takes in every byte', async () => {
  const digest = async (byte: number) => {
    const world = worldOf(1)
    const work = async () => {
      const host = world.host('host')
      await host.listen({ host: 'host', port: 9000 }, (transport) => void new Recorder(transport))
      const { transport } = new Recorder(await host.dial({ host: 'host', port: 9000, timeoutMs: 1000 }))
      transport.write([Uint8Array.of(1, byte, 3)])
      await sleep(host, 100)
    }
    await world.until(work(), 1000)
    return world.digest
  }
  assert.equal(await digest(7), await digest(7))
  assert.notEqual(await digest(7), await digest(6))
})

test('virtual time goes from event to event, and only while nothing can run', async () => {
  const world = worldOf(1)
  const host = world.host('host')
  const fired: string[] = []
  const started = host.now()
  const wall = host.wallTime()
  host.timer(started + 3_600_000, () => {
    fired.push('timer')
    queueMicrotask(() => fired.push('microtask'))
    void (async () => {
      for (let count = 0; count < 100; count++) await undefined
      fired.push('a hundred turns of promises')
    })()
  })
  host.timer(started + 3_600_000, () => fired.push('next timer'))
  await world.pass(3_599_999)
  assert.deepEqual(fired, [])
  await world.pass(1)
  assert.deepEqual(fired, ['timer', 'microtask', 'a hundred turns of promises', 'next timer'])
  assert.equal(host.now() - started, 3_600_000)
  assert.equal(host.wallTime() - wall, 3_600_000)
})

test('timers of the same time fire in the order in which they were armed; ten thousand in that of their times', async () => {
  const world = worldOf(1)
  const host = world.host('host')
  const random = new Random('timers')
  const fired: { at: number; order: number }[] = []
  let cancelled = 0
  for (let order = 0; order < 10_000; order++) {
    const at = host.now() + random.whole(0, 500)
    const timer = host.timer(at, () => fired.push({ at, order }))
    if (!random.chance(0.3)) continue
    timer.cancel()
    cancelled++
  }
  assert.equal(host.timers, 10_000 - cancelled)
  await world.pass(500)
  assert.equal(fired.length, 10_000 - cancelled)
  assert.deepEqual(
    fired,
    [...fired].sort((a, b) => a.at - b.at || a.order - b.order),
  )
})

test('every host has its own clocks; a wall clock may jump, the other never goes back', async () => {
  const world = worldOf(1)
  const [one, two] = [world.host('one'), world.host('two')]
  assert.notEqual(one.now(), two.now())
  const [now, wall] = [one.now(), one.wallTime()]
  world.jumpWallClock('one', -5000)
  assert.equal(one.now(), now)
  assert.equal(one.wallTime(), wall - 5000)
  assert.equal(two.wallTime(), wall)
})

test('clocks may drift, each at its own rate, and no timer fires before its time', async () => {
  const world = new SimWorld({ seed: 4, turn, drift: 0.05 })
  const hosts = ['a', 'b', 'c', 'd'].map((name) => world.host(name))
  const before = hosts.map((host) => host.now())
  for (const host of hosts) {
    const random = new Random(host.name)
    const arm = (left: number) => {
      const at = host.now() + random.between(0, 100)
      host.timer(at, () => {
        assert.ok(host.now() >= at && host.now() < at + 0.01, `${host.now()} instead of ${at}`)
        if (left > 0) arm(left - 1)
      })
    }
    arm(200)
  }
  await world.pass(100_000)
  const rates = hosts.map((host, index) => (host.now() - (before[index] as number)) / 100_000)
  assert.equal(new Set(rates).size, 4)
  for (const rate of rates) assert.ok(rate >= 0.95 && rate <= 1.05, String(rate))
  for (const host of hosts) assert.equal(host.timers, 0)
})

test('each event is followed by a step, when everything has run that it made possible', async () => {
  const seen: string[] = []
  const world: SimWorld = new SimWorld({ seed: 1, turn, onStep: () => seen.push(`step ${world.now}`) })
  world.at(5, () => void Promise.resolve().then(() => seen.push('run')))
  await world.pass(10)
  assert.deepEqual(seen, ['step 0', 'run', 'step 5'])
})

test('until gives the outcome, and says so when it cannot come about', async () => {
  const world = worldOf(1)
  const host = world.host('host')
  assert.equal(await world.until(Promise.resolve(5), 0), 5)
  await assert.rejects(world.until(Promise.reject(new Error('its own')), 0), /its own/)
  const never = new Promise(() => {})
  await assert.rejects(world.until(never, 1000, 'the end'), /nothing is left to happen .* the end has not/)
  host.timer(host.now() + 2000, () => {})
  await assert.rejects(world.until(never, 1000, 'the end'), /the end has not come about within 1000/)
  assert.ok(world.now <= 1000)
  let isTrue = false
  host.timer(host.now() + 500, () => {
    isTrue = true
  })
  await world.until(() => isTrue, 1000)
})

test('what an event throws is not swallowed', async () => {
  const world = worldOf(1)
  const host = world.host('host')
  host.timer(host.now() + 1, () => {
    throw new Error('a bug')
  })
  await assert.rejects(world.pass(10), /a bug/)
})

test('a killed process does nothing any more; the next one on its host is another', async () => {
  const world = worldOf(1)
  const first = world.host('host')
  let fired = 0
  first.timer(first.now() + 10, () => fired++)
  const pending = first.resolve('localhost').then(() => fired++)
  world.kill('host')
  first.timer(first.now() + 10, () => fired++)
  await world.pass(1000)
  assert.equal(fired, 0)
  assert.equal(first.timers, 0)
  assert.ok(pending)
  const second = world.host('host')
  assert.notEqual(second, first)
  assert.equal(world.host('host'), second)
  assert.equal(second.now(), first.now())
  assert.notDeepEqual(second.randomBytes(8), first.randomBytes(8))
})

test('random numbers are even, and streams do not depend on one another', () => {
  const random = new Random('even')
  const counts = Array.from({ length: 16 }, () => 0)
  for (let count = 0; count < 160_000; count++) {
    const at = Math.floor(random.next() * 16)
    counts[at] = (counts[at] as number) + 1
  }
  // Chi-square with 15 degrees of freedom: above 50 once in 100,000 seeds, and this seed is fixed.
  const chi = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
  assert.ok(chi < 50, `${chi}`)
  const drawn = new Set(Array.from({ length: 1000 }, () => random.whole(3, 5)))
  assert.deepEqual([...drawn].sort(), [3, 4, 5])
  const parent = new Random('parent')
  const child = parent.fork('child').next()
  parent.next()
  assert.equal(parent.fork('child').next(), child)
  assert.notEqual(parent.fork('other').next(), child)
})

test('the generator is xoshiro128**', () => {
  // From another implementation, in Python: a generator that changes would change what every seed means.
  const first = Array.from({ length: 3 }, (_, at) => new Random(`known ${at}`).next().toFixed(12))
  assert.deepEqual(first, ['0.322930907597', '0.934393674466', '0.736182519076'])
  const random = new Random('known 0')
  for (let count = 0; count < 999; count++) random.next()
  assert.equal(random.next().toFixed(12), '0.255241223078')
})
