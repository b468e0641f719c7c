import assert from 'node:assert/strict'
import test from 'node:test'
import type { KafkaConsumer } from '@samsa/client'
import { FencedError, KafkaError } from '@samsa/client'
import type { Stage } from './stage.ts'
import { stage, until } from './stage.ts'

const soon = { timeoutMs: 20_000 }
/** Short enough for a test, long enough for a slow machine. */
const group = {
  groupId: 'g',
  heartbeatIntervalMs: 50,
  sessionTimeoutMs: 20_000,
  autoCommitIntervalMs: 60_000,
}

function shares(consumers: readonly KafkaConsumer[]): number[][] {
  return consumers.map((consumer) =>
    consumer
      .assignment()
      .map(({ partition }) => partition)
      .sort((a, b) => a - b),
  )
}

function isShared(consumers: readonly KafkaConsumer[], count: number): boolean {
  const all = shares(consumers)
  return (
    all.every((share) => share.length > 0) &&
    new Set(all.flat()).size === count &&
    all.flat().length === count
  )
}

/** Reads in the background until the consumer is closed. */
function pump(consumer: KafkaConsumer, seen: string[]): Promise<void> {
  return (async () => {
    for await (const { value } of consumer) seen.push(String(value))
  })()
}

async function send(on: Stage, count: number, partitions: number, prefix = ''): Promise<string[]> {
  const producer = on.producer()
  const values: string[] = []
  for (let index = 0; index < count; index++) {
    const value = `${prefix}${index}`
    values.push(value)
    producer.send({ topic: 't', partition: index % partitions, value })
  }
  await producer.close()
  return values
}

for (const strategy of ['range', 'roundrobin', 'sticky']) {
  test(`${strategy}: members come and go, everything is read, and what was processed is not read again`, async (t) => {
    const on = await stage(t)
    on.broker.createTopic('t', { partitions: 6 })
    const seen: string[] = []
    const options = { ...group, partitionAssignmentStrategy: [strategy] }
    const members = [on.consumer(options)]
    const pumps: Promise<void>[] = []
    members[0]?.subscribe('t')
    pumps.push(pump(members[0] as KafkaConsumer, seen))
    const first = await send(on, 60, 6, 'a')
    await until('one reads everything', () => seen.length >= 60)
    for (let more = 0; more < 2; more++) {
      const member = on.consumer(options)
      members.push(member)
      member.subscribe(['t'])
      pumps.push(pump(member, seen))
      await until(`${members.length} share`, () => isShared(members, 6))
    }
    const second = await send(on, 60, 6, 'b')
    await until('three read everything', () => new Set(seen).size >= 120)
    await members.shift()?.close()
    await until('two share', () => isShared(members, 6))
    const third = await send(on, 60, 6, 'c')
    await until('two read everything', () => new Set(seen).size >= 180)
    await Promise.all(members.map((member) => member.close()))
    await Promise.all(pumps)
    assert.deepEqual([...new Set(seen)].sort(), [...first, ...second, ...third].sort())
    assert.deepEqual(on.log, [], 'a normal rebalance is no reason to warn')
    // In each rebalance at most the record in hand of each partition comes again.
    assert.ok(seen.length - 180 <= 18, `${seen.length - 180} records came twice`)
  })
}

test('with sticky, members keep their partitions when others come and go', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: 6 })
  const options = { ...group, partitionAssignmentStrategy: ['sticky'] }
  const members: KafkaConsumer[] = []
  const pumps: Promise<void>[] = []
  for (let count = 1; count <= 3; count++) {
    const member = on.consumer(options)
    members.push(member)
    member.subscribe('t')
    pumps.push(pump(member, []))
    const before = shares(members)
    await until(`${count} share`, () => isShared(members, 6))
    const after = shares(members)
    for (let index = 0; index < count - 1; index++) {
      const kept = after[index]?.every((partition) => before[index]?.includes(partition))
      assert.ok(kept, `${JSON.stringify(before)} became ${JSON.stringify(after)}`)
    }
  }
  const [, ...left] = shares(members)
  await members.shift()?.close()
  await until('two share', () => isShared(members, 6))
  const now = shares(members)
  left.forEach((share, index) => {
    assert.ok(
      share.every((partition) => now[index]?.includes(partition)),
      `${JSON.stringify([left, now])}`,
    )
  })
  await Promise.all(members.map((member) => member.close()))
  await Promise.all(pumps)
})

