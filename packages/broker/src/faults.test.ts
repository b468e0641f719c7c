import assert from 'node:assert/strict'
import test from 'node:test'
import {
  ApiVersions,
  FindCoordinator,
  Heartbeat,
  ListOffsets,
  Metadata,
  OffsetFetch,
  Produce,
} from '@samsa/protocol'
import { batchOf } from './batches.test-support.ts'
import { RequestLog } from './faults.ts'
import { Stage } from './raw-client.test-support.ts'

const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
const closed = /closed the connection/

async function endOf(stage: Stage): Promise<number | undefined> {
  const partitions = [{ partitionIndex: 0, timestamp: -1 }]
  const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: 't', partitions }] }
  return (await stage.ask(ListOffsets, 5, body)).topics[0]?.partitions[0]?.offset
}

test('close ends the connection before the request is applied, dropReply after it', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t')
  const close = stage.broker.faults.add({ api: 'Produce', action: 'close' })
  await assert.rejects(stage.append('t', batchOf(['a'])), closed)
  assert.deepEqual([await endOf(stage), close.hits], [0, 1])
  stage.broker.faults.add({ api: 'Produce', action: 'dropReply' })
  await assert.rejects(stage.append('t', batchOf(['a'])), closed)
  assert.equal(await endOf(stage), 1)
  await stage.append('t', batchOf(['b']))
  assert.equal(await endOf(stage), 2)
  assert.deepEqual(stage.problems.length, 2)
})

test('nth and times say which requests are met; others are not, and other APIs never', async () => {
  await using stage = await Stage.open()
  const rule = stage.broker.faults.add({ api: 'Heartbeat', nth: 2, times: 2, errorCode: 77 })
  const beat = async () =>
    (await stage.ask(Heartbeat, 3, { groupId: 'g', generationId: 1, memberId: 'm' })).errorCode
  const codes: number[] = []
  for (let round = 0; round < 5; round++) {
    codes.push(await beat())
    assert.equal((await stage.ask(ApiVersions, 3, software)).errorCode, 0)
  }
  assert.deepEqual([codes, rule.hits], [[25, 77, 77, 25, 25], 2])
})

test('a rule that is taken off meets nobody any more; Infinity meets all until then', async () => {
  await using stage = await Stage.open()
  const rule = stage.broker.faults.add({ api: 'ApiVersions', times: Number.POSITIVE_INFINITY, errorCode: 5 })
  for (let round = 0; round < 20; round++)
    assert.equal((await stage.ask(ApiVersions, 3, software)).errorCode, 5)
  rule.remove()
  rule.remove()
  assert.equal((await stage.ask(ApiVersions, 3, software)).errorCode, 0)
  assert.equal(rule.hits, 20)
})

test('the first rule that matches is taken; when it is used up, the next', async () => {
  await using stage = await Stage.open()
  stage.broker.faults.add({ api: 'ApiVersions', errorCode: 5 })
  stage.broker.faults.add({ api: 'ApiVersions', errorCode: 6 })
  const codes: number[] = []
  for (let round = 0; round < 3; round++) codes.push((await stage.ask(ApiVersions, 3, software)).errorCode)
  assert.deepEqual(codes, [5, 6, 0])
})

test('a rule for a node counts and meets that node only', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  const rule = stage.broker.faults.add({ api: 'ApiVersions', node: 2, nth: 2, errorCode: 5 })
  const ask = async (node: number) => (await stage.ask(ApiVersions, 3, software, node)).errorCode
  assert.deepEqual([await ask(1), await ask(1), await ask(2), await ask(1), await ask(2)], [0, 0, 0, 0, 5])
  assert.equal(rule.hits, 1)
})

test('a delay passes before the request is handled, in the time of the broker', async () => {
  await using stage = await Stage.open()
  stage.broker.faults.add({ api: 'ApiVersions', delayMs: 700 })
  const before = stage.world.now
  assert.equal((await stage.ask(ApiVersions, 3, software)).errorCode, 0)
  assert.equal(stage.world.now - before, 700)
})

test('a delay ends with its connection or its broker, and the request is not applied then', async () => {
  const stage = await Stage.open()
  stage.broker.createTopic('t')
  stage.broker.faults.add({ api: 'Produce', delayMs: 60_000, times: 2 })
  const timers = stage.host.timers
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf(['a']) }] }] as never
  const client = stage.connect()
  const waiting = client.ask(Produce, 9, { acks: 1, timeoutMs: 1000, topicData })
  await stage.world.pass(10)
  client.close()
  await assert.rejects(waiting, closed)
  await stage.world.pass(0)
  assert.equal(stage.host.timers, timers)
  assert.equal(await endOf(stage), 0)
  const second = stage.connect().ask(Produce, 9, { acks: 1, timeoutMs: 1000, topicData })
  const rejected = assert.rejects(second, closed)
  await stage.world.pass(10)
  await stage.close()
  await rejected
})

