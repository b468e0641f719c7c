/**
 * FNV-1a of 32 bits, with the sign rule of librdkafka (and of Sarama before it): a hash that is negative as a signed
 * number is negated, so the result is from 0 to 2^31. Source: Fowler, Noll and Vo's definition; librdkafka's
 * `rd_fnv1a`.
 */
export function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 | 0
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return Math.abs(hash)
}
