import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeWorld } from '../world.test-support.ts'
import { WorkLoop } from './work-loop.ts'

test('it looks once a turn however often it is woken, and again when it said so', async () => {
  const world = new FakeWorld()
  const looks: number[] = []
  let pause = 100
  const loop = new WorkLoop(world, (now) => {
    looks.push(now)
    return now + pause
  })
  await world.advance(1000)
  assert.deepEqual(looks, [], 'nothing was said yet')
  for (let count = 0; count < 5; count++) loop.wake()
  assert.deepEqual(looks, [], 'whoever wakes it goes on first')
  await world.settle()
  const start = world.time
  assert.deepEqual(looks, [start])
  await world.advance(250)
  assert.deepEqual(looks, [start, start + 100, start + 200])
  assert.equal(world.armed, 1)
  pause = Number.POSITIVE_INFINITY
  loop.wake()
  await world.advance(10_000)
  assert.equal(looks.length, 4)
  assert.equal(world.armed, 0)
  loop.wake()
  await world.settle()
  assert.equal(looks.length, 5)
})

test('a wake during a look is looked at; a closed loop looks at nothing and leaves no timer', async () => {
  const world = new FakeWorld()
  let looks = 0
  const loop: WorkLoop = new WorkLoop(world, (now) => {
    looks++
    if (looks === 1) loop.wake()
    if (looks === 3) loop.close()
    return now + 50
  })
  loop.wake()
  await world.settle()
  assert.equal(looks, 2)
  loop.wake()
  await world.advance(1000)
  assert.equal(looks, 3)
  assert.equal(world.armed, 0)
  loop.wake()
  await world.advance(1000)
  assert.equal(looks, 3)
})
