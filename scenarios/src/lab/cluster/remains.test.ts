import assert from 'node:assert/strict'
import test from 'node:test'
import { remainsAfter } from './remains.ts'

const samsa = { file: 'controlled-samsa', call: 'controlSamsa', options: {} }

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
  test(`a test that is ended by ${signal} leaves no broker behind`, { timeout: 90_000 }, async () => {
    assert.deepEqual(await remainsAfter(signal, samsa), [])
  })
}
