import assert from 'node:assert/strict'
import test from 'node:test'
import { nodeRuntime } from '@samsa/runtime'
import { firstAnswer } from './first-answer.ts'

const runtime = nodeRuntime()
const mute = () => new Promise<string>(() => {})
const patient = { runtime, patienceMs: 3_600_000, isFinal: () => false }

test('the next is asked when one fails, and none when one has answered', async () => {
  const asked: string[] = []
  const ask = (name: string, outcome: () => Promise<string>) => () => {
    asked.push(name)
    return outcome()
  }
  const refuse = () => Promise.reject(new Error('refused'))
  const asks = [ask('a', refuse), ask('b', async () => 'b answers'), ask('c', async () => 'c answers')]
  assert.equal(await firstAnswer(asks, patient), 'b answers')
  assert.deepEqual(asked, ['a', 'b'])
})

test('one that stays mute is not waited for, and may still win', async () => {
  assert.equal(await firstAnswer([mute, mute, async () => 'c'], { ...patient, patienceMs: 1 }), 'c')
  let late = (_: string) => {}
  const slow = () => new Promise<string>((resolve) => (late = resolve))
  const asks = [slow, async () => Promise.reject(new Error('refused after the slow one was given time'))]
  const answer = firstAnswer(asks, { ...patient, patienceMs: 1 })
  setTimeout(() => late('a after all'), 20)
  assert.equal(await answer, 'a after all')
})

test('all failures are told; a final one ends it at once', async () => {
  const fail = (text: string) => () => Promise.reject(new Error(text))
  await assert.rejects(firstAnswer([fail('a')], patient), /^Error: a$/)
  await assert.rejects(firstAnswer([fail('a'), fail('b')], patient), (error: AggregateError) => {
    assert.deepEqual(
      error.errors.map(({ message }) => message),
      ['a', 'b'],
    )
    return true
  })
  const isFinal = ({ message }: Error) => message === 'a'
  await assert.rejects(firstAnswer([fail('a'), mute], { ...patient, isFinal }), /^Error: a$/)
})
