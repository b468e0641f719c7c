import assert from 'node:assert/strict'
import test from 'node:test'
import { Metadata } from '@samsa/protocol'
import { Storms } from './storms.ts'

const METADATA = Metadata.key

function asked(everyMs: number, forMs: number): string[] {
  let now = 0
  const kinds: string[] = []
  const storms = new Storms(
    () => now,
    () => 0,
    (_, kind) => kinds.push(kind),
  )
  for (; now < forMs; now += everyMs) storms.asked('10.0.0.2', METADATA)
  return kinds
}

test('who asks ten times a second is found, and told once', () => {
  assert.deepEqual(asked(100, 60_000), ['storm'])
})

test('who asks once a second is not, and neither is a burst', () => {
  assert.deepEqual(asked(1000, 600_000), [])
  assert.deepEqual(asked(1, 50), [])
})
