import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BatchHeader } from '@samsa/protocol'
import type { SentRecord } from '../batches.test-support.ts'
import { batchOf } from '../batches.test-support.ts'
import { ProducerState } from './producer-state.ts'

const INT32_MAX = 2 ** 31 - 1

/** A batch of `count` records of producer 7, beginning at a sequence. */
function batch(baseSequence: number, count = 1, producerEpoch = 0, baseOffset = 0, timestamp = 1_000) {
  const records = Array.from({ length: count }, (): SentRecord => ({ value: 'v', timestamp }))
  const header = new BatchHeader(batchOf(records, { producerId: 7n, producerEpoch, baseSequence }))
  header.baseOffset = baseOffset
  return header
}

function after(...batches: ReturnType<typeof batch>[]): ProducerState {
  const state = new ProducerState()
  for (const each of batches) state.apply(each)
  return state
}

describe('a producer that a partition', () => {
  it('has never heard of may begin anywhere, since its state may have expired (KIP-360)', () => {
    assert.deepEqual(new ProducerState().judge(batch(0)), { kind: 'next' })
    assert.deepEqual(new ProducerState().judge(batch(41)), { kind: 'next' })
  })

  it('knows must go on where it was', () => {
    const state = after(batch(0, 3))
    assert.deepEqual(state.judge(batch(3)), { kind: 'next' })
    for (const sequence of [2, 4, 100]) {
      const verdict = state.judge(batch(sequence, 2))
      assert.equal(verdict.kind === 'error' && verdict.code, 'OUT_OF_ORDER_SEQUENCE_NUMBER', `${sequence}`)
    }
  })

  it('heard the same from gets the offset of the first time, for the last five batches', () => {
    const state = after(...[0, 1, 2, 3, 4, 5].map((sequence) => batch(sequence, 1, 0, 100 + sequence)))
    for (const sequence of [1, 2, 3, 4, 5]) {
      const verdict = state.judge(batch(sequence))
      assert.equal(verdict.kind === 'duplicate' && verdict.baseOffset, 100 + sequence)
    }
    const forgotten = state.judge(batch(0))
    assert.equal(forgotten.kind === 'error' && forgotten.code, 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  it('heard a part of again is out of order, not a duplicate', () => {
    const verdict = after(batch(0, 3)).judge(batch(0, 2))
    assert.equal(verdict.kind, 'error')
  })

  it('knows begins anew under a newer epoch, at 0', () => {
    const state = after(batch(0, 3, 1))
    assert.deepEqual(state.judge(batch(0, 1, 2)), { kind: 'next' })
    const midway = state.judge(batch(3, 1, 2))
    assert.equal(midway.kind === 'error' && midway.code, 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  it('knows is fenced under an older epoch, also for what would be a duplicate', () => {
    const verdict = after(batch(0, 3, 1), batch(0, 3, 2)).judge(batch(0, 3, 1))
    assert.equal(verdict.kind === 'error' && verdict.code, 'INVALID_PRODUCER_EPOCH')
  })

  it('knows goes on at 0 behind the greatest sequence', () => {
    const state = after(batch(INT32_MAX - 1, 2))
    assert.deepEqual(state.judge(batch(0)), { kind: 'next' })
    const across = after(batch(INT32_MAX, 3))
    assert.deepEqual(across.judge(batch(2)), { kind: 'next' })
  })

  it('hears from without a producer id is no producer', () => {
    const state = after(new BatchHeader(batchOf(['v'])))
    assert.deepEqual(state.judge(batch(5)), { kind: 'next' })
  })

  it('heard nothing of for a day is forgotten, and may begin anywhere', () => {
    const day = 86_400_000
    const state = after(batch(0))
    state.forget(5 * day)
    assert.equal(state.judge(batch(9)).kind, 'error', 'not right after a start')
    state.forget(5 * day + 599_999)
    assert.equal(state.judge(batch(9)).kind, 'error', 'it looks only every ten minutes')
    const young = after(batch(0, 1, 0, 0, 4 * day + 600_001))
    for (const now of [5 * day, 5 * day + 600_000]) young.forget(now)
    assert.equal(young.judge(batch(9)).kind, 'error', 'a day has not passed')
    state.forget(5 * day + 600_000)
    assert.deepEqual(state.judge(batch(9)), { kind: 'next' })
  })
})
