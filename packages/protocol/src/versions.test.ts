import assert from 'node:assert/strict'
import test from 'node:test'
import {
  ConsumerGroupHeartbeat,
  Fetch,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  Metadata,
  OffsetFetch,
  Produce,
  SyncGroup,
} from './apis/index.ts'
import { UnsupportedVersionError } from './errors/kafka-error.ts'
import { declaredApis } from './messages.test-support.ts'
import { looksLike, type VersionRange } from './releases.ts'
import { encode } from './schema/compile.ts'
import type { Api } from './schema/schema.ts'
import { testjson } from './testdata.test-support.ts'
import { negotiate } from './versions.ts'

type Ranges = ReadonlyMap<number, VersionRange>

/** What brokers of each release answered to ApiVersions: release -> API key -> oldest and newest version. */
const releases = new Map<string, Ranges>(
  Object.entries(testjson<Record<string, Record<string, [number, number]>>>('releases.json')).map(
    ([release, ranges]) => [
      release,
      new Map(
        Object.entries(ranges).map(([key, [minVersion, maxVersion]]) => [
          Number(key),
          { minVersion, maxVersion },
        ]),
      ),
    ],
  ),
)

/** What brokers and controllers of Kafka speak with one another. */
const betweenBrokers = [4, 5, 6, 7, 56, 58, 67]

function ranges(minVersion: number, maxVersion: number, key = Fetch.key): Ranges {
  return new Map([[key, { minVersion, maxVersion }]])
}

test('the newest version that both sides speak is taken', () => {
  assert.equal(negotiate(Fetch, ranges(0, 11), 'b'), 11)
  assert.equal(negotiate(Fetch, ranges(0, 99), 'b'), Fetch.maxVersion)
  assert.equal(negotiate(Fetch, ranges(Fetch.maxVersion, 99), 'b'), Fetch.maxVersion)
  assert.equal(negotiate(Fetch, ranges(0, Fetch.minVersion), 'b'), Fetch.minVersion)
  assert.equal(negotiate(Fetch, ranges(0, 99), 'b', 12), 12, 'the caller wants no newer one')
  assert.equal(negotiate(Fetch, ranges(0, 99), 'b', 99), Fetch.maxVersion, 'and no older one')
})

function refusal(act: () => unknown): UnsupportedVersionError {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof UnsupportedVersionError, String(error))
    assert.equal(error.code, 'UNSUPPORTED_VERSION')
    return error
  }
  return assert.fail('nothing was refused')
}

test('where no version is common, the error names the API, both ranges, the broker and its release', () => {
  const broker = 'broker 1 at h:9092'
  const tooOld = refusal(() => negotiate(Fetch, ranges(0, Fetch.minVersion - 1), broker))
  assert.match(tooOld.message, /^broker 1 at h:9092, which looks like something older than Kafka 2\.1,/)
  assert.match(tooOld.message, /speaks Fetch 0 to 3, this client 4 to 18: there is no common version$/)
  assert.deepEqual(
    [tooOld.api, tooOld.version, tooOld.field, tooOld.broker],
    ['Fetch', undefined, undefined, broker],
  )
  const tooNew = refusal(() => negotiate(Fetch, ranges(Fetch.maxVersion + 1, 99), broker))
  assert.match(tooNew.message, /speaks Fetch 19 to 99, this client 4 to 18/)
  const capped = refusal(() => negotiate(Fetch, ranges(13, 18), broker, 12))
  assert.match(capped.message, /this client 4 to 12/)
  const absent = refusal(() => negotiate(ConsumerGroupHeartbeat, releases.get('3.6') as Ranges, broker))
  assert.equal(
    absent.message,
    'broker 1 at h:9092, which looks like Kafka 3.6, does not offer ConsumerGroupHeartbeat (API key 68)',
  )
})

const fetched = (partition: object) => ({
  maxWaitMs: 0,
  minBytes: 0,
  topics: [
    { topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1, ...partition }] },
  ],
  forgottenTopicsData: [],
})

test('a field that the version lacks is refused by name, unless it holds its default or may be ignored', () => {
  const error = refusal(() => encode(Fetch.request, 11, fetched({ lastFetchedEpoch: 7 })))
  assert.equal(
    error.message,
    'FetchRequest v11 has no field topics[0].partitions[0].lastFetchedEpoch, so its value would be lost; ' +
      'leave it out, or use a newer broker',
  )
  assert.deepEqual(
    [error.api, error.version, error.field, error.broker],
    ['FetchRequest', 11, 'topics[0].partitions[0].lastFetchedEpoch', undefined],
  )
  error.meantFor('broker 2 at h:9092').meantFor('another')
  assert.match(
    error.message,
    /^FetchRequest v11 \(agreed on with broker 2 at h:9092\) has no field topics\[0\]/,
  )
  assert.equal(error.broker, 'broker 2 at h:9092')
  const plain = encode(Fetch.request, 11, fetched({}))
  assert.deepEqual(encode(Fetch.request, 11, fetched({ lastFetchedEpoch: -1 })), plain, 'its default')
  const old = encode(Fetch.request, 8, fetched({}))
  assert.deepEqual(encode(Fetch.request, 8, fetched({ currentLeaderEpoch: 7 })), old, 'ignorable')
  const member = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: 'i' }
  assert.equal(refusal(() => encode(Heartbeat.request, 2, member)).field, 'groupInstanceId')
  assert.ok(encode(Heartbeat.request, 3, member))
})

