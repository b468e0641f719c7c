import assert from 'node:assert/strict'
import test from 'node:test'
import type { AskedFetch } from './fetching.test-support.ts'
import { batchAt, Fetching, fetchOf } from './fetching.test-support.ts'
import type { AssignedPartition } from './positions.ts'

/** A broker that keeps what it is asked; the test answers. */
function held(settings: object = {}, leaders = [1, 1, 1]) {
  const asked: AskedFetch[] = []
  const on = new Fetching({ settings, leaders, onFetch: (each) => asked.push(each) })
  return { on, asked, indexes: (at: number) => asked.at(at)?.partitions.map(({ partition }) => partition) }
}

const records = (offset: number, count = 1) => ({ records: batchAt(offset, count) })

test('what paused partitions keep does not count against the others, and is limited itself', async () => {
  const size = batchAt(0, 1).length
  const { on, asked, indexes } = held({ queuedMaxBytes: 2 * size })
  await on.begin(0, 0, 0)
  asked[0]?.answer([0, 1].map((partition) => ({ partition, ...records(0) })))
  await on.world.settle()
  const [zero, one] = on.partitions as [AssignedPartition, AssignedPartition]
  assert.equal(indexes(-1)?.length, 1, 'what has nothing is asked for although the budget is used up')
  zero.isPaused = true
  one.isPaused = true
  on.fetcher.wake()
  await on.world.settle()
  asked.at(-1)?.answer([{ partition: 2, ...records(0) }])
  await on.world.settle()
  assert.deepEqual(indexes(-1), [2], 'the one that is not paused goes on')
  assert.equal(zero.hasBuffered && one.hasBuffered, true, 'pause keeps what was fetched')
  assert.deepEqual(on.take(), ['0'])
  const two = on.partitions[2] as AssignedPartition
  two.isPaused = true
  two.absorb(fetchOf(1, batchAt(1, 1)))
  on.fetcher.wake()
  await on.world.settle()
  assert.deepEqual(
    [zero.hasBuffered, one.hasBuffered],
    [false, true],
    'who is paused longest is fetched again',
  )
  assert.equal(zero.fetchOffset, 0)
  on.close()
})

test('a partition with a backlog does not wait for the end of a poll for quiet ones (KAFKA-17182)', async () => {
  const { on, asked, indexes } = held({ maxPartitionFetchBytes: 80 }, [1, 1])
  await on.begin(0, 0)
  assert.deepEqual(indexes(-1), [0, 1])
  asked[0]?.answer([{ partition: 0, ...records(0, 3) }, { partition: 1 }])
  await on.world.settle()
  assert.deepEqual(indexes(-1), [1], 'the full one is left out')
  assert.equal(asked.at(-1)?.maxWaitMs, 500)
  assert.deepEqual(on.take(), ['0', '1', '2'])
  await on.world.settle()
  assert.deepEqual(indexes(-1), [0], 'asked for while the poll is under way')
  assert.equal(asked.at(-1)?.maxWaitMs, 0)
  assert.notEqual(
    asked.at(-1)?.connection,
    asked.at(-2)?.connection,
    'a broker works at one request of a connection',
  )
  const before = asked.length
  asked.at(-1)?.answer([{ partition: 0 }])
  await on.world.advance(400)
  assert.equal(asked.length, before, 'at its end it waits with the others')
  asked.at(-2)?.answer([{ partition: 1 }])
  await on.world.settle()
  assert.deepEqual(indexes(-1)?.sort(), [0, 1])
  on.close()
})

test('a seek does not wait for the end of the poll that is under way', async () => {
  const { on, asked } = held({}, [1, 1])
  await on.begin(0, 0)
  on.partition.moveTo(7)
  on.fetcher.wake()
  await on.world.settle()
  assert.deepEqual(
    asked.map(({ partitions, maxWaitMs }) => [partitions[0]?.fetchOffset, maxWaitMs]),
    [
      [0, 500],
      [7, 0],
    ],
  )
  asked[0]?.answer([{ partition: 0, ...records(0) }, { partition: 1 }])
  await on.world.settle()
  assert.deepEqual(on.take(), [], 'what was asked before falls away')
  asked[1]?.answer([{ partition: 0, ...records(7) }])
  await on.world.settle()
  assert.deepEqual(on.take(), ['7'])
  on.close()
})

test('who got something is asked for last the next time, so that a broker that cuts starves nobody', async () => {
  const { on, asked, indexes } = held()
  await on.begin(0, 0, 0)
  assert.deepEqual(indexes(-1), [0, 1, 2])
  asked[0]?.answer([{ partition: 0, ...records(0) }, { partition: 1 }, { partition: 2 }])
  await on.world.settle()
  assert.deepEqual(indexes(-1), [1, 2, 0])
  asked[1]?.answer([{ partition: 1, ...records(0) }, { partition: 2 }, { partition: 0, ...records(1) }])
  await on.world.settle()
  assert.deepEqual(indexes(-1), [2, 1, 0])
  on.close()
})

test('a broker that answers at once with nothing is asked with growing pauses, and records end them', async () => {
  const times: number[] = []
  let give = false
  const on: Fetching = new Fetching({
    onFetch: ({ partitions: [asked], answer }) => {
      times.push(on.world.time)
      answer([give ? { records: batchAt(asked?.fetchOffset as number, 1) } : {}])
    },
    settings: { fetchMaxWaitMs: 5000 },
  })
  await on.begin(0)
  await on.world.advance(3000)
  const pauses = times.slice(1).map((time, index) => time - (times[index] as number))
  assert.ok((pauses[0] as number) >= 80 && (pauses.at(-1) as number) >= 800, pauses.join())
  give = true
  await on.world.advance(1500)
  assert.ok(on.take().length > 0)
  on.close()
})

test('a partition that fails is asked for with growing pauses, and one warning says why after ten seconds', async () => {
  const times: number[] = []
  let errorCode = 9
  const on: Fetching = new Fetching({
    onFetch: ({ answer }) => {
      times.push(on.world.time)
      answer([{ errorCode }])
    },
  })
  await on.begin(0)
  await on.world.advance(9000)
  assert.deepEqual(on.warnings, [])
  assert.ok(times.length < 20, `${times.length} requests in 9 s`)
  await on.world.advance(20_000)
  assert.equal(on.warnings.length, 1)
  assert.match(on.warnings[0] ?? '', /^t-0 cannot be fetched for 10 s.*REPLICA_NOT_AVAILABLE/)
  assert.equal(on.errors.length, 0, 'what passes ends no loop')
  errorCode = 9999
  await on.world.advance(1500)
  assert.match(on.errors[0]?.message ?? '', /9999/, 'what nobody knows is raised')
  on.close()
})

test('handing over and looking cost the same with many partitions', async () => {
  const count = 3000
  const { on } = held(
    {},
    Array.from({ length: count }, () => 1),
  )
  await on.begin(...new Array<number>(count).fill(0))
  const busy = on.partition
  let looks = 0
  for (const partition of on.partitions.slice(1)) {
    Object.defineProperty(partition, 'isDeliverable', { get: () => ++looks < 0 })
    Object.defineProperty(partition, 'isHungry', { get: () => ++looks < 0 })
  }
  for (let offset = 0; offset < 20; offset++) {
    busy.absorb(fetchOf(offset, batchAt(offset, 1)))
    assert.equal(on.take().length, 1)
    await on.world.settle()
  }
  assert.ok(looks <= 2 * count, `${looks} looks at partitions without anything`)
  on.close()
})