test('a delay goes together with an action and with an error', async () => {
  await using stage = await Stage.open()
  stage.broker.faults.add({ api: 'ApiVersions', delayMs: 50, action: 'close' })
  stage.broker.faults.add({ api: 'ApiVersions', delayMs: 50, errorCode: 7 })
  await assert.rejects(stage.ask(ApiVersions, 3, software), closed)
  assert.equal((await stage.ask(ApiVersions, 3, software)).errorCode, 7)
  assert.equal(stage.world.now >= 100, true)
})

test('an answer without an error of its own carries the code in each of its parts', async () => {
  await using stage = await Stage.open()
  stage.broker.createTopic('t', { partitions: 2 })
  const { faults } = stage.broker
  faults.add({ api: 'Produce', errorCode: 6 })
  await assert.rejects(stage.append('t', batchOf(['a'])), /refused with 6/)
  assert.equal(await endOf(stage), 1)
  faults.add({ api: 'Metadata', times: 2, errorCode: 5 })
  const before = await stage.ask(Metadata, 12, { topics: null })
  assert.deepEqual(
    before.topics.flatMap(({ errorCode, partitions }) => [
      errorCode,
      ...partitions.map((each) => each.errorCode),
    ]),
    [5, 5, 5],
  )
  const newest = await stage.ask(Metadata, 13, { topics: null })
  assert.deepEqual([newest.errorCode, newest.topics[0]?.errorCode], [5, 0])
  faults.add({ api: 'FindCoordinator', times: 2, errorCode: 15 })
  assert.equal((await stage.ask(FindCoordinator, 0, { key: 'g' })).errorCode, 15)
  const several = await stage.ask(FindCoordinator, 4, { coordinatorKeys: ['g'] })
  assert.equal(several.coordinators[0]?.errorCode, 15)
  faults.add({ api: 'OffsetFetch', times: 2, errorCode: 14 })
  assert.equal((await stage.ask(OffsetFetch, 2, { groupId: 'g', topics: null })).errorCode, 14)
  const groups = await stage.ask(OffsetFetch, 8, { groups: [{ groupId: 'g', topics: null }] } as never)
  assert.equal(groups.groups[0]?.errorCode, 14)
})

test('a rule that could not be meant is refused by name', async () => {
  await using stage = await Stage.open()
  const refused = (rule: object, message: RegExp) =>
    assert.throws(() => stage.broker.faults.add({ action: 'close', ...rule } as never), {
      code: 'CONFIG',
      message,
    })
  refused({ api: 'produce' }, /did you mean Produce/)
  refused({ api: 'AlterConfigs' }, /there is no API AlterConfigs/)
  for (const nth of [0, -1, 1.5, Number.NaN]) refused({ api: 'Produce', nth }, /nth/)
  for (const times of [0, -1, 1.5, Number.NaN]) refused({ api: 'Produce', times }, /times/)
  for (const delayMs of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    refused({ api: 'Produce', delayMs }, /delayMs/)
  for (const errorCode of [1.5, 40_000]) refused({ api: 'Produce', errorCode }, /errorCode/)
  refused({ api: 'Produce', action: 'drop' }, /'close' or 'dropReply', not drop/)
  refused({ api: 'Produce', action: undefined }, /needs an action, delayMs or errorCode/)
})

test('the log of requests tells node, API, version and time, and keeps the last ones', async () => {
  await using stage = await Stage.open({ brokers: 2 })
  await stage.ask(ApiVersions, 3, software, 1)
  await stage.world.pass(5)
  await stage.ask(Metadata, 4, { topics: [] }, 2)
  const [first, second] = stage.broker.requests.recent
  assert.deepEqual([first?.node, first?.api, first?.version], [1, 'ApiVersions', 3])
  assert.deepEqual([second?.node, second?.api, second?.version], [2, 'Metadata', 4])
  assert.equal((second?.at ?? 0) - (first?.at ?? 0), 5)
  const log = new RequestLog(10)
  for (let at = 0; at < 95; at++) log.note(1, 'Fetch', 4, at)
  assert.deepEqual(
    log.recent.map((entry) => entry.at),
    [85, 86, 87, 88, 89, 90, 91, 92, 93, 94],
  )
})
