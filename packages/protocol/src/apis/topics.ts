import { api, array, boolean, int8, int16, int32, string, uuid } from '../schema/schema.ts'

/** Creates topics. */
export const CreateTopics = api(
  19,
  'CreateTopics',
  { versions: [2, 7], flexible: 5 },
  {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({
        partitionIndex: int32,
        brokerIds: array(int32),
      }),
      configs: array({
        name: string,
        value: string.orNull(),
      }),
    }),
    timeoutMs: int32.default(60000),
    validateOnly: boolean.default(false),
  },
  {
    throttleTimeMs: int32.default(0).ignorable(),
    topics: array({
      name: string,
      topicId: uuid.since(7).ignorable(),
      errorCode: int16,
      errorMessage: string.orNull().ignorable(),
      topicConfigErrorCode: int16.tag(0, 5).ignorable(),
      numPartitions: int32.since(5).default(-1).ignorable(),
      replicationFactor: int16.since(5).default(-1).ignorable(),
      configs: array({
        name: string,
        value: string.orNull(),
        readOnly: boolean,
        configSource: int8.default(-1).ignorable(),
        isSensitive: boolean,
      })
        .orNull()
        .since(5)
        .ignorable(),
    }),
  },
)

/** Deletes topics, by name or from v6 by id. */
export const DeleteTopics = api(
  20,
  'DeleteTopics',
  { versions: [1, 6], flexible: 4 },
  {
    topics: array({
      name: string.orNull().default(null),
      topicId: uuid,
    }).since(6),
    topicNames: array(string).until(5).ignorable(),
    timeoutMs: int32,
  },
  {
    throttleTimeMs: int32.default(0).ignorable(),
    responses: array({
      name: string.orNull(6),
      topicId: uuid.since(6).ignorable(),
      errorCode: int16,
      errorMessage: string.orNull().since(5).default(null).ignorable(),
    }),
  },
)

/** Adds partitions to topics. */
export const CreatePartitions = api(
  37,
  'CreatePartitions',
  { versions: [0, 3], flexible: 2 },
  {
    topics: array({
      name: string,
      count: int32,
      assignments: array({
        brokerIds: array(int32),
      }).orNull(),
    }),
    timeoutMs: int32,
    validateOnly: boolean,
  },
  {
    throttleTimeMs: int32.default(0),
    results: array({
      name: string,
      errorCode: int16,
      errorMessage: string.orNull().default(null),
    }),
  },
)

/** Moves leadership, to the preferred replica or an unclean one (KIP-460). */
export const ElectLeaders = api(
  43,
  'ElectLeaders',
  { versions: [0, 2], flexible: 2 },
  {
    electionType: int8.since(1),
    topicPartitions: array({
      topic: string,
      partitions: array(int32),
    }).orNull(),
    timeoutMs: int32.default(60000),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(1),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode: int16,
        errorMessage: string.orNull(),
      }),
    }),
  },
)

/** Moves replicas to other brokers (KIP-455). */
export const AlterPartitionReassignments = api(
  45,
  'AlterPartitionReassignments',
  { versions: [0, 1], flexible: 0 },
  {
    timeoutMs: int32.default(60000),
    allowReplicationFactorChange: boolean.since(1).default(true),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32).orNull().default(null),
      }),
    }),
  },
  {
    throttleTimeMs: int32.default(0),
    allowReplicationFactorChange: boolean.since(1).default(true).ignorable(),
    errorCode: int16,
    errorMessage: string.orNull(),
    responses: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.orNull(),
      }),
    }),
  },
)

/** Moves of replicas that are under way (KIP-455). */
export const ListPartitionReassignments = api(
  46,
  'ListPartitionReassignments',
  { versions: [0, 0], flexible: 0 },
  {
    timeoutMs: int32.default(60000),
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .orNull()
      .default(null),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
)
