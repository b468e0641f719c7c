import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { headerOf } from './batches.test-support.ts'
import { ProducerState } from './producer-state.ts'

const INT32_MAX = 2 ** 31 - 1

/** A batch of `count` records of producer 7, beginning at a sequence. */
function batch(sequence: number, count = 1, epoch = 0, baseOffset = 0) {
  const values = Array.from({ length: count }, () => 'v')
  const header = headerOf({ values, producerId: 7n, epoch, sequence })
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
    const state = after(headerOf({ values: ['v'] }))
    assert.deepEqual(state.judge(batch(5)), { kind: 'next' })
  })
})
