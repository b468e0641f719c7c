import { array, bigint64, int8, int16, int32, int64, message, string } from '../schema/schema.ts'
import { recordKind } from './record-kind.ts'

/** A transactional id: its producer, the state of its transaction and the partitions in it. Times in milliseconds, wall clock. */
export const TransactionLog = recordKind(
  0,
  'TransactionLog',
  message(
    'TransactionLogKey',
    { versions: [0, 0] },
    {
      transactionalId: string,
    },
  ),
  message(
    'TransactionLogValue',
    { versions: [0, 1], flexible: 1 },
    {
      producerId: bigint64,
      previousProducerId: bigint64.tag(0, 1).default(-1n),
      nextProducerId: bigint64.tag(1, 1).default(-1n),
      producerEpoch: int16,
      nextProducerEpoch: int16.tag(3, 1).default(-1),
      transactionTimeoutMs: int32,
      transactionStatus: int8,
      transactionPartitions: array({
        topic: string,
        partitionIds: array(int32),
      }).orNull(),
      transactionLastUpdateTimestampMs: int64,
      transactionStartTimestampMs: int64,
      clientTransactionVersion: int16.tag(2, 1).default(0),
    },
  ),
)
