/**
 * Murmur2 as Kafka's Java client computes it; keyed records go to `(hash & 0x7fffffff) % partitions`. Any other rule
 * for the sign would put keys on other partitions than Java does. Source: `Utils.murmur2`, `BuiltInPartitioner`.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  const m = 0x5bd1e995
  let hash = 0x9747b28c ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let k =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    hash = Math.imul(hash, m) ^ Math.imul(k, m)
  }
  const left = length - at
  if (left === 3) hash ^= (bytes[at + 2] as number) << 16
  if (left >= 2) hash ^= (bytes[at + 1] as number) << 8
  if (left >= 1) hash = Math.imul(hash ^ (bytes[at] as number), m)
  hash ^= hash >>> 13
  hash = Math.imul(hash, m)
  return hash ^ (hash >>> 15)
}

/** The partition of a key among all partitions of its topic, available or not. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
