import assert from 'node:assert/strict'
import test from 'node:test'
import { testjson } from '../testdata.test-support.ts'
import { errorCodes, errorNamed, errorOf } from './error-codes.ts'

interface KafkaErrorCode {
  code: number
  name: string
  retriable: boolean
  refreshesMetadata: boolean
}

const kafka = testjson<{ errors: KafkaErrorCode[] }>('errors.json').errors

test('code, name and marks of every error are those of Kafka', () => {
  assert.equal(kafka.length, 135)
  assert.deepEqual(
    errorCodes.map(({ code, name, retriable, refreshesMetadata }) => ({
      code,
      name,
      retriable,
      refreshesMetadata,
    })),
    kafka.map(({ code, name, retriable, refreshesMetadata }) => ({
      code,
      name,
      retriable,
      refreshesMetadata,
    })),
  )
})

test('an error is found by its code and by its name', () => {
  for (const { code, name } of kafka) {
    assert.equal(errorOf(code).name, name)
    assert.equal(errorNamed(name)?.code, code)
  }
  assert.equal(errorNamed('NO_SUCH_NAME'), undefined)
})

test('each says in one plain sentence of its own what it means and what to do', () => {
  for (const { name, advice } of errorCodes) {
    assert.match(advice, /^[a-zA-Z][^.].{10,}\.$/, name)
    assert.ok(advice.length <= 170, `${name}: ${advice.length} characters`)
    // Full stops within are those of settings' names.
    assert.doesNotMatch(advice.slice(0, -1), /\. |[!?\n]|;.*;/, `${name} has more than one sentence`)
    assert.match(advice, /[;:,] /, `${name} does not say what to do`)
  }
  assert.equal(new Set(errorCodes.map(({ advice }) => advice)).size, errorCodes.length)
})

test('a code that is not known keeps its number and is not taken for one that may be tried again', () => {
  for (const code of [134, 999, 32767, -2, -32768]) {
    const unknown = errorOf(code)
    assert.equal(unknown.code, code)
    assert.equal(unknown.name, `UNKNOWN_CODE_${code}`)
    assert.deepEqual([unknown.retriable, unknown.refreshesMetadata], [false, false])
    assert.match(unknown.advice, /does not know the code/)
  }
})
