import { EncodeError } from '../errors/kafka-error.ts'
import type { CodecName } from './codec-name.ts'

interface Levels {
  readonly least: number
  readonly most: number
  readonly default: number
}

/** Kafka's ranges and defaults: `compression.gzip.level`, `compression.lz4.level`, `compression.zstd.level` (KIP-390). */
const levels: Partial<Record<CodecName, Levels>> = {
  gzip: { least: 1, most: 9, default: -1 },
  lz4: { least: 1, most: 17, default: 9 },
  zstd: { least: -131072, most: 22, default: 3 },
}

/**
 * The level that a codec compresses with: gzip 1 to 9 (default -1, which is zlib's own choice), lz4 1 to 17 (9), zstd
 * -131072 to 22 (3). `none` and `snappy` have no levels: what is given for them is passed over, as in Kafka.
 * @throws EncodeError when the codec has no such level
 */
export function compressionLevel(name: CodecName, level: number | undefined): number {
  const range = levels[name]
  if (!range || level === undefined || level === range.default) return range?.default ?? 0
  if (Number.isInteger(level) && level >= range.least && level <= range.most) return level
  throw new EncodeError(
    `${name} has no compression level ${level}: levels are ${range.least} to ${range.most}, and ${range.default} by default`,
  )
}