test('a pattern sees topics that are created later, also when it matched none, and however it is flagged', async (t) => {
  const on = await stage(t)
  const consumer = on.consumer({ ...group, metadataMaxAgeMs: 200 })
  consumer.subscribe(/^t/g)
  await until('it has joined', () => on.broker.requests.recent.some(({ api }) => api === 'SyncGroup'))
  on.broker.createTopic('t1')
  on.broker.createTopic('other')
  await until('it has the first', () => consumer.assignment().length === 1)
  on.broker.createTopic('t2')
  await until('it has both', () => consumer.assignment().length === 2)
  assert.deepEqual(
    consumer
      .assignment()
      .map(({ topic }) => topic)
      .sort(),
    ['t1', 't2'],
  )
  await on.producer().send({ topic: 't2', value: 'v' })
  assert.equal(String((await consumer.next(soon)).value.value), 'v')
})

test('a topic that does not exist yet is joined when it does', async (t) => {
  const on = await stage(t, { autoCreateTopicsEnable: false })
  const consumer = on.consumer(group)
  consumer.subscribe('t')
  await until('it has joined', () => on.broker.requests.recent.some(({ api }) => api === 'SyncGroup'))
  on.broker.createTopic('t')
  await on.producer().send({ topic: 't', value: 'v' })
  assert.equal(String((await consumer.next(soon)).value.value), 'v')
})

test('a topic that only another member subscribed is looked after by the leader', async (t) => {
  const on = await stage(t, { autoCreateTopicsEnable: false })
  on.broker.createTopic('a')
  const leader = on.consumer({ ...group, metadataMaxAgeMs: 200 })
  leader.subscribe('a')
  await until('the leader is in', () => leader.assignment().length === 1)
  const other = on.consumer({ ...group, metadataMaxAgeMs: 200 })
  other.subscribe('b')
  await until(
    'both are in',
    () => on.broker.requests.recent.filter(({ api }) => api === 'SyncGroup').length >= 3,
  )
  on.broker.createTopic('b')
  await until('the other has its topic', () => other.assignment().length === 1)
  assert.deepEqual(leader.assignment(), [{ topic: 'a', partition: 0 }])
})

test('a slow handler is thrown out after maxPollIntervalMs, another takes over, and it comes back when it asks', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await send(on, 3, 1)
  const slow = on.consumer({ ...group, maxPollIntervalMs: 300 })
  const events: string[] = []
  slow.on('lost', () => events.push('lost'))
  slow.on('assigned', () => events.push('assigned'))
  slow.subscribe('t')
  const { value: record } = await slow.next(soon)
  await until('it is thrown out', () => events.includes('lost'))
  assert.deepEqual(slow.assignment(), [])
  const quick = on.consumer(group)
  quick.subscribe('t')
  assert.equal(String((await quick.next(soon)).value.value), '0', 'what was in hand comes again')
  await assert.rejects(slow.commit(record), (error: Error) => {
    assert.ok(error instanceof KafkaError)
    assert.equal(error.code, 'COMMIT_FAILED')
    assert.match(error.message, /lost.*Process faster, or raise them/)
    return true
  })
  await quick.close()
  assert.equal(String((await slow.next(soon)).value.value), '1')
  assert.deepEqual(events, ['assigned', 'lost', 'assigned'])
})

test('a poll that waits longer than maxPollIntervalMs keeps its place', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const consumer = on.consumer({ ...group, maxPollIntervalMs: 400 })
  let losses = 0
  consumer.on('lost', () => losses++)
  consumer.subscribe('t')
  assert.deepEqual(await consumer.poll({ timeoutMs: 1500 }), [])
  assert.equal(losses, 0)
})

test('a commit that a rebalance overtakes is not tried in the name of the next generation', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: 2 })
  await send(on, 10, 1)
  // A rebalance waits for a commit that is under way, but for half a session at most.
  const first = on.consumer({ ...group, sessionTimeoutMs: 6000, enableAutoCommit: false })
  first.subscribe('t')
  const { value: record } = await first.next(soon)
  // The coordinator is not there for a while: the commit is tried on, over the rebalance.
  const times = Number.POSITIVE_INFINITY
  const loading = on.broker.faults.add({ api: 'OffsetCommit', action: 'close', times })
  const committing = assert.rejects(first.commit(record), { code: 'COMMIT_FAILED' })
  const second = on.consumer({ ...group, enableAutoCommit: false })
  second.subscribe('t')
  const pumping = pump(first, [])
  await until('the group has moved on', () => isShared([first, second], 2))
  loading.remove()
  await committing
  assert.deepEqual(await first.committed([{ topic: 't', partition: 0 }]), [undefined])
  await until('the members were not disturbed', () => isShared([first, second], 2))
  await first.close()
  await pumping
})

test('an answer to SyncGroup that never comes is waited for as long as any other', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await send(on, 1, 1)
  on.broker.faults.add({ api: 'SyncGroup', delayMs: 60_000 })
  const consumer = on.consumer({ ...group, requestTimeoutMs: 1_000 })
  consumer.subscribe('t')
  const record = await consumer.next({ timeoutMs: 15_000 })
  assert.equal(record.value.offset, 0)
})

