import assert from 'node:assert/strict'
import test from 'node:test'
import { codes } from './anomalies.ts'
import { cleanHistory } from './clean-history.ts'
import { drawFrom } from './draw.ts'
import { mutate } from './mutators.ts'
import { foundCodes } from './report.ts'
import { check } from './verdict.ts'

// `prove.js mutators` does this with a thousand.
const histories = Array.from({ length: 25 }, (_, at) => ({
  seed: 5000 + at,
  events: cleanHistory(5000 + at),
}))

test('there are 37 codes', () => assert.equal(codes.length, 37))

test('clean histories are clean', () => {
  for (const { seed, events } of histories) {
    const { result, reasons, findings } = check(events)
    assert.equal(result, 'clean', `seed ${seed}: ${JSON.stringify([reasons, findings.slice(0, 3)])}`)
  }
})

for (const code of codes) {
  test(`a history that is broken by ${code} is found`, () => {
    for (const { seed, events } of histories) {
      const verdict = check(mutate(events, code, drawFrom(seed)))
      assert.ok(foundCodes(verdict).includes(code), `seed ${seed}: ${foundCodes(verdict).join()}`)
      // Kafka does not isolate writes, so that is only told.
      if (code !== 'T7') assert.equal(verdict.result, 'broken', `seed ${seed}`)
    }
  })
}