test('requests of a group can be given with all fields, whatever the version: what matters is refused, the rest dropped', () => {
  const member = { groupId: 'g', generationId: 1, memberId: 'm' }
  const all = {
    join: {
      ...{ groupId: 'g', sessionTimeoutMs: 1, rebalanceTimeoutMs: 2, memberId: 'm' },
      ...{ protocolType: 'consumer', protocols: [], reason: 'r' },
    },
    sync: { ...member, protocolType: 'consumer', protocolName: 'range', assignments: [] },
    leave: { groupId: 'g', members: [{ memberId: 'm', groupInstanceId: 'i', reason: 'r' }] },
  }
  for (const groupInstanceId of [null, 'i']) {
    const named = { groupInstanceId }
    for (let version = JoinGroup.minVersion; version <= JoinGroup.maxVersion; version++)
      expectField(
        JoinGroup,
        version,
        { ...all.join, ...named },
        named.groupInstanceId !== null && version < 5,
      )
    for (let version = SyncGroup.minVersion; version <= SyncGroup.maxVersion; version++)
      expectField(
        SyncGroup,
        version,
        { ...all.sync, ...named },
        named.groupInstanceId !== null && version < 3,
      )
    for (let version = Heartbeat.minVersion; version <= Heartbeat.maxVersion; version++)
      expectField(Heartbeat, version, { ...member, ...named }, named.groupInstanceId !== null && version < 3)
  }
  for (const version of [3, 4, 5]) assert.ok(encode(LeaveGroup.request, version, all.leave))
  assert.equal(refusal(() => encode(LeaveGroup.request, 2, { ...all.leave, memberId: 'm' })).field, 'members')
})

function expectField(api: Api, version: number, body: object, isRefused: boolean): void {
  if (!isRefused) assert.ok(encode(api.request, version, body), `${api.name} v${version}`)
  else assert.equal(refusal(() => encode(api.request, version, body)).field, 'groupInstanceId')
}

test('a list of structs that the version lacks is refused as one field', () => {
  const groups = { groups: [{ groupId: 'g', topics: null, memberId: 'm' }], requireStable: false }
  assert.ok(encode(OffsetFetch.request, 8, groups), 'ignorable')
  assert.equal(refusal(() => encode(OffsetFetch.request, 7, { ...groups, groupId: 'g' })).field, 'groups')
})

test('every release from 2.1 to 4.3 speaks a version of every API that it has in common with this package', () => {
  const byKey = new Map(declaredApis.map((api) => [api.key, api]))
  assert.deepEqual(
    [...releases.keys()],
    '2.1 2.2 2.3 2.4 2.5 2.6 2.7 2.8 3.0 3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 4.0 4.1 4.2 4.3'.split(' '),
  )
  const without: string[] = []
  const unknown = new Set<number>()
  let common = 0
  for (const [release, offered] of releases) {
    for (const [key, { minVersion, maxVersion }] of offered) {
      const api = byKey.get(key)
      if (!api) unknown.add(key)
      else if (Math.max(minVersion, api.minVersion) > Math.min(maxVersion, api.maxVersion))
        without.push(`${api.name}: ${release} has ${minVersion} to ${maxVersion}`)
      else {
        assert.equal(
          negotiate(api, offered, 'b'),
          Math.min(maxVersion, api.maxVersion),
          `${api.name}, ${release}`,
        )
        common++
      }
    }
    // What a client cannot do without.
    for (const api of [Produce, Fetch, Metadata, JoinGroup]) assert.ok(offered.has(api.key), release)
  }
  assert.deepEqual(without, [])
  assert.deepEqual(
    [...unknown].sort((a, b) => a - b),
    betweenBrokers,
  )
  console.log(
    `versions: ${releases.size} releases, ${common} APIs in common, each with the newest version of the older side`,
  )
  assert.ok(common > 1000, String(common))
})

test('what 4.3 advertises is what the facts of the running broker say', () => {
  const apis = testjson<{ apis: { key: number; advertisedByBroker: [number, number] | null }[] }>(
    'apis.json',
  ).apis
  const advertised = apis.filter(({ advertisedByBroker }) => advertisedByBroker)
  assert.deepEqual(
    [...(releases.get('4.3') as Ranges)].map(([key, { minVersion, maxVersion }]) => [
      key,
      [minVersion, maxVersion],
    ]),
    advertised.map(({ key, advertisedByBroker }) => [key, advertisedByBroker]),
  )
})

test('a broker looks like its release, with ZooKeeper and without', () => {
  const names: Record<string, string> = { '3.3': '3.3 or 3.4', '3.4': '3.3 or 3.4', '4.3': '4.3 or newer' }
  for (const [release, offered] of releases) {
    const alone = new Map([...offered].filter(([key]) => !betweenBrokers.includes(key)))
    for (const each of [offered, alone]) assert.equal(looksLike(each), `Kafka ${names[release] ?? release}`)
  }
})

test('what is no release of Kafka looks like the newest that it holds in full', () => {
  assert.equal(looksLike(new Map()), 'something older than Kafka 2.1')
  assert.equal(looksLike(ranges(0, 8)), 'something older than Kafka 2.1')
  assert.equal(looksLike(ranges(0, 18)), 'Kafka 2.1', 'a newest fetch is not enough')
  const future = new Map(
    [...(releases.get('4.3') as Ranges)].map(([key, range]) => [key, { ...range, maxVersion: 99 }]),
  )
  assert.equal(looksLike(future), 'Kafka 4.3 or newer')
})
