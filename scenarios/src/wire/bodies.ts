import type * as protocol from '@samsa/protocol'
import type { Api, Request } from '@samsa/protocol'
import { BatchWriter, encodeSubscription, zeroUuid } from '@samsa/protocol'
import type { Ground } from './ground.ts'

type Apis = {
  [Name in keyof typeof protocol as (typeof protocol)[Name] extends Api ? Name : never]: Extract<
    (typeof protocol)[Name],
    Api
  >
}

export type ApiName = keyof Apis

const nowhere = 'there.is.no.such.topic'
const timeoutMs = 5_000
/** Kafka's own value for "any". */
const ANY = 1
const TOPIC_RESOURCE = 2
const producer = { producerId: 987_654n, producerEpoch: 0 }

/** One record; of now, since an old one would soon be deleted. */
function oneRecord(): Uint8Array {
  const writer = new BatchWriter(256)
  writer.append(Date.now(), 'key', 'value', undefined)
  return writer.finish()
}

const setting = { resourceType: TOPIC_RESOURCE, configs: [{ name: 'retention.ms', value: '3600000' }] }
const filter = {
  resourceTypeFilter: ANY,
  resourceNameFilter: null,
  patternTypeFilter: ANY,
  principalFilter: null,
  hostFilter: null,
  operation: ANY,
  permissionType: ANY,
}
const acknowledged = {
  partitionIndex: 0,
  acknowledgementBatches: [{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] }],
}
const voter = { clusterId: 'another-cluster', voterId: 9999, voterDirectoryId: zeroUuid }
const hmac = Uint8Array.of(1, 2, 3)
const anyQuota = { entityType: 'client-id', matchType: 2, match: null }

/**
 * A small valid body for every API, with the fields of all its versions: what a version lacks is left out by
 * `bodyFor`. Whatever would change something that lasts is only validated, or names what does not exist.
 */
