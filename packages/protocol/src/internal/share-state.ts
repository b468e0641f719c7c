import { array, int8, int16, int32, int64, int64OrBigint, message, string, uuid } from '../schema/schema.ts'
import { recordKind } from './record-kind.ts'

/** The whole delivery state of one share partition. */
export const ShareSnapshot = recordKind(
  0,
  'ShareSnapshot',
  message(
    'ShareSnapshotKey',
    { versions: [0, 0] },
    {
      groupId: string,
      topicId: uuid,
      partition: int32,
    },
  ),
  message(
    'ShareSnapshotValue',
    { versions: [0, 0], flexible: 0 },
    {
      snapshotEpoch: int32,
      stateEpoch: int32,
      leaderEpoch: int32,
      startOffset: int64OrBigint,
      deliveryCompleteCount: int32.tag(0, 0).default(-1),
      createTimestamp: int64,
      writeTimestamp: int64,
      stateBatches: array({
        firstOffset: int64,
        lastOffset: int64,
        deliveryState: int8,
        deliveryCount: int16,
      }),
    },
  ),
)

/** What changed in the delivery state of one share partition since its snapshot. */
export const ShareUpdate = recordKind(
  1,
  'ShareUpdate',
  message(
    'ShareUpdateKey',
    { versions: [0, 0] },
    {
      groupId: string,
      topicId: uuid,
      partition: int32,
    },
  ),
  message(
    'ShareUpdateValue',
    { versions: [0, 0], flexible: 0 },
    {
      snapshotEpoch: int32,
      leaderEpoch: int32,
      startOffset: int64OrBigint,
      deliveryCompleteCount: int32.tag(0, 0).default(-1),
      stateBatches: array({
        firstOffset: int64,
        lastOffset: int64,
        deliveryState: int8,
        deliveryCount: int16,
      }),
    },
  ),
)