test('what an old membership still does touches no assignment of one’s own', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await send(on, 1, 1)
  const consumer = on.consumer(group)
  on.broker.faults.add({ api: 'SyncGroup', delayMs: 200 })
  consumer.subscribe('t')
  await until('it is joining', () => on.broker.requests.recent.some(({ api }) => api === 'SyncGroup'))
  consumer.unsubscribe()
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.deepEqual(consumer.assignment(), [])
  const member = on.consumer(group)
  on.broker.faults.add({ api: 'OffsetCommit', delayMs: 300 })
  member.subscribe('t')
  await member.next(soon)
  const other = on.consumer(group)
  other.subscribe('t')
  await member.poll({ timeoutMs: 0 })
  await until('it gives back', () => on.broker.requests.recent.some(({ api }) => api === 'OffsetCommit'))
  member.unsubscribe()
  member.assign([{ topic: 't', partition: 0 }])
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.deepEqual(member.assignment(), [{ topic: 't', partition: 0 }])
})

test('who gives up its subscription is told which partitions go with it, once', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: 2 })
  await send(on, 1, 1)
  const consumer = on.consumer(group)
  const told: string[] = []
  for (const kind of ['assigned', 'revoked', 'lost'] as const) {
    consumer.on(kind, ({ partitions }) =>
      told.push(`${kind} ${partitions.map(({ partition }) => partition).sort()}`),
    )
  }
  consumer.subscribe('t')
  await consumer.next(soon)
  await consumer.unsubscribe()
  assert.deepEqual(told, ['assigned 0,1', 'revoked 0,1'])
  consumer.subscribe('t')
  await until('it is in again', () => consumer.assignment().length === 2)
  assert.deepEqual(told, ['assigned 0,1', 'revoked 0,1', 'assigned 0,1'])
  const first = consumer.unsubscribe()
  consumer.assign([{ topic: 't', partition: 0 }])
  await Promise.all([first, consumer.unsubscribe()])
  assert.deepEqual(told.slice(3), ['revoked 0,1'], 'what it chose itself nobody revokes')
})

test('who gives up its subscription keeps others from its partitions until its commit is stored', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await send(on, 3, 1)
  const leaving = on.consumer({ ...group, retryBackoffMs: 700 })
  leaving.subscribe('t')
  for (let read = 0; read < 3; read++) await leaving.next(soon)
  const told: string[] = []
  leaving.on('assigned', ({ partitions }) => told.push(`${partitions.length} assigned`))
  on.broker.faults.add({ api: 'OffsetCommit', action: 'close' })
  leaving.unsubscribe()
  const next = on.consumer(group)
  next.subscribe('t')
  const { value } = await next.next({ timeoutMs: 15_000 })
  assert.equal(value.offset, 2)
  assert.deepEqual(told, [])
})

test('a static member whose place is taken says so at every call, and may begin anew', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  await send(on, 2, 1)
  const options = { ...group, groupInstanceId: 'i' }
  const old = on.consumer(options)
  old.subscribe('t')
  await old.next(soon)
  const twin = on.consumer(options)
  twin.subscribe('t')
  await until('the twin has the partition', () => twin.assignment().length === 1)
  for (let round = 0; round < 2; round++) {
    await assert.rejects(nextUntilError(old), (error: Error) => {
      assert.ok(error instanceof FencedError)
      assert.equal(error.code, 'FENCED_INSTANCE_ID')
      return true
    })
  }
  await twin.close()
  old.subscribe('t')
  await until('it is in again', () => old.assignment().length === 1)
})

async function nextUntilError(consumer: KafkaConsumer): Promise<never> {
  for (;;) await consumer.next(soon)
}

test('closing while joining, while giving back, and with a commit that is refused ends in order', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('t')
  const stuck = on.consumer(group)
  stuck.subscribe('t')
  await until('the first is in', () => stuck.assignment().length === 1)
  const joining = on.consumer(group)
  on.broker.faults.add({ api: 'OffsetCommit', delayMs: 500, times: 10 })
  joining.subscribe('t')
  await until(
    'it joins',
    () => on.broker.requests.recent.filter(({ api }) => api === 'JoinGroup').length >= 3,
  )
  await joining.close()
  await stuck.close()
  const refused = on.consumer(group)
  refused.subscribe('t')
  await send(on, 1, 1)
  await refused.next(soon)
  const failures: Error[] = []
  refused.on('commitFailed', ({ error }) => failures.push(error))
  on.broker.faults.add({ api: 'OffsetCommit', action: 'close', times: 1 })
  await refused.close()
  assert.deepEqual(failures, [])
})
