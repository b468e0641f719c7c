import assert from 'node:assert/strict'
import test from 'node:test'
import type { Api, Response } from '@samsa/protocol'
import { decodeSubscription, encodeSubscription, type JoinGroup } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { ClassicRequests, membersOf } from './classic-requests.ts'

const settings = {
  requestTimeoutMs: 30_000,
  sessionTimeoutMs: 45_000,
  maxPollIntervalMs: 300_000,
  groupInstanceId: 'me',
  partitionAssignmentStrategy: ['range', 'sticky'],
  clientRack: 'a',
}

/** The requests of a member, and what went out. */
function stage(given: Partial<typeof settings> = {}) {
  const sent: { api: string; body: any; options: any }[] = []
  const cluster = {
    request: async ({ name }: Api, body: unknown, options: unknown) => {
      sent.push({ api: name, body: typeof body === 'function' ? body(5) : body, options })
      return { errorCode: 0, assignment: new Uint8Array(0) }
    },
  }
  return {
    sent,
    requests: new ClassicRequests(cluster as unknown as Cluster, { ...settings, ...given }, 'g'),
  }
}

test('a join may be held back for the poll interval and five seconds, or the time of any request where that is longer', async () => {
  const { sent, requests } = stage()
  await requests.join('', ['t'], undefined)
  assert.equal(sent[0]?.options.holdMs + settings.requestTimeoutMs, 305_000)
  const quick = stage({ maxPollIntervalMs: 1_000 })
  await quick.requests.join('', ['t'], undefined)
  assert.equal(quick.sent[0]?.options.holdMs, 0)
  assert.equal(sent[0]?.body.rebalanceTimeoutMs, 300_000)
})

test('each assignor is offered in order, and only sticky is told what was owned before', async () => {
  const { sent, requests } = stage()
  const ownedPartitions = [{ topic: 't', partitions: [1] }]
  await requests.join('m', ['t'], { ownedPartitions, generationId: 7 })
  const protocols: { name: string; metadata: Uint8Array }[] = sent[0]?.body.protocols
  assert.deepEqual(
    protocols.map(({ name }) => name),
    ['range', 'sticky'],
  )
  const [range, sticky] = protocols.map(({ metadata }) => decodeSubscription(metadata))
  assert.equal(range?.userData, null)
  assert.equal(range?.rackId, 'a')
  assert.ok((sticky?.userData?.length ?? 0) > 0)
  assert.equal(sticky?.generationId, 7)
})

test('a static member says who it is wherever that can be said, and never that it leaves', async () => {
  const { sent, requests } = stage()
  const identity = { generation: 1, memberId: 'm' }
  await requests.join('m', ['t'], undefined)
  await requests.sync(identity, 'range', [])
  await requests.heartbeat(identity)
  for (const { api, body } of sent) assert.equal(body.groupInstanceId, 'me', api)
  await requests.leave('m', 'the consumer was closed')
  assert.deepEqual(sent.at(-1)?.body.members, [
    { memberId: 'm', groupInstanceId: null, reason: 'the consumer was closed' },
  ])
})

test("another member's metadata that cannot be read costs it alone its partitions", () => {
  const good = encodeSubscription({ topics: ['t'], userData: null, ownedPartitions: [] })
  const member = (memberId: string, metadata: Uint8Array) => ({ memberId, groupInstanceId: null, metadata })
  const answer = { members: [member('a', good), member('b', Uint8Array.of(0, 3, 255))] }
  const members = membersOf(answer as unknown as Response<typeof JoinGroup>)
  assert.deepEqual(
    members.map(({ memberId, topics }) => [memberId, topics]),
    [
      ['a', ['t']],
      ['b', []],
    ],
  )
})
