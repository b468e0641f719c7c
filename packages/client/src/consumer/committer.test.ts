import assert from 'node:assert/strict'
import test from 'node:test'
import type { Api } from '@samsa/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { recover } from '../cluster/recovery.ts'
import { ServerError } from '../errors.ts'
import type { Membership } from '../group/membership.ts'
import { FakeWorld } from '../world.test-support.ts'
import { Committer } from './committer.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import { consumerConfig } from './consumer-config.ts'
import { askCommitted } from './offsets.ts'
import { AssignedPartition } from './positions.ts'

/** A committer whose coordinator answers from a list of error codes, in turn; none means 0. */
function stage(codes: number[] = [], groupInstanceId?: string) {
  const world = new FakeWorld()
  const sent: any[] = []
  const cluster = {
    runtime: world,
    request: async ({ name }: Api, body: any) => {
      sent.push(body)
      if (name === 'OffsetFetch') return { groups: [], errorCode: 0, topics: [] }
      const errorCode = codes.shift() ?? 0
      const topics = body.topics.map(({ name: topic, partitions }: any) => ({
        name: topic,
        partitions: partitions.map(({ partitionIndex }: any) => ({ partitionIndex, errorCode })),
      }))
      return { topics }
    },
    retrying: async ({ place }: any, attempt: (onWritten: () => void) => Promise<unknown>) => {
      for (;;) {
        try {
          return await attempt(() => {})
        } catch (error) {
          if (!['retry', 'recoordinate', 'refresh'].includes(recover(error, place))) throw error
        }
      }
    },
  }
  const config: ConsumerConfig = consumerConfig({ groupId: 'g', groupInstanceId })
  const committed: unknown[] = []
  const committer = new Committer({
    cluster: cluster as unknown as Cluster,
    config,
    due: () => [],
    onCommitted: (offsets) => committed.push(...offsets),
    onFailed: () => {},
  })
  return { cluster: cluster as unknown as Cluster, committer, committed, sent }
}

const assigned = () => new AssignedPartition({ topic: 't', partition: 0 })
const claim = (partition: AssignedPartition, offset: number) => [
  { offset: { topic: 't', partition: 0, offset }, assigned: partition },
]
const member = (generation: number): Membership =>
  ({ identity: { generation, memberId: 'm' }, commitRefused: () => {} }) as unknown as Membership

test('a commit is tried again in the name of the generation that the member has then', async () => {
  const { committer, sent } = stage([14])
  let generation = 1
  const membership = {
    get identity() {
      return { generation: generation++, memberId: 'm' }
    },
  } as unknown as Membership
  const partition = assigned()
  await committer.commit(() => claim(partition, 5), membership, Number.POSITIVE_INFINITY)
  assert.equal(sent.length, 2)
  assert.ok(sent[1].generationIdOrMemberEpoch > sent[0].generationIdOrMemberEpoch)
  assert.equal(partition.committed, 5)
})

test('a commit whose partition was given away is not sent, and says how it went', async () => {
  for (const gone of ['lost', 'revoked'] as const) {
    const { committer, sent } = stage()
    const partition = assigned()
    partition.gone = gone
    const failed = committer.commit(() => claim(partition, 5), member(1), Number.POSITIVE_INFINITY)
    await assert.rejects(failed, {
      code: 'COMMIT_FAILED',
      message: gone === 'lost' ? /it was lost/ : /given back/,
    })
    assert.deepEqual(sent, [])
  }
})

test('the member is told of a refusal that is about it, with the identity that was refused', async () => {
  const { committer } = stage([25])
  const told: unknown[] = []
  const membership = {
    identity: { generation: 3, memberId: 'm' },
    commitRefused: (error: ServerError, identity: unknown) => told.push([error.code, identity]),
  } as unknown as Membership
  const failed = committer.commit(() => claim(assigned(), 5), membership, Number.POSITIVE_INFINITY)
  await assert.rejects(failed, ServerError)
  assert.deepEqual(told, [['UNKNOWN_MEMBER_ID', { generation: 3, memberId: 'm' }]])
})

test('a static member commits under its instance id, and who has no membership under none', async () => {
  const { committer, sent } = stage([], 'me')
  await committer.commit(() => claim(assigned(), 5), member(1), Number.POSITIVE_INFINITY)
  await committer.commit(() => claim(assigned(), 5), undefined, Number.POSITIVE_INFINITY)
  assert.deepEqual(
    sent.map(({ groupInstanceId, generationIdOrMemberEpoch }) => [
      groupInstanceId,
      generationIdOrMemberEpoch,
    ]),
    [
      ['me', 1],
      [null, -1],
    ],
  )
})

test('offsets of open transactions are waited for (KIP-447)', async () => {
  const { cluster, sent } = stage()
  await askCommitted(cluster, 'g', [{ topic: 't', partition: 0 }])
  const [body] = sent
  assert.equal((typeof body === 'function' ? body(9) : body).requireStable, true)
})
