import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { campaign } from './campaign.ts'
import type { Kind } from './targets.ts'

/** Mutated inputs of each kind; `npm run fuzz` runs many more, and every prefix and every bit. */
const EXECUTIONS = 3000
/** Of the prefixes and bit flips every so many-th one. */
const STRIDE = 211

describe('damaged bytes give a value or a typed error', () => {
  for (const only of ['message', 'blob', 'frames', 'batch'] satisfies Kind[]) {
    it(`of kind ${only}`, async () => {
      const isEnough = (count: number) => count >= EXECUTIONS
      const { found, executions } = await campaign({
        seed: 1,
        only,
        isTimed: false,
        isEnough,
        stride: STRIDE,
      })
      assert.deepEqual(found, [])
      assert.ok(executions >= EXECUTIONS, `${executions}`)
    })
  }
})
