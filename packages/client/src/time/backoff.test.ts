import assert from 'node:assert/strict'
import test from 'node:test'
import { backoffMs } from './backoff.ts'

test('a pause doubles with each attempt, is spread by a fifth, and has an upper end (KIP-580)', () => {
  const bounds = { initialMs: 100, maxMs: 1000 }
  const pauses = (random: number) =>
    [0, 1, 2, 3, 4, 100].map((n) => Math.round(backoffMs(n, bounds, () => random)))
  assert.deepEqual(pauses(0.5), [100, 200, 400, 800, 1000, 1000])
  assert.deepEqual(pauses(0), [80, 160, 320, 640, 1000, 1000])
  assert.deepEqual(pauses(1), [120, 240, 480, 960, 1000, 1000])
})
