import {
  api,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  int64OrBigint,
  string,
  uint16,
  uuid,
} from '../schema/schema.ts'

/** Moves replicas between the directories of a broker. */
export const AlterReplicaLogDirs = api(
  34,
  'AlterReplicaLogDirs',
  { versions: [1, 2], flexible: 2 },
  {
    dirs: array({
      path: string,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    results: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
)

/** Directories of a broker and what they hold. */
export const DescribeLogDirs = api(
  35,
  'DescribeLogDirs',
  { versions: [1, 5], flexible: 2 },
  {
    topics: array({
      topic: string,
      partitions: array(int32),
    }).orNull(),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(3).ignorable(),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: boolean,
        }),
      }),
      totalBytes: int64OrBigint.since(4).default(-1).ignorable(),
      usableBytes: int64OrBigint.since(4).default(-1).ignorable(),
      isCordoned: boolean.since(5).default(false).ignorable(),
    }),
  },
)

const replicaState = {
  replicaId: int32,
  replicaDirectoryId: uuid.since(2),
  logEndOffset: int64,
  lastFetchTimestamp: int64.since(1).default(-1).ignorable(),
  lastCaughtUpTimestamp: int64.since(1).default(-1).ignorable(),
}

/** State of the metadata quorum (KIP-595). */
export const DescribeQuorum = api(
  55,
  'DescribeQuorum',
  { versions: [0, 2], flexible: 0 },
  {
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  {
    errorCode: int16,
    errorMessage: string.orNull().since(2).ignorable(),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.orNull().since(2).ignorable(),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int64,
        currentVoters: array(replicaState),
        observers: array(replicaState),
      }),
    }),
    nodes: array({
      nodeId: int32,
      listeners: array({
        name: string,
        host: string,
        port: uint16,
      }),
    }).since(2),
  },
)

/** Changes feature levels (KIP-584). */
export const UpdateFeatures = api(
  57,
  'UpdateFeatures',
  { versions: [0, 2], flexible: 0 },
  {
    timeoutMs: int32.default(60000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: boolean.until(0),
      upgradeType: int8.since(1).default(1),
    }),
    validateOnly: boolean.since(1).default(false),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull(),
    results: array({
      feature: string,
      errorCode: int16,
      errorMessage: string.orNull(),
    })
      .until(1)
      .ignorable(),
  },
)

/** Forgets a broker that will not come back. */
export const UnregisterBroker = api(
  64,
  'UnregisterBroker',
  { versions: [0, 0], flexible: 0 },
  {
    brokerId: int32,
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull(),
  },
)

/** Adds a voter to the metadata quorum (KIP-853). */
export const AddRaftVoter = api(
  80,
  'AddRaftVoter',
  { versions: [0, 1], flexible: 0 },
  {
    clusterId: string.orNull(),
    timeoutMs: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
    }),
    ackWhenCommitted: boolean.since(1).default(true),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().ignorable(),
  },
)

/** Removes a voter from the metadata quorum (KIP-853). */
export const RemoveRaftVoter = api(
  81,
  'RemoveRaftVoter',
  { versions: [0, 0], flexible: 0 },
  {
    clusterId: string.orNull(),
    voterId: int32,
    voterDirectoryId: uuid,
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull().ignorable(),
  },
)
