import { api, array, boolean, int8, int16, int32, int64, string, struct, uuid } from '../schema/schema.ts'

/** What a broker speaks, and the features that are switched on (KIP-35, KIP-584). */
export const ApiVersions = api(
  18,
  'ApiVersions',
  { versions: [0, 4], flexible: 3 },
  {
    clientSoftwareName: string.since(3).ignorable(),
    clientSoftwareVersion: string.since(3).ignorable(),
  },
  {
    errorCode: int16,
    apiKeys: array({
      apiKey: int16,
      minVersion: int16,
      maxVersion: int16,
    }),
    throttleTimeMs: int32.since(1).default(0).ignorable(),
    supportedFeatures: array({
      name: string,
      minVersion: int16,
      maxVersion: int16,
    })
      .tag(0, 3)
      .ignorable(),
    finalizedFeaturesEpoch: int64.tag(1, 3).default(-1).ignorable(),
    finalizedFeatures: array({
      name: string,
      maxVersionLevel: int16,
      minVersionLevel: int16,
    })
      .tag(2, 3)
      .ignorable(),
    zkMigrationReady: boolean.tag(3, 3).default(false).ignorable(),
  },
)

/** Brokers, topics, and who leads which partition. */
export const Metadata = api(
  3,
  'Metadata',
  { versions: [0, 13], flexible: 9 },
  {
    topics: array({
      topicId: uuid.since(10).ignorable(),
      name: string.orNull(10),
    }).orNull(1),
    allowAutoTopicCreation: boolean.since(4).default(true),
    includeClusterAuthorizedOperations: boolean.since(8).until(10),
    includeTopicAuthorizedOperations: boolean.since(8),
  },
  {
    throttleTimeMs: int32.since(3).default(0).ignorable(),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.orNull().since(1).default(null).ignorable(),
    }),
    clusterId: string.orNull().since(2).default(null).ignorable(),
    controllerId: int32.since(1).default(-1).ignorable(),
    topics: array({
      errorCode: int16,
      name: string.orNull(12),
      topicId: uuid.since(10).ignorable(),
      isInternal: boolean.since(1).default(false).ignorable(),
      partitions: array(
        {
          errorCode: int16,
          partitionIndex: int32,
          leaderId: int32,
          leaderEpoch: int32.since(7).default(-1).ignorable(),
          replicaNodes: array(int32),
          isrNodes: array(int32),
          offlineReplicas: array(int32).since(5).ignorable(),
        },
        (read, from) => ({
          errorCode: read.errorCode(from),
          partitionIndex: read.partitionIndex(from),
          leaderId: read.leaderId(from),
          leaderEpoch: read.leaderEpoch(from),
          replicaNodes: read.replicaNodes(from),
          isrNodes: read.isrNodes(from),
          offlineReplicas: read.offlineReplicas(from),
        }),
      ),
      topicAuthorizedOperations: int32.since(8).default(-2147483648),
    }),
    clusterAuthorizedOperations: int32.since(8).until(10).default(-2147483648),
    errorCode: int16.since(13).ignorable(),
  },
)

/** Brokers and id of the cluster (KIP-700). */
export const DescribeCluster = api(
  60,
  'DescribeCluster',
  { versions: [0, 2], flexible: 0 },
  {
    includeClusterAuthorizedOperations: boolean,
    endpointType: int8.since(1).default(1),
    includeFencedBrokers: boolean.since(2),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().default(null),
    endpointType: int8.since(1).default(1),
    clusterId: string,
    controllerId: int32.default(-1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: string.orNull().default(null),
      isFenced: boolean.since(2),
    }),
    clusterAuthorizedOperations: int32.default(-2147483648),
  },
)

/** Partitions of topics, page by page (KIP-966). */
export const DescribeTopicPartitions = api(
  75,
  'DescribeTopicPartitions',
  { versions: [0, 0], flexible: 0 },
  {
    topics: array({
      name: string,
    }),
    responsePartitionLimit: int32.default(2000),
    cursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .orNull()
      .default(null),
  },
  {
    throttleTimeMs: int32.default(0).ignorable(),
    topics: array({
      errorCode: int16,
      name: string.orNull(),
      topicId: uuid.ignorable(),
      isInternal: boolean.default(false).ignorable(),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.default(-1).ignorable(),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: array(int32).orNull().default(null),
        lastKnownElr: array(int32).orNull().default(null),
        offlineReplicas: array(int32).ignorable(),
      }),
      topicAuthorizedOperations: int32.default(-2147483648),
    }),
    nextCursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .orNull()
      .default(null),
  },
)
