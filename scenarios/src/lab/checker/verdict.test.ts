import assert from 'node:assert/strict'
import test from 'node:test'
import { codes } from './anomalies.ts'
import { allowedIn, defaultMode } from './mode.ts'
import { textReport } from './report.ts'
import { Script } from './script.test-support.ts'

const allowedBy = (mode: object) => codes.filter((code) => allowedIn({ ...defaultMode, ...mode }).has(code))

test('what is allowed depends on the mode', () => {
  assert.deepEqual(allowedBy({}), ['T7'])
  assert.deepEqual(allowedBy({ idempotent: false, inFlight: 1 }), ['S2', 'T7'])
  assert.deepEqual(allowedBy({ idempotent: false }), ['S2', 'O1', 'O2', 'T7'])
  assert.deepEqual(allowedBy({ acks: '1' }), ['S1', 'S6', 'L1', 'L2', 'T7'])
})

const duplicate = (mode: object) =>
  new Script(mode)
    .send('p', 0, { r: 'ok', off: 0 })
    .moment('judge', { f: 'fault' })
    .drain('read_uncommitted', [0, 0, 1, 0], 2)

test('an anomaly breaks a run unless its mode allows it, and is told all the same', () => {
  const broken = duplicate({}).verdict()
  assert.deepEqual([broken.result, broken.findings.map(({ code }) => code)], ['broken', ['S2']])
  const allowed = duplicate({ idempotent: false }).verdict()
  assert.deepEqual([allowed.result, allowed.allowed.map(({ code }) => code)], ['clean', ['S2']])
  assert.match(textReport(allowed), /allowed in this mode:\n {2}S2 × 1/)
})

test('a run may allow more by name', () => {
  const script = duplicate({}).moment('judge', { f: 'mode', mode: {}, allow: ['S2'] })
  assert.equal(script.verdict().result, 'clean')
})

test('a run in which too little happened is inconclusive, unless it is broken', () => {
  const few = duplicate({ expectedOps: 100, idempotent: false }).verdict()
  assert.equal(few.result, 'inconclusive')
  assert.match(few.reasons.join(), /1 calls worked, expected were 100/)
  assert.equal(duplicate({ expectedOps: 100 }).verdict().result, 'broken')
  const calm = new Script({ expectedFaults: 1 })
    .send('p', 0, { r: 'ok', off: 0 })
    .drain('read_uncommitted', [0, 0], 1)
  assert.match(calm.verdict().reasons.join(), /0 faults/)
  const undrained = new Script().send('p', 0, { r: 'ok', off: 0 }).poll('c', [0, 0]).verdict()
  assert.match(undrained.reasons.join(), /not drained to the end: t-0/)
})

test('a run with transactions is drained at both isolation levels', () => {
  const script = new Script().txn('p', 'begin', 'x').send('p', 0, { r: 'ok', off: 0 }, { txn: 'x' })
  script.txn('p', 'commit', 'x').drain('read_committed', [0, 0], 2)
  assert.match(script.verdict().reasons.join(), /both isolation levels/)
  assert.equal(script.drain('read_uncommitted', [0, 0], 2).verdict().result, 'clean')
})

test('what is found too often is counted and told in part', () => {
  const script = new Script()
  for (let v = 0; v < 300; v++) script.send('p', v, { r: 'ok', off: v })
  const { totals, findings } = script.drain('read_uncommitted', [], 0).verdict()
  assert.deepEqual([totals.L2, findings.length], [300, 200])
})
