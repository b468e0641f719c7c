import assert from 'node:assert/strict'
import test from 'node:test'
import type { Api } from '@samsa/protocol'
import { encodeAssignment, encodeSubscription } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { Metadata } from '../cluster/metadata.ts'
import { noMetadata } from '../cluster/metadata.ts'
import type { TopicPartition } from '../cluster/topic-partition.ts'
import { FakeWorld } from '../world.test-support.ts'
import { ClassicMembership } from './classic-membership.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

/** A membership whose coordinator is a list of answers by API. */
class Stage {
  readonly world = new FakeWorld()
  readonly asked: string[] = []
  readonly warnings: string[] = []
  readonly told: string[] = []
  readonly wanted = new Set<string>()
  answers: Record<string, () => object | Error> = {}
  metadata: Metadata = { ...noMetadata, generation: 1 }
  onMetadata: (metadata: Metadata) => void = () => {}
  failure: Error | undefined
  readonly membership: ClassicMembership

  constructor(groupInstanceId?: string) {
    const cluster = {
      runtime: this.world,
      config: { retryBackoffMs: 100, retryBackoffMaxMs: 1000 },
      signal: new AbortController().signal,
      events: { logger: { debug: () => {}, warn: (line: string) => this.warnings.push(line) } },
      onMetadata: (listener: () => void) => {
        this.onMetadata = listener
        return () => {}
      },
      want: (topic: string) => this.wanted.add(topic),
      unwant: (topic: string) => this.wanted.delete(topic),
      forgetCoordinator: () => {},
      refresh: async () => this.metadata,
      request: async ({ name }: Api) => {
        this.asked.push(name)
        const answer = this.answers[name]?.() ?? { errorCode: 0 }
        if (answer instanceof Error) throw answer
        return answer
      },
    }
    Object.defineProperty(cluster, 'metadata', { get: () => this.metadata })
    const note = (how: string) => async (partitions: readonly TopicPartition[]) => {
      this.told.push(`${how} ${partitions.map(({ topic, partition }) => `${topic}-${partition}`)}`)
    }
    this.membership = new ClassicMembership({
      cluster: cluster as unknown as Cluster,
      config: {
        requestTimeoutMs: 30_000,
        sessionTimeoutMs: 45_000,
        heartbeatIntervalMs: 3_000,
        maxPollIntervalMs: 300_000,
        groupInstanceId,
        partitionAssignmentStrategy: ['range'],
        clientRack: '',
      },
      groupId: 'g',
      topics: () => ['t'],
      assigned: note('assigned'),
      revoked: note('revoked'),
      lost: note('lost'),
      failed: (error) => {
        this.failure = error
      },
    })
    this.answers = {
      JoinGroup: () => joined({}),
      SyncGroup: () => ({
        errorCode: 0,
        assignment: encodeAssignment({
          assignedPartitions: [{ topic: 't', partitions: [0] }],
          userData: null,
        }),
      }),
    }
  }

  /** Metadata says that topics have so many partitions. */
  grow(counts: Record<string, number>): void {
    const topics = new Map(
      Object.entries(counts).map(([name, count]) => {
        const partitions = [...Array(count).keys()].map((index) => ({
          index,
          leader: 1,
          leaderEpoch: 0,
          replicas: [1],
          isr: [1],
          errorCode: 0,
        }))
        return [name, { name, id: name, isInternal: false, errorCode: 0, partitions }] as const
      }),
    )
    this.metadata = { ...this.metadata, generation: this.metadata.generation + 1, topics }
    this.onMetadata(this.metadata)
  }
}

function joined(given: object) {
  const subscription = (topics: string[]) =>
    encodeSubscription({ topics, userData: null, ownedPartitions: [] })
  return {
    errorCode: 0,
    generationId: 1,
    protocolName: 'range',
    leader: 'm1',
    memberId: 'm1',
    skipAssignment: false,
    members: [
      { memberId: 'm1', groupInstanceId: null, metadata: subscription(['t']) },
      { memberId: 'm2', groupInstanceId: null, metadata: subscription(['u']) },
    ],
    ...given,
  }
}

test('a static leader that comes back and skips the assignment watches the topics of the whole group (KIP-814)', async () => {
  const on = new Stage('me')
  on.answers['JoinGroup'] = () => joined({ skipAssignment: true })
  on.grow({ t: 1, u: 1 })
  on.membership.start()
  await settle()
  assert.deepEqual(on.told, ['assigned t-0'])
  assert.deepEqual([...on.wanted].sort(), ['t', 'u'])
  on.grow({ t: 1, u: 1 })
  await settle()
  assert.equal(on.asked.filter((api) => api === 'JoinGroup').length, 1)
  on.grow({ t: 1, u: 2 })
  await settle()
  assert.equal(
    on.asked.filter((api) => api === 'JoinGroup').length,
    2,
    'what a topic of another member gained',
  )
})

test('a follower watches nobody else, and stops when it leads no more', async () => {
  const on = new Stage()
  on.grow({ t: 1, u: 1 })
  on.membership.start()
  await settle()
  assert.deepEqual([...on.wanted].sort(), ['t', 'u'])
  on.answers['JoinGroup'] = () => joined({ leader: 'm2', generationId: 2, members: [] })
  on.membership.rejoin()
  await settle()
  assert.deepEqual(on.told, ['assigned t-0', 'revoked t-0', 'assigned t-0'])
  assert.deepEqual([...on.wanted], [])
})

test('a code that nobody knows ends the membership with it; one that time heals is warned of after ten seconds', async () => {
  const unknown = new Stage()
  unknown.answers['JoinGroup'] = () => ({ errorCode: 9999, memberId: '' })
  unknown.membership.start()
  await settle()
  assert.match(String(unknown.failure), /UNKNOWN_CODE_9999|9999/)
  assert.deepEqual(unknown.asked, ['JoinGroup'])

  const moving = new Stage()
  moving.answers['JoinGroup'] = () => ({ errorCode: 15, memberId: '' })
  moving.membership.start()
  await settle()
  for (let n = 0; n < 40 && moving.warnings.length === 0; n++) {
    await moving.world.advance(1_100)
    await settle()
  }
  assert.equal(moving.failure, undefined)
  assert.match(moving.warnings.join(), /group g: join was refused: .*COORDINATOR_NOT_AVAILABLE.*trying on/)
  assert.ok(
    moving.asked.length >= 8 && moving.asked.length <= 20,
    `${moving.asked.length} joins in ten seconds`,
  )
  await moving.membership.leave()
})

test('a session that is over by its own clock ends before a record is asked for', async () => {
  const on = new Stage()
  on.grow({ t: 1, u: 1 })
  on.membership.start()
  await settle()
  assert.ok(on.membership.identity)
  on.membership.polled(on.world.now() + 44_000)
  assert.deepEqual(on.told, ['assigned t-0'])
  on.world.time += 45_000
  on.membership.polled(on.world.now())
  assert.deepEqual(on.told, ['assigned t-0', 'lost t-0'])
  assert.equal(on.membership.identity, undefined)
})
