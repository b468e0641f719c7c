/** What a rebalance does to those who are at work: nothing that an orderly join or leave could take out of their hands. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { ConsumerRecord, KafkaConsumer } from '@samsa/client'
import { DeleteTopics, zeroUuid } from '@samsa/protocol'
import { Admin } from '../lab/cluster/admin.ts'
import type { Stage } from './stage.ts'
import { stage, until } from './stage.ts'

const soon = { timeoutMs: 20_000 }
const group = {
  groupId: 'g',
  heartbeatIntervalMs: 30,
  sessionTimeoutMs: 20_000,
  autoCommitIntervalMs: 60_000,
}
const PARTITIONS = 4
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const nameOf = ({ partition, offset }: ConsumerRecord) => `${partition}:${offset}`

/** A topic with records in all of its partitions. */
async function filled(t: TestContext, count: number): Promise<Stage> {
  const on = await stage(t)
  on.broker.createTopic('t', { partitions: PARTITIONS })
  const producer = on.producer()
  for (let index = 0; index < count; index++)
    producer.send({ topic: 't', partition: index % PARTITIONS, value: `${index}` })
  await producer.close()
  return on
}

/** How often each record was handled, and how many at the same time. */
class Handled {
  readonly counts = new Map<string, number>()
  readonly #busy = new Set<string>()
  overlaps = 0

