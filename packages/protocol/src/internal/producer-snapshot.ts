import { array, bigint64, int16, int32, int64, int64OrBigint, message, uint32 } from '../schema/schema.ts'

/** The file `<offset>.snapshot` of a log: what the broker knows of each producer, with its version in front. `crc` is the CRC-32C of all bytes behind it. */
export const ProducerSnapshot = message(
  'ProducerSnapshot',
  { versions: [1, 1] },
  {
    crc: uint32,
    producerEntries: array({
      producerId: bigint64,
      epoch: int16,
      lastSequence: int32,
      lastOffset: int64,
      offsetDelta: int32,
      timestamp: int64OrBigint,
      coordinatorEpoch: int32,
      currentTxnFirstOffset: int64,
    }),
  },
)
