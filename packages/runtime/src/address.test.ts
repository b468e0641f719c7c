import assert from 'node:assert/strict'
import test from 'node:test'
import { bareHost, formatAddress } from './address.ts'

test('an IPv6 address stands in brackets beside its port, everything else does not', () => {
  assert.equal(formatAddress('::1', 9092), '[::1]:9092')
  assert.equal(formatAddress('[::1]', 9092), '[::1]:9092')
  assert.equal(formatAddress('fe80::1%eth0', 1), '[fe80::1%eth0]:1')
  assert.equal(formatAddress('127.0.0.1', 9092), '127.0.0.1:9092')
  assert.equal(formatAddress('kafka', 9092), 'kafka:9092')
})

test('brackets are taken off before a host is dialled', () => {
  assert.equal(bareHost('[::1]'), '::1')
  assert.equal(bareHost('::1'), '::1')
  assert.equal(bareHost('kafka'), 'kafka')
})
