import { EncodeError } from '../errors/kafka-error.ts'

/** Kafka's names of the codecs, by their number in a batch's attributes. */
export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** One of `codecNames`. */
export type CodecName = (typeof codecNames)[number]

/**
 * A codec's number in a batch's attributes.
 * @throws EncodeError when there is no such codec
 */
export function codecNumber(name: CodecName): number {
  const number = codecNames.indexOf(name)
  if (number < 0) throw new EncodeError(`there is no codec ${name}: ${codecNames.join(', ')} are`)
  return number
}
