import assert from 'node:assert/strict'
import test from 'node:test'
import { TimeoutError } from '../errors.ts'
import { FakeWorld } from '../world.test-support.ts'
import type { Outcome } from './batch-result.ts'
import { BatchResult } from './batch-result.ts'
import { FutureRecordMetadata } from './future-record-metadata.ts'

const record = { topic: 't', partition: 3, timestamp: 1234, keySize: 1, valueSize: 5 }

function future() {
  const world = new FakeWorld()
  const thrown: unknown[] = []
  const seen = { looks: 0 }
  const made = new FutureRecordMetadata({
    runtime: world,
    onCallbackError: (error) => thrown.push(error),
    trouble: () => undefined,
    onLooked: () => seen.looks++,
  })
  return { world, made, thrown, seen }
}

function stored(baseOffset: number, logAppendTime = -1): Outcome {
  return { baseOffset, logAppendTime, error: undefined }
}

test('offset and timestamp come from the batch: base and index, the record’s time or the broker’s', async () => {
  const cases: [Outcome, number, number][] = [
    [stored(10), 12, 1234],
    [stored(10, 99), 12, 99],
    [stored(-1), -1, 1234],
  ]
  for (const [outcome, offset, timestamp] of cases) {
    const { made } = future()
    const result = new BatchResult()
    made.join(record, result, 2)
    assert.deepEqual(
      [made.isDone, made.succeeded(), made.failed(), made.value],
      [false, false, false, undefined],
    )
    const awaited = made.get()
    result.settle(outcome)
    const metadata = await awaited
    assert.deepEqual([metadata.offset, metadata.timestamp], [offset, timestamp])
    assert.deepEqual(
      [made.isDone, made.succeeded(), made.failed(), made.exception],
      [true, true, false, undefined],
    )
    assert.equal((await made).partition, 3)
    assert.equal(made.value?.serializedValueSize, 5)
    assert.match(String(made.value), new RegExp(`offset=${offset}, timestamp=${timestamp}`))
  }
})

test('a failure is a rejection only for who asks; errors of single records are their own', async () => {
  const whole = new Error('the batch')
  const own = new Error('this record')
  const result = new BatchResult()
  const [first, second, silent] = [future().made, future().made, future().made]
  first.join(record, result, 0)
  second.join(record, result, 1)
  silent.join(record, result, 2)
  const asked = [
    assert.rejects(first.get(), own),
    assert.rejects(second.then(), whole),
    second.catch(() => 'caught'),
  ]
  const late: Error[] = []
  first.addErrback((error) => late.push(error)).addCallback(() => assert.fail('it was not sent'))
  result.settle({ ...stored(-1), error: whole, recordErrors: new Map([[0, own]]) })
  assert.equal((await Promise.all(asked))[2], 'caught')
  assert.deepEqual(late, [own])
  assert.deepEqual([silent.isDone, silent.value], [true, undefined])
  assert.equal(silent.isObserved, false)
  assert.deepEqual([silent.failed(), silent.exception, silent.succeeded()], [true, whole, false])
  assert.equal(silent.isObserved, true, 'seeing that it failed is a look')
  let isOver = false
  await first
    .finally(() => {
      isOver = true
    })
    .catch(() => undefined)
  assert.ok(isOver)
})

test('who asks before the record has joined a batch is answered as well', async () => {
  const joined = future().made
  const [value, failed] = [joined.get(), future().made]
  const result = new BatchResult()
  result.settle(stored(7))
  joined.join(record, result, 0)
  assert.equal((await value).offset, 7)
  const rejected = assert.rejects(failed.get(), /never/)
  failed.fail(new Error('never'))
  await rejected
  await assert.rejects(failed.get(), /never/)
  assert.deepEqual([failed.isDone, failed.failed()], [true, true])
})

test('get has its limit, after which the record is still on its way; no timer is left', async () => {
  const { world, made } = future()
  let isSent = true
  const result = new BatchResult(() => isSent)
  made.join(record, result, 0)
  const limited = assert.rejects(made.get({ timeoutMs: 50 }), (error: Error) => {
    assert.ok(error instanceof TimeoutError)
    assert.equal(error.sent, true)
    assert.match(error.message, /waited 50 ms for the result of send.*stays on its way/)
    return true
  })
  const patient = made.get({ timeoutMs: 5000 })
  await world.advance(50)
  await limited
  isSent = false
  const unsent = assert.rejects(made.get({ timeoutMs: 50 }), (error: Error) => {
    assert.equal((error as TimeoutError).sent, false, 'nothing has left yet')
    return true
  })
  await world.advance(50)
  await unsent
  result.settle(stored(1))
  assert.equal((await patient).offset, 1)
  assert.equal(world.armed, 0)
})

test('a callback that throws is reported and keeps nobody else from being called', () => {
  const { made, thrown } = future()
  const result = new BatchResult()
  made.join(record, result, 0)
  const called: string[] = []
  const bad = () => {
    throw new Error('of the user')
  }
  made.addCallback(bad).addCallback(() => called.push('second'))
  result.settle(stored(1))
  made.addCallback(bad)
  assert.deepEqual(called, ['second'])
  assert.equal(thrown.length, 2)
})

test('whenDone tells the end without counting as a look', () => {
  const early = future().made
  let done = 0
  early.whenDone(() => done++)
  const result = new BatchResult()
  early.join(record, result, 0)
  assert.equal(done, 0)
  assert.equal(result.observed, 0)
  result.settle(stored(0))
  early.whenDone(() => done++)
  const failed = future().made
  failed.fail(new Error('x'))
  failed.whenDone(() => done++)
  assert.equal(done, 3)
  assert.equal(early.isObserved, false)
})

test('a result counts records of a failed batch that were looked at, before and after, not looks', () => {
  const result = new BatchResult()
  for (const index of [0, 0, 2]) result.observe(index, () => {})
  assert.equal(result.observed, 0, 'nothing has failed')
  result.settle({ ...stored(-1), error: new Error('x') })
  assert.equal(result.observed, 2)
  result.observe(5, () => {})
  result.observe(5, () => {})
  assert.equal(result.observed, 3)
  const whole = new BatchResult()
  const parts = [new BatchResult(), new BatchResult()] as const
  whole.observe(1, () => {})
  whole.split([
    { result: parts[0], count: 1 },
    { result: parts[1], count: 2 },
  ])
  for (const part of parts) part.settle({ ...stored(-1), error: new Error('x') })
  whole.looked(2)
  assert.deepEqual(
    parts.map(({ observed }) => observed),
    [0, 2],
  )
})
