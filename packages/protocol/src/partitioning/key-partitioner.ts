import { crc32 } from '../records/crc32.ts'
import { fnv1a } from './fnv1a.ts'
import { partitionOfKey } from './murmur2.ts'

/**
 * The partition of a key among all partitions of its topic, available or not.
 * @param key the serialised key; the rules are only defined for keys that are there
 * @param partitions how many partitions the topic has, at least 1
 */
export type KeyPartitioner = (key: Uint8Array, partitions: number) => number

/**
 * The rules by which producers spread keys, so that one can be chosen that puts a key where another program puts it.
 * - `murmur2`: Apache Kafka's own, and librdkafka's `murmur2` and `murmur2_random`. Source: `BuiltInPartitioner`.
 * - `consistent`: CRC-32, librdkafka's default rule (`consistent` and `consistent_random`).
 * - `fnv1a`: librdkafka's `fnv1a` and `fnv1a_random`, and Sarama's default rule.
 */
export const keyPartitioners: Readonly<Record<'murmur2' | 'consistent' | 'fnv1a', KeyPartitioner>> = {
  murmur2: partitionOfKey,
  consistent: (key, partitions) => crc32(key) % partitions,
  fnv1a: (key, partitions) => fnv1a(key) % partitions,
}