export const bodies: { readonly [Name in ApiName]: (ground: Ground) => Request<Apis[Name]> } = {
  Produce: ({ topic, topicId }) => ({
    acks: -1,
    timeoutMs,
    topicData: [{ name: topic, topicId, partitionData: [{ index: 0, records: oneRecord() }] }],
  }),
  Fetch: ({ topic, topicId }) => ({
    maxWaitMs: 10,
    minBytes: 1,
    maxBytes: 65536,
    isolationLevel: 1,
    topics: [{ topic, topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 65536 }] }],
    forgottenTopicsData: [],
  }),
  ListOffsets: ({ topic }) => ({
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
    timeoutMs,
  }),
  Metadata: ({ topic }) => ({
    topics: [{ topicId: zeroUuid, name: topic }],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: true,
    includeTopicAuthorizedOperations: true,
  }),
  OffsetCommit: ({ topic, topicId, fresh }) => ({
    groupId: fresh,
    memberId: '',
    topics: [
      {
        name: topic,
        topicId,
        partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'where we are' }],
      },
    ],
  }),
  OffsetFetch: ({ topic, topicId, fresh }) => ({
    groupId: fresh,
    topics: [{ name: topic, partitionIndexes: [0] }],
    groups: [{ groupId: fresh, topics: [{ name: topic, topicId, partitionIndexes: [0] }] }],
    requireStable: true,
  }),
  FindCoordinator: ({ fresh }) => ({ key: fresh, keyType: 0, coordinatorKeys: [fresh] }),
  JoinGroup: ({ topic, fresh }) => ({
    groupId: fresh,
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: 6_000,
    memberId: '',
    groupInstanceId: 'instance',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: encodeSubscription({ topics: [topic] }) }],
    reason: 'to see',
  }),
  Heartbeat: ({ fresh }) => ({ groupId: fresh, generationId: 1, memberId: 'nobody' }),
  LeaveGroup: ({ fresh }) => ({ groupId: fresh, memberId: 'nobody', members: [{ memberId: 'nobody' }] }),
  SyncGroup: ({ fresh }) => ({
    groupId: fresh,
    generationId: 1,
    memberId: 'nobody',
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId: 'nobody', assignment: Uint8Array.of(0, 1) }],
  }),
  DescribeGroups: ({ fresh }) => ({ groups: [fresh], includeAuthorizedOperations: true }),
  ListGroups: () => ({ statesFilter: [], typesFilter: [] }),
  SaslHandshake: () => ({ mechanism: 'PLAIN' }),
  ApiVersions: () => ({ clientSoftwareName: 'samsa', clientSoftwareVersion: '0.1.0' }),
  CreateTopics: ({ fresh }) => ({
    topics: [
      { name: fresh, numPartitions: 1, replicationFactor: 1, assignments: [], configs: setting.configs },
    ],
    timeoutMs,
    validateOnly: true,
  }),
  DeleteTopics: () => ({
    topics: [{ name: nowhere, topicId: zeroUuid }],
    topicNames: [nowhere],
    timeoutMs,
  }),
  DeleteRecords: ({ topic }) => ({
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0 }] }],
    timeoutMs,
  }),
  InitProducerId: () => ({ transactionalId: null, transactionTimeoutMs: 60_000 }),
  OffsetForLeaderEpoch: ({ topic }) => ({
    replicaId: -1,
    topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
  }),
  AddPartitionsToTxn: ({ topic, fresh }) => {
    const topics = [{ name: topic, partitions: [0] }]
    return {
      transactions: [{ transactionalId: fresh, ...producer, topics }],
      v3AndBelowTransactionalId: fresh,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: topics,
    }
  },
  AddOffsetsToTxn: ({ fresh }) => ({ transactionalId: fresh, ...producer, groupId: fresh }),
  EndTxn: ({ fresh }) => ({ transactionalId: fresh, ...producer, committed: false }),
  WriteTxnMarkers: () => ({
    markers: [
      {
        ...producer,
        transactionResult: false,
        topics: [{ name: nowhere, partitionIndexes: [0] }],
        coordinatorEpoch: 0,
      },
    ],
  }),
  TxnOffsetCommit: ({ topic, fresh }) => ({
    transactionalId: fresh,
    groupId: fresh,
    ...producer,
    topics: [
      { name: topic, partitions: [{ partitionIndex: 0, committedOffset: 0, committedMetadata: null }] },
    ],
  }),
  DescribeAcls: () => filter,
  CreateAcls: ({ fresh }) => ({
    creations: [
      {
        resourceType: TOPIC_RESOURCE,
        resourceName: fresh,
        principal: 'User:nobody',
        host: '*',
        operation: 3,
        permissionType: 3,
      },
    ],
  }),
  DeleteAcls: () => ({ filters: [filter] }),
  DescribeConfigs: ({ topic }) => ({
    resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: null }],
    includeSynonyms: true,
    includeDocumentation: true,
  }),
  AlterConfigs: ({ topic }) => ({ resources: [{ resourceName: topic, ...setting }], validateOnly: true }),
  AlterReplicaLogDirs: ({ topic }) => ({
    dirs: [{ path: '/no/such/directory', topics: [{ name: topic, partitions: [0] }] }],
  }),
  DescribeLogDirs: ({ topic }) => ({ topics: [{ topic, partitions: [0] }] }),
  SaslAuthenticate: () => ({ authBytes: Buffer.from('\0nobody\0nothing') }),
  CreatePartitions: ({ topic }) => ({
    topics: [{ name: topic, count: 2, assignments: null }],
    timeoutMs,
    validateOnly: true,
  }),
  CreateDelegationToken: () => ({
    ownerPrincipalType: null,
    ownerPrincipalName: null,
    renewers: [{ principalType: 'User', principalName: 'nobody' }],
    maxLifetimeMs: 60_000,
  }),
  RenewDelegationToken: () => ({ hmac, renewPeriodMs: 60_000 }),
  ExpireDelegationToken: () => ({ hmac, expiryTimePeriodMs: 60_000 }),
  DescribeDelegationToken: () => ({ owners: null }),
  DeleteGroups: ({ fresh }) => ({ groupsNames: [fresh] }),
  ElectLeaders: ({ topic }) => ({
    electionType: 0,
    topicPartitions: [{ topic, partitions: [0] }],
    timeoutMs,
  }),
  IncrementalAlterConfigs: ({ topic }) => ({
    resources: [
      {
        resourceType: TOPIC_RESOURCE,
        resourceName: topic,
        configs: [{ name: 'retention.ms', configOperation: 0, value: '3600000' }],
      },
    ],
    validateOnly: true,
  }),
  AlterPartitionReassignments: ({ topic }) => ({
    timeoutMs,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, replicas: null }] }],
  }),
  ListPartitionReassignments: ({ topic }) => ({
    timeoutMs,
    topics: [{ name: topic, partitionIndexes: [0] }],
  }),
  OffsetDelete: ({ topic, fresh }) => ({
    groupId: fresh,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
  }),
  DescribeClientQuotas: () => ({ components: [anyQuota], strict: false }),
  AlterClientQuotas: ({ fresh }) => ({
    entries: [
      {
        entity: [{ entityType: 'client-id', entityName: fresh }],
        ops: [{ key: 'producer_byte_rate', value: 1e9, remove: false }],
      },
    ],
    validateOnly: true,
  }),
  DescribeUserScramCredentials: () => ({ users: null }),
  AlterUserScramCredentials: () => ({ deletions: [{ name: 'nobody', mechanism: 1 }], upsertions: [] }),
  DescribeQuorum: () => ({
    topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
  }),
  UpdateFeatures: () => ({
    timeoutMs,
    featureUpdates: [{ feature: 'no.such.feature', maxVersionLevel: 1 }],
    validateOnly: true,
  }),
  DescribeCluster: () => ({
    includeClusterAuthorizedOperations: true,
    endpointType: 1,
    includeFencedBrokers: true,
  }),
  DescribeProducers: ({ topic }) => ({ topics: [{ name: topic, partitionIndexes: [0] }] }),
  UnregisterBroker: () => ({ brokerId: 9999 }),
  DescribeTransactions: ({ fresh }) => ({ transactionalIds: [fresh] }),
  ListTransactions: () => ({
    stateFilters: ['Ongoing'],
    producerIdFilters: [1n],
    durationFilter: 1000,
    transactionalIdPattern: 'a.*',
  }),
  ConsumerGroupHeartbeat: ({ topic, fresh, freshId }) => ({
    groupId: fresh,
    memberId: freshId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 5_000,
    subscribedTopicNames: [topic],
    subscribedTopicRegex: '',
    topicPartitions: [],
  }),
  ConsumerGroupDescribe: ({ fresh }) => ({ groupIds: [fresh], includeAuthorizedOperations: true }),
  GetTelemetrySubscriptions: ({ freshId }) => ({ clientInstanceId: freshId }),
  PushTelemetry: ({ freshId }) => ({
    clientInstanceId: freshId,
    subscriptionId: 1,
    terminating: false,
    compressionType: 0,
    metrics: Uint8Array.of(),
  }),
  ListConfigResources: () => ({ resourceTypes: [2] }),
  DescribeTopicPartitions: ({ topic }) => ({ topics: [{ name: topic }] }),
  ShareGroupHeartbeat: ({ topic, fresh, freshId }) => ({
    groupId: fresh,
    memberId: freshId,
    memberEpoch: 0,
    subscribedTopicNames: [topic],
  }),
  ShareGroupDescribe: ({ fresh }) => ({ groupIds: [fresh], includeAuthorizedOperations: true }),
  ShareFetch: ({ topicId, fresh, freshId }) => ({
    groupId: fresh,
    memberId: freshId,
    // Of a session that nobody has opened: with the first epoch the answer depends on how far the state of the group is.
    shareSessionEpoch: 1,
    maxWaitMs: 10,
    minBytes: 0,
    maxBytes: 65536,
    maxRecords: 10,
    batchSize: 10,
    topics: [{ topicId, partitions: [acknowledged] }],
    forgottenTopicsData: [],
  }),
  ShareAcknowledge: ({ topicId, fresh, freshId }) => ({
    groupId: fresh,
    memberId: freshId,
    shareSessionEpoch: 1,
    topics: [{ topicId, partitions: [acknowledged] }],
  }),
  AddRaftVoter: () => ({
    ...voter,
    timeoutMs,
    listeners: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 9 }],
  }),
  RemoveRaftVoter: () => voter,
  InitializeShareGroupState: ({ topicId, fresh }) => ({
    groupId: fresh,
    topics: [{ topicId, partitions: [{ partition: 0, stateEpoch: 0, startOffset: 0 }] }],
  }),
  ReadShareGroupState: ({ topicId, fresh }) => ({
    groupId: fresh,
    topics: [{ topicId, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
  }),
  WriteShareGroupState: ({ topicId, fresh }) => ({
    groupId: fresh,
    topics: [
      {
        topicId,
        partitions: [
          {
            partition: 0,
            stateEpoch: 0,
            leaderEpoch: 0,
            startOffset: 0,
            stateBatches: [{ firstOffset: 0, lastOffset: 0, deliveryState: 2, deliveryCount: 1 }],
          },
        ],
      },
    ],
  }),
  DeleteShareGroupState: ({ topicId, fresh }) => ({
    groupId: fresh,
    topics: [{ topicId, partitions: [{ partition: 0 }] }],
  }),
  ReadShareGroupStateSummary: ({ topicId, fresh }) => ({
    groupId: fresh,
    topics: [{ topicId, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
  }),
  StreamsGroupHeartbeat: ({ topic, fresh, freshId }) => ({
    groupId: fresh,
    memberId: freshId,
    memberEpoch: 0,
    endpointInformationEpoch: 0,
    rebalanceTimeoutMs: 5_000,
    topology: {
      epoch: 0,
      subtopologies: [
        {
          subtopologyId: 'one',
          sourceTopics: [topic],
          sourceTopicRegex: [],
          stateChangelogTopics: [],
          repartitionSinkTopics: [],
          repartitionSourceTopics: [],
          copartitionGroups: [],
        },
      ],
    },
    activeTasks: [],
    standbyTasks: [],
    warmupTasks: [],
    processId: freshId,
    clientTags: [{ key: 'zone', value: 'a' }],
  }),
  StreamsGroupDescribe: ({ fresh }) => ({ groupIds: [fresh], includeAuthorizedOperations: true }),
  DescribeShareGroupOffsets: ({ topic, fresh }) => ({
    groups: [{ groupId: fresh, topics: [{ topicName: topic, partitions: [0] }] }],
  }),
  AlterShareGroupOffsets: ({ topic, fresh }) => ({
    groupId: fresh,
    topics: [{ topicName: topic, partitions: [{ partitionIndex: 0, startOffset: 0 }] }],
  }),
  DeleteShareGroupOffsets: ({ topic, fresh }) => ({ groupId: fresh, topics: [{ topicName: topic }] }),
}
