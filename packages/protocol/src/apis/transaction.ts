import {
  api,
  array,
  bigint64,
  boolean,
  int8,
  int16,
  int32,
  int64,
  int64OrBigint,
  string,
} from '../schema/schema.ts'

/** Gives a producer its id and epoch (KIP-98, KIP-360). */
export const InitProducerId = api(
  22,
  'InitProducerId',
  { versions: [0, 6], flexible: 2 },
  {
    transactionalId: string.orNull(),
    transactionTimeoutMs: int32,
    producerId: bigint64.since(3).default(-1n),
    producerEpoch: int16.since(3).default(-1),
    enable2Pc: boolean.since(6).default(false),
    keepPreparedTxn: boolean.since(6).default(false),
  },
  {
    throttleTimeMs: int32.default(0).ignorable(),
    errorCode: int16,
    producerId: bigint64.default(-1n),
    producerEpoch: int16,
    ongoingTxnProducerId: bigint64.since(6).default(-1n),
    ongoingTxnProducerEpoch: int16.since(6).default(-1),
  },
)

const addPartitionsToTxnTopic = {
  name: string,
  partitions: array(int32),
}

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32,
  partitionErrorCode: int16,
}

const addPartitionsToTxnTopicResult = {
  name: string,
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
}

/** Adds partitions to a transaction. */
export const AddPartitionsToTxn = api(
  24,
  'AddPartitionsToTxn',
  { versions: [0, 5], flexible: 3 },
  {
    transactions: array({
      transactionalId: string,
      producerId: bigint64,
      producerEpoch: int16,
      verifyOnly: boolean.default(false),
      topics: array(addPartitionsToTxnTopic),
    }).since(4),
    v3AndBelowTransactionalId: string.until(3),
    v3AndBelowProducerId: bigint64.until(3),
    v3AndBelowProducerEpoch: int16.until(3),
    v3AndBelowTopics: array(addPartitionsToTxnTopic).until(3),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(4).ignorable(),
    resultsByTransaction: array({
      transactionalId: string,
      topicResults: array(addPartitionsToTxnTopicResult),
    }).since(4),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult).until(3),
  },
)

/** Adds a group's offsets to a transaction. */
export const AddOffsetsToTxn = api(
  25,
  'AddOffsetsToTxn',
  { versions: [0, 4], flexible: 3 },
  {
    transactionalId: string,
    producerId: bigint64,
    producerEpoch: int16,
    groupId: string,
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
  },
)

/** Commits or aborts a transaction. */
export const EndTxn = api(
  26,
  'EndTxn',
  { versions: [0, 5], flexible: 3 },
  {
    transactionalId: string,
    producerId: bigint64,
    producerEpoch: int16,
    committed: boolean,
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerId: bigint64.since(5).default(-1n).ignorable(),
    producerEpoch: int16.since(5).default(-1).ignorable(),
  },
)

/** Writes the markers that end a transaction into partitions. */
export const WriteTxnMarkers = api(
  27,
  'WriteTxnMarkers',
  { versions: [0, 2], flexible: 1 },
  {
    markers: array({
      producerId: bigint64,
      producerEpoch: int16,
      transactionResult: boolean,
      topics: array({
        name: string,
        partitionIndexes: array(int32),
      }),
      coordinatorEpoch: int32,
      transactionVersion: int8.since(2).default(0).ignorable(),
    }),
  },
  {
    markers: array({
      producerId: bigint64,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          errorCode: int16,
        }),
      }),
    }),
  },
)

/** Commits offsets as part of a transaction. */
export const TxnOffsetCommit = api(
  28,
  'TxnOffsetCommit',
  { versions: [0, 5], flexible: 3 },
  {
    transactionalId: string,
    groupId: string,
    producerId: bigint64,
    producerEpoch: int16,
    generationId: int32.since(3).default(-1),
    memberId: string.since(3).default(''),
    groupInstanceId: string.orNull().since(3).default(null),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64OrBigint,
        committedLeaderEpoch: int32.since(2).default(-1).ignorable(),
        committedMetadata: string.orNull(),
      }),
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
)

/** Producers that are active on partitions (KIP-664). */
export const DescribeProducers = api(
  61,
  'DescribeProducers',
  { versions: [0, 0], flexible: 0 },
  {
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
        activeProducers: array({
          producerId: bigint64,
          producerEpoch: int32,
          lastSequence: int32.default(-1),
          lastTimestamp: int64OrBigint.default(-1),
          coordinatorEpoch: int32,
          currentTxnStartOffset: int64.default(-1),
        }),
      }),
    }),
  },
)

/** State of transactions (KIP-664). */
export const DescribeTransactions = api(
  65,
  'DescribeTransactions',
  { versions: [0, 0], flexible: 0 },
  {
    transactionalIds: array(string),
  },
  {
    throttleTimeMs: int32.default(0),
    transactionStates: array({
      errorCode: int16,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: bigint64,
      producerEpoch: int16,
      topics: array({
        topic: string,
        partitions: array(int32),
      }),
    }),
  },
)

/** Transactions of a broker (KIP-664). */
export const ListTransactions = api(
  66,
  'ListTransactions',
  { versions: [0, 2], flexible: 0 },
  {
    stateFilters: array(string),
    producerIdFilters: array(bigint64),
    durationFilter: int64OrBigint.since(1).default(-1),
    transactionalIdPattern: string.orNull().since(2).default(null),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: bigint64,
      transactionState: string,
    }),
  },
)
