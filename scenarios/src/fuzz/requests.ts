import type { Api } from '@samsa/protocol'
import * as protocol from '@samsa/protocol'

const topicId = protocol.zeroUuid
const writer = new protocol.BatchWriter(256)
writer.append(1_000, 'key', 'value', [{ key: 'h', value: 'v' }])
const records = writer.finish()
const group = { groupId: 'g', memberId: '', groupInstanceId: null }
const metadata = Buffer.from('00030000000100017400000000', 'hex')

/** Requests that a broker with a topic `t` of two partitions has an answer to, as sensible clients send them. */
const sensible: readonly (readonly [Api, number, object])[] = [
  [protocol.Metadata, 12, { topics: [{ name: 't', topicId }], allowAutoTopicCreation: false }],
  [protocol.Metadata, 1, { topics: null }],
  [
    protocol.Produce,
    9,
    {
      acks: 1,
      timeoutMs: 1000,
      topicData: [{ name: 't', topicId, partitionData: [{ index: 0, records }] }],
    },
  ],
  [
    protocol.Fetch,
    12,
    {
      maxWaitMs: 10,
      minBytes: 1,
      topics: [
        { topic: 't', topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 65536 }] },
      ],
    },
  ],
  [
    protocol.ListOffsets,
    6,
    { replicaId: -1, topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] },
  ],
  [
    protocol.JoinGroup,
    6,
    {
      ...group,
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 6000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    },
  ],
  [
    protocol.OffsetCommit,
    8,
    {
      ...group,
      generationIdOrMemberEpoch: -1,
      topics: [
        {
          name: 't',
          topicId,
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }],
        },
      ],
    },
  ],
  [
    protocol.OffsetFetch,
    7,
    { groupId: 'g', topics: [{ name: 't', topicId, partitionIndexes: [0] }], requireStable: false },
  ],
  [
    protocol.CreateTopics,
    5,
    {
      topics: [{ name: 'u', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 1000,
      validateOnly: false,
    },
  ],
  [
    protocol.DeleteRecords,
    2,
    { topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 0 }] }], timeoutMs: 1000 },
  ],
  [protocol.InitProducerId, 2, { transactionalId: null, transactionTimeoutMs: 60_000 }],
]

/** These requests as a broker gets them, with their sizes in front. */
export function sensibleRequests(): Buffer[] {
  return sensible.map(([api, version, body], index) =>
    Buffer.concat(protocol.encodeRequest(api, version, index + 1, 'fuzz', body as never)),
  )
}
