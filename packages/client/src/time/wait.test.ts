import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeWorld } from '../world.test-support.ts'
import type { WaitEnd } from './wait.ts'
import { wait } from './wait.ts'

/** A wait for all three, and what is left of it. */
function scene(until?: number) {
  const world = new FakeWorld()
  const abort = new AbortController()
  const listeners = new Set<() => void>()
  let end: WaitEnd | undefined
  const on = (told: () => void) => {
    listeners.add(told)
    return () => void listeners.delete(told)
  }
  const at = until === undefined ? {} : { until: world.time + until }
  void wait(world, { ...at, signal: abort.signal, on }).then((why) => {
    end = why
  })
  return {
    world,
    abort,
    listeners,
    tell: () => [...listeners].forEach((told) => void told()),
    end: () => end,
  }
}

test('whichever comes first ends the wait, and nothing of it stays', async () => {
  const ends: [WaitEnd, (of: ReturnType<typeof scene>) => unknown][] = [
    ['told', ({ tell }) => tell()],
    ['late', ({ world }) => world.advance(100)],
    ['aborted', ({ abort }) => abort.abort()],
  ]
  for (const [why, happen] of ends) {
    const of = scene(100)
    await of.world.advance(99)
    assert.equal(of.end(), undefined)
    await happen(of)
    await of.world.settle()
    assert.equal(of.end(), why)
    assert.equal(of.world.armed, 0)
    assert.equal(of.listeners.size, 0)
  }
})

test('without a time it waits for the others; an aborted signal ends it before it begins', async () => {
  const of = scene()
  await of.world.advance(1_000_000)
  assert.equal(of.end(), undefined)
  assert.equal(of.world.armed, 0)
  of.tell()
  await of.world.settle()
  assert.equal(of.end(), 'told')
  const { signal } = new AbortController()
  assert.equal(await wait(of.world, { until: of.world.time, signal }), 'late')
  assert.equal(await wait(of.world, { signal: AbortSignal.abort() }), 'aborted')
  let isOff = false
  const on = (told: () => void) => {
    told()
    return () => {
      isOff = true
    }
  }
  assert.equal(await wait(of.world, { on }), 'told', 'also what tells at once')
  assert.ok(isOff)
})
