import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { scenarios } from './plan.ts'

interface Mend {
  readonly mend: string
  readonly file: string
  readonly mended: string
  readonly broken: string
  readonly scenario: string
  readonly kinds: readonly string[]
}

const root = new URL('../../../', import.meta.url)
const mends = JSON.parse(readFileSync(new URL('scenarios/mends.json', root), 'utf8')) as Mend[]

describe('mends that can be switched off (npm run sim -- mends)', () => {
  for (const { mend, file, mended, broken, scenario, kinds } of mends) {
    it(`still stands: ${mend}`, () => {
      const text = readFileSync(new URL(file, root), 'utf8')
      assert.equal(text.split(mended).length, 2, `${file} holds once: ${mended}`)
      assert.notEqual(mended, broken)
      assert.ok(scenarios.some((each) => each === scenario))
      assert.ok(kinds.length > 0)
    })
  }
})