  async handle(record: ConsumerRecord, ms: number): Promise<void> {
    const name = nameOf(record)
    if (this.#busy.has(name)) this.overlaps++
    this.#busy.add(name)
    await sleep(ms)
    this.#busy.delete(name)
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  get twice(): string[] {
    return [...this.counts].filter(([, count]) => count > 1).map(([name]) => name)
  }
}

type Loop = (consumer: KafkaConsumer, handled: Handled) => Promise<void>

const loops: Record<string, Loop> = {
  'for await': async (consumer, handled) => {
    for await (const record of consumer) await handled.handle(record, 15)
  },
  'for await, committing each by hand': async (consumer, handled) => {
    for await (const record of consumer) {
      await handled.handle(record, 15)
      await consumer.commit(record)
    }
  },
  poll: async (consumer, handled) => {
    for (;;) {
      const records = await consumer.poll({ timeoutMs: 1000, maxRecords: 3 })
      for (const record of records) await handled.handle(record, 10)
    }
  },
  next: async (consumer, handled) => {
    for (;;) {
      const { value, done } = await consumer.next()
      if (done) return
      await handled.handle(value, 15)
    }
  },
}

describe('members join and leave in order while handlers are at work', () => {
  for (const [name, loop] of Object.entries(loops)) {
    it(`${name}: nothing is handled twice, and no commit fails`, async (t) => {
      const on = await filled(t, 80)
      const isByHand = name.includes('by hand')
      const handled = new Handled()
      const failures: Error[] = []
      const members: KafkaConsumer[] = []
      const running: Promise<void>[] = []
      const join = () => {
        const consumer = on.consumer({ ...group, enableAutoCommit: !isByHand })
        consumer.on('commitFailed', ({ error }) => failures.push(error))
        consumer.subscribe('t')
        members.push(consumer)
        running.push(
          loop(consumer, handled).catch((error) => {
            if (error.code !== 'CLOSED') failures.push(error)
          }),
        )
      }
      join()
      await until('it reads', () => handled.counts.size > 4)
      join()
      await until('both read', () => members.every((member) => member.assignment().length === 2))
      join()
      await until('all read', () => members.every((member) => member.assignment().length > 0))
      await until('everything is handled', () => handled.counts.size === 80)
      await Promise.all(members.map((member) => member.close()))
      await Promise.all(running)
      assert.deepEqual(failures, [])
      assert.deepEqual(handled.twice, [])
      assert.equal(handled.overlaps, 0)
    })
  }
})

describe('the revoked event', () => {
  const ways: Record<string, (on: Stage, consumer: KafkaConsumer) => Promise<unknown>> = {
    'another member joins': async (on, consumer) => {
      const other = on.consumer({ ...group, enableAutoCommit: false })
      other.subscribe('t')
      const polling = consumer.poll({ timeoutMs: 2000 })
      await until('the other has its share', () => other.assignment().length > 0)
      return polling
    },
    close: (_, consumer) => consumer.close(),
    unsubscribe: (_, consumer) => consumer.unsubscribe(),
    'another subscription': async (on, consumer) => {
      on.broker.createTopic('u')
      consumer.subscribe(['t', 'u'])
      const polling = consumer.poll({ timeoutMs: 1000 })
      await until('it has both', () => consumer.assignment().length === PARTITIONS + 1)
      return polling
    },
  }
  for (const [way, go] of Object.entries(ways)) {
    it(`${way}: it is awaited, and what is committed in it counts`, async (t) => {
      const on = await filled(t, 8)
      const consumer = on.consumer({ ...group, enableAutoCommit: false })
      const told: string[] = []
      consumer.on('revoked', async ({ partitions }) => {
        told.push(`revoked ${partitions.length}`)
        await sleep(20)
        await consumer.commit([...done].map(([partition, offset]) => ({ topic: 't', partition, offset })))
        told.push('committed')
      })
      consumer.subscribe('t')
      const done = new Map<number, number>()
      for (let n = 0; n < 8; n++) {
        const { value } = await consumer.next(soon)
        done.set(value.partition, value.offset + 1)
      }
      await go(on, consumer)
      assert.deepEqual(told.slice(0, 2), [`revoked ${PARTITIONS}`, 'committed'])
      const asker = on.consumer({ ...group })
      const targets = [0, 1, 2, 3].map((partition) => ({ topic: 't', partition }))
      const committed = await asker.committed(targets)
      assert.deepEqual(
        committed.map((each) => each?.offset),
        [2, 2, 2, 2],
      )
    })
  }

  it('a listener that fails is logged, and nothing waits for it', async (t) => {
    const on = await filled(t, 4)
    const consumer = on.consumer(group)
    consumer.on('revoked', () => Promise.reject(new Error('not my day')))
    consumer.subscribe('t')
    await consumer.next(soon)
    await consumer.unsubscribe()
    assert.match(on.log.join('\n'), /a listener for 'revoked' threw: Error: not my day/)
  })
})

describe('the assigned event', () => {
  it('is awaited before a record is handed over: what it seeks to comes first', async (t) => {
    const on = await filled(t, 40)
    const consumer = on.consumer(group)
    consumer.on('assigned', async ({ partitions }) => {
      await sleep(60)
      for (const partition of partitions) consumer.seek(partition, 7)
    })
    consumer.subscribe('t')
    const { value } = await consumer.next(soon)
    assert.equal(value.offset, 7)
  })
})

describe('a commit of what is not there any more', () => {
  it('is refused when the partition went to another member, and when it came back since', async (t) => {
    const on = await filled(t, 40)
    const consumer = on.consumer({ ...group, enableAutoCommit: false })
    consumer.subscribe('t')
    const { value: record } = await consumer.next(soon)
    const other = on.consumer({ ...group, enableAutoCommit: false })
    other.subscribe('t')
    const both = [consumer, other]
    while (!both.every((member) => member.assignment().length === 2)) await consumer.poll({ timeoutMs: 20 })
    const refused = { code: 'COMMIT_FAILED', message: /given back since/ }
    await assert.rejects(consumer.commit(record), refused)
    const theirs = other.assignment()[0]
    assert.ok(theirs)
    await assert.rejects(consumer.commit([{ ...theirs, offset: 1 }]), {
      code: 'COMMIT_FAILED',
      message: /not assigned to this member/,
    })
    await other.close()
    while (consumer.assignment().length !== PARTITIONS) await consumer.poll({ timeoutMs: 20 })
    await assert.rejects(consumer.commit(record), refused)
    assert.deepEqual(await consumer.committed([{ topic: 't', partition: record.partition }]), [undefined])
  })

  it('by a consumer that assigns itself is told as that', async (t) => {
    const on = await filled(t, 4)
    const member = on.consumer(group)
    member.subscribe('t')
    await member.next(soon)
    const lone = on.consumer({ groupId: 'g', enableAutoCommit: false })
    lone.assign([{ topic: 't', partition: 0 }])
    const { value } = await lone.next(soon)
    await assert.rejects(lone.commit(value), {
      code: 'COMMIT_FAILED',
      message: /chose its partitions with assign/,
    })
  })
})

describe('loops', () => {
  it('that share a consumer have leases of their own', async (t) => {
    const on = await stage(t)
    on.broker.createTopic('t')
    const producer = on.producer()
    for (let n = 0; n < 10; n++) producer.send({ topic: 't', value: `${n}` })
    await producer.close()
    const consumer = on.consumer({ ...group, autoCommitIntervalMs: 20 })
    consumer.subscribe('t')
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const seen: number[] = []
    const work = async () => {
      for await (const { offset } of consumer) {
        if (offset === 0) await held
        seen.push(offset)
      }
    }
    const running = [work(), work()]
    await until('the quick one is through', () => seen.length === 9)
    await sleep(100)
    const target = [{ topic: 't', partition: 0 }]
    assert.deepEqual(
      (await consumer.committed(target)).map((each) => each?.offset ?? 0),
      [0],
    )
    release()
    await until('everything is handled', () => seen.length === 10)
    const deadline = performance.now() + 10_000
    let committed = 0
    while (committed < 10 && performance.now() < deadline) {
      committed = (await consumer.committed(target))[0]?.offset ?? 0
      await sleep(20)
    }
    assert.equal(committed, 10)
    await consumer.close()
    await Promise.all(running)
  })

  it('that failed get the record in hand once more, unless it was committed', async (t) => {
    const on = await stage(t)
    on.broker.createTopic('t')
    const producer = on.producer()
    for (let n = 0; n < 4; n++) producer.send({ topic: 't', value: `${n}` })
    await producer.close()
    const consumer = on.consumer(group)
    consumer.subscribe('t')
    const seen: number[] = []
    const run = async (failsAt: number, commits: boolean) => {
      for await (const record of consumer) {
        seen.push(record.offset)
        if (commits) await consumer.commit(record)
        if (record.offset === failsAt) throw new Error('the handler failed')
      }
    }
    await assert.rejects(run(1, false), /the handler failed/)
    await assert.rejects(run(2, false), /the handler failed/)
    await assert.rejects(run(2, true), /the handler failed/)
    const { value } = await consumer.next(soon)
    assert.deepEqual([...seen, value.offset], [0, 1, 1, 2, 2, 3])
  })

  it('of handlers that never wait leave timers and sockets their turn', async (t) => {
    const on = await filled(t, 400)
    const consumer = on.consumer(group)
    consumer.subscribe('t')
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    t.after(() => clearInterval(timer))
    let count = 0
    let before = 0
    for await (const _ of consumer) {
      if (count === 0) before = turns
      const until = performance.now() + 1
      while (performance.now() < until);
      if (++count === 400) break
    }
    // 400 ms of work without waiting: a turn every ten of them.
    assert.ok(turns - before >= 10, `${turns - before} turns`)
  })
})

it('a topic that was deleted keeps nobody else from being committed', async (t) => {
  const on = await stage(t)
  on.broker.createTopic('kept')
  on.broker.createTopic('gone')
  const producer = on.producer()
  for (const topic of ['kept', 'gone']) await producer.send({ topic, value: 'x' })
  await producer.close()
  const consumer = on.consumer({ ...group, allowAutoCreateTopics: false })
  const failures: string[] = []
  consumer.on('commitFailed', ({ error }) => failures.push(error.message))
  consumer.subscribe(['kept', 'gone'])
  for (let n = 0; n < 2; n++) await consumer.next(soon)
  const nodes = on.broker.nodes.map(({ id, port }) => ({ id, port }))
  await new Admin(() => nodes).ask(DeleteTopics, {
    topics: [{ name: 'gone', topicId: zeroUuid }],
    timeoutMs: 5000,
  })
  await consumer.close()
  const asker = on.consumer(group)
  const [kept] = await asker.committed([{ topic: 'kept', partition: 0 }])
  assert.equal(kept?.offset, 1)
})

it('a commit that is under way is not overtaken by the join of its own member', async (t) => {
  const on = await filled(t, 40)
  on.broker.faults.add({ api: 'OffsetCommit', delayMs: 150, times: Number.POSITIVE_INFINITY })
  const failures: string[] = []
  const members = [0, 1].map(() => on.consumer({ ...group, enableAutoCommit: false }))
  const handled = new Handled()
  const running = members.map(async (consumer, index) => {
    await sleep(index * 400)
    consumer.subscribe('t')
    while (handled.counts.size < 40) {
      for (const record of await consumer.poll({ timeoutMs: 100, maxRecords: 1 })) {
        await handled.handle(record, 5)
        await consumer.commit(record).catch((error) => failures.push(error.message))
      }
    }
  })
  await Promise.all(running)
  assert.deepEqual(failures, [])
  assert.deepEqual(handled.twice, [])
})
