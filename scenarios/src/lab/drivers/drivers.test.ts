import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Broker } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import type { DriverOrder } from './drivers.ts'
import { startDriver } from './drivers.ts'
import { assertKept, readIn, readPartly, readSoundHistory, sentIn } from './sound-history.ts'

const PARTITIONS = 3

describe("samsa's driver on the embedded broker", () => {
  let broker: Broker
  let directory: string
  let number = 0
  before(async () => {
    broker = await startBroker({ brokers: 3 })
    directory = mkdtempSync(join(tmpdir(), 'samsa-drivers-'))
  })
  after(async () => {
    await broker?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const start = (order: Partial<DriverOrder> & Pick<DriverOrder, 'role'>) => {
    number++
    const history = join(directory, `${number}.jsonl`)
    const { bootstrapServers } = broker
    const named = { client: 'samsa', bootstrapServers, run: 'r', who: `w${number}`, history } as const
    return startDriver({ ...named, firstOp: number * 1_000_000, seconds: 20, ...order })
  }
  const run = async (order: Partial<DriverOrder> & Pick<DriverOrder, 'role'>) => {
    const driver = await start(order)
    const ended = await driver.done
    assert.equal(ended.exitCode, 0, ended.complaints)
    return { ...ended, lines: readSoundHistory(driver.history) }
  }
  const topic = (name: string) => {
    broker.createTopic(name, { partitions: PARTITIONS })
    return `${name}:${PARTITIONS}`
  }
  const until = async (isSo: () => boolean, ms = 15_000) => {
    for (const deadline = performance.now() + ms; !isSo() && performance.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('produces, and drains what was acknowledged at both isolation levels', async () => {
    const topics = topic('kept')
    const { lines, summary } = await run({
      role: 'produce',
      topics,
      records: 500,
      rate: 2000,
      keys: true,
      firstValue: 10,
    })
    const sent = sentIn(lines)
    assert.deepEqual(
      sent.map(({ v }) => v),
      Array.from({ length: 500 }, (_, index) => index + 10),
    )
    assert.ok(sent.every(({ r }) => r === 'ok'))
    assert.equal(summary?.['ok'], 500)
    for (const isolation of ['read_committed', 'read_uncommitted'] as const) {
      const drained = await run({ role: 'consume', topics, drain: true, isolation, seconds: 0 })
      assertKept(sent, drained.lines)
    }
  })

  it('tells what was refused for good from what may be stored', async () => {
    const topics = topic('refused')
    const { lines } = await run({ role: 'produce', topics, records: 5, valueBytes: 2_000_000 })
    assert.deepEqual(new Set(sentIn(lines).map(({ r }) => r)), new Set(['fail']))
    const fault = broker.faults.add({ api: 'Produce', action: 'dropReply', times: Number.POSITIVE_INFINITY })
    const lost = await run({
      role: 'produce',
      topics,
      records: 3,
      deliveryTimeoutMs: 3000,
      requestTimeoutMs: 1000,
    })
    fault.remove()
    assert.deepEqual(new Set(sentIn(lost.lines).map(({ r }) => r)), new Set(['unk']))
  })

  it('reads as two members of a group, which share the partitions, hand over and commit', async () => {
    const topics = topic('shared')
    const group = { role: 'consume', topics, group: 'g', handed: true, seconds: 60 } as const
    const members = await Promise.all([start(group), start(group)])
    await run({ role: 'produce', topics, records: 900, rate: 300 })
    const ended = await Promise.all(members.map((member) => member.stop()))
    assert.deepEqual(
      ended.map(({ exitCode }) => exitCode),
      [0, 0],
    )
    const histories = members.map(({ history }) => readSoundHistory(history))
    const read = new Set(histories.flatMap((lines) => [...readIn(lines).keys()]))
    assert.equal(read.size, 900)
    for (const kind of ['assigned', 'revoked']) {
      assert.ok(
        histories.every((lines) => lines.some((line) => line.f === 'reb' && line['kind'] === kind)),
        kind,
      )
    }
    const lines = histories.flat()
    assert.ok(lines.some(({ f, r }) => f === 'commit' && r === 'ok'))
    assert.ok(lines.filter(({ f }) => f === 'handed').length >= 2 * 900)
  })

  it('reads partitions of its own choice', async () => {
    const topics = topic('assigned')
    const reader = await start({ role: 'consume', topics, assign: true, seconds: 60 })
    const { lines } = await run({ role: 'produce', topics, records: 100 })
    await until(() => readIn(readPartly(reader.history)).size >= 100)
    assert.equal((await reader.stop()).exitCode, 0)
    assertSame(
      readIn(readSoundHistory(reader.history)).keys(),
      sentIn(lines).map(({ v }) => v),
    )
  })

  it('keeps a whole history when it is stopped in the middle', async () => {
    const topics = topic('stopped')
    const driver = await start({ role: 'produce', topics, rate: 2000, seconds: 60 })
    await until(() => readPartly(driver.history).length > 500)
    const { exitCode } = await driver.stop()
    assert.equal(exitCode, 0)
    const sent = sentIn(readSoundHistory(driver.history))
    assert.ok(sent.length > 100)
    assertKept(sent, (await run({ role: 'consume', topics, drain: true, seconds: 0 })).lines)
  })

  it('churns: members come, leave and die', async () => {
    const topics = topic('churned')
    await run({ role: 'produce', topics, records: 50 })
    const { lines, summary } = await run({ role: 'churn', topics, group: 'c', members: 4, seconds: 10 })
    assert.ok(Number(summary?.['members']) > 1)
    assert.ok(new Set(lines.map(({ inc }) => inc)).size > 4)
    assert.ok(lines.some(({ f }) => f === 'close'))
  })

  it('says what is wrong with its command line, and which role it cannot play', async () => {
    const wrong = await (await start({ role: 'consume', topics: 'x:1' })).done
    assert.equal(wrong.exitCode, 2)
    assert.match(wrong.complaints, /consume needs --group/)
    const copy = { role: 'copy', from: 'a:1', to: 'b:1', group: 'g', transactionalId: 'x' } as const
    const { exitCode, complaints } = await (await start(copy)).done
    assert.equal(exitCode, 3)
    assert.match(complaints, /^samsa .* has no transactions\n$/)
  })
})

function assertSame(actual: Iterable<number>, expected: Iterable<number>): void {
  assert.deepEqual(
    [...actual].sort((a, b) => a - b),
    [...expected].sort((a, b) => a - b),
  )
}
