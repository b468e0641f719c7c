import { codec, encode } from '../schema/compile.ts'
import { Reader } from '../schema/reader.ts'
import { array, int32, message, string } from '../schema/schema.ts'
import type { TopicPartitions } from './assignor.ts'

/** What a member with the assignor `sticky` remembers of its last assignment. */
export interface StickyUserData {
  ownedPartitions: readonly TopicPartitions[]
  /** The generation in which it was assigned; -1 when that is not known. */
  generationId: number
}

const StickyUserDataSchema = message(
  'StickyAssignorUserData',
  { versions: [0, 1] },
  {
    previousAssignment: array({ topic: string, partitions: array(int32) }),
    generation: int32.since(1).default(-1).ignorable(),
  },
)

const CooperativeStickyUserDataSchema = message(
  'CooperativeStickyAssignorUserData',
  { versions: [0, 0] },
  { generation: int32 },
)

const nothing: StickyUserData = { ownedPartitions: [], generationId: -1 }

/**
 * The user data of a subscription with the assignor `sticky`, in its newest form (there is no version in front; the
 * generation at the end tells the two forms apart). Source: `StickyAssignor.serializeTopicPartitionAssignment`.
 */
export function encodeStickyUserData({ ownedPartitions, generationId }: StickyUserData): Uint8Array {
  const previousAssignment = ownedPartitions.map(({ topic, partitions }) => ({
    topic,
    partitions: [...partitions],
  }))
  return encode(StickyUserDataSchema, 1, { previousAssignment, generation: generationId })
}

/**
 * Reads both forms. What cannot be read says nothing, as in Kafka: the member then counts as new, which costs it its
 * partitions and nobody anything else.
 */
export function decodeStickyUserData(userData: Uint8Array | null | undefined): StickyUserData {
  if (!userData || userData.length === 0) return nothing
  for (const version of [1, 0]) {
    try {
      const read = codec(StickyUserDataSchema, version).decode(new Reader(userData))
      return { ownedPartitions: read.previousAssignment, generationId: read.generation }
    } catch {
      // The other form, or none.
    }
  }
  return nothing
}

/** The user data of a subscription with the assignor `cooperative-sticky`: the generation, for leaders that are older. */
export function encodeCooperativeStickyUserData(generationId: number): Uint8Array {
  return encode(CooperativeStickyUserDataSchema, 0, { generation: generationId })
}

/** The generation in it; -1 when there is none or it cannot be read. */
export function decodeCooperativeStickyUserData(userData: Uint8Array | null | undefined): number {
  if (!userData || userData.length < 4) return -1
  return new Reader(userData).int32()
}
