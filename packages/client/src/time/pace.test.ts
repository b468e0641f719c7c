import assert from 'node:assert/strict'
import test from 'node:test'
import { Pace } from './pace.ts'

/** Takes steps that last so long each; gives how many of them looked at the clock. */
function looks(pace: Pace, clock: { now: number }, steps: number, stepMs: number): number {
  let count = 0
  for (let step = 0; step < steps; step++) {
    clock.now += stepMs
    if (!pace.isDue()) continue
    count++
    pace.looked(clock.now)
  }
  return count
}

test('the clock is looked at each time at first, and each sixteenth time when all is quick', () => {
  const pace = new Pace()
  const clock = { now: 0 }
  assert.equal(looks(pace, clock, 64, 0.001), 64)
  looks(pace, clock, 10_000, 0.001)
  assert.equal(looks(pace, clock, 1600, 0.001), 100)
})

test('what turns slow is looked at each time again, after fifteen steps at most', () => {
  const pace = new Pace()
  const clock = { now: 0 }
  looks(pace, clock, 10_000, 0.001)
  assert.ok(looks(pace, clock, 16, 5) >= 1)
  assert.equal(looks(pace, clock, 10, 5), 10)
  looks(pace, clock, 10_000, 0.001)
  pace.interrupt()
  assert.equal(pace.isDue(), true)
})
