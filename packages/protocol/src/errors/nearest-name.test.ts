import assert from 'node:assert/strict'
import test from 'node:test'
import { nearestName } from './nearest-name.ts'

const known = ['cleanup.policy', 'retention.ms', 'retention.bytes', 'acks']

test('the nearest name is found, whatever its case, and none where all are far', () => {
  assert.equal(nearestName('cleanupPolicy', known), 'cleanup.policy')
  assert.equal(nearestName('RETENTION.MS', known), 'retention.ms')
  assert.equal(nearestName('retention.byte', known), 'retention.bytes')
  assert.equal(nearestName('ack', known), 'acks')
  assert.equal(nearestName('', known), undefined)
  assert.equal(nearestName('linger.ms', known), undefined)
  assert.equal(nearestName('acks', []), undefined)
})
