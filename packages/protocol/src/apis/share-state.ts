import { api, array, int8, int16, int32, int64, int64OrBigint, string, uuid } from '../schema/schema.ts'

/** Between brokers: begins the state of share partitions. */
export const InitializeShareGroupState = api(
  83,
  'InitializeShareGroupState',
  { versions: [0, 0], flexible: 0 },
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        startOffset: int64OrBigint,
      }),
    }),
  },
  {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
      }),
    }),
  },
)

/** Between brokers: state of share partitions. */
export const ReadShareGroupState = api(
  84,
  'ReadShareGroupState',
  { versions: [0, 0], flexible: 0 },
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        leaderEpoch: int32,
      }),
    }),
  },
  {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
        stateEpoch: int32,
        startOffset: int64OrBigint,
        stateBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
      }),
    }),
  },
)

/** Between brokers: stores the state of share partitions. */
export const WriteShareGroupState = api(
  85,
  'WriteShareGroupState',
  { versions: [0, 1], flexible: 0 },
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64OrBigint,
        deliveryCompleteCount: int32.since(1).default(-1).ignorable(),
        stateBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
      }),
    }),
  },
  {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
      }),
    }),
  },
)

/** Between brokers: removes the state of share partitions. */
export const DeleteShareGroupState = api(
  86,
  'DeleteShareGroupState',
  { versions: [0, 0], flexible: 0 },
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
      }),
    }),
  },
  {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
      }),
    }),
  },
)

/** Between brokers: the ends of the state of share partitions. */
export const ReadShareGroupStateSummary = api(
  87,
  'ReadShareGroupStateSummary',
  { versions: [0, 1], flexible: 0 },
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        leaderEpoch: int32,
      }),
    }),
  },
  {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.orNull().default(null),
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64OrBigint,
        deliveryCompleteCount: int32.since(1).default(-1).ignorable(),
      }),
    }),
  },
)
