/** Java's hash of a text over its UTF-16 units, a signed number of 32 bits. Source: `java.lang.String.hashCode`. */
export function javaHash(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash
}

/**
 * The partition of an internal topic whose leader coordinates a key: of `__consumer_offsets` for a group id, of
 * `__transaction_state` for a transactional id, of `__share_group_state` for `group:topicId:partition`.
 * Source: `Utils.abs` (which takes the one hash that has no opposite for 0), `GroupCoordinatorService.partitionFor`.
 * @param partitions how many partitions the internal topic has, at least 1; Kafka's default is 50
 */
export function coordinatorPartition(key: string, partitions: number): number {
  const hash = javaHash(key)
  return (hash === -0x8000_0000 ? 0 : Math.abs(hash)) % partitions
}
