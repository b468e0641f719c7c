import type { ReadOptions } from './batch-reader.ts'

const MOST = 0x7fff_ffff
/** How much may be made of each byte that came, besides `maxDecompressedBytes`. */
const MOST_TIMES = 4

/** The options with their defaults. */
export type Limits = Required<ReadOptions>

export function limitsOf(options: ReadOptions): Limits {
  return {
    maxBatchBytes: options.maxBatchBytes ?? MOST,
    maxDecompressedBytes: options.maxDecompressedBytes ?? MOST,
    maxRecords: options.maxRecords ?? MOST,
    maxHeaders: options.maxHeaders ?? MOST,
  }
}

/** Why a batch of this size may not be made into objects of so many bytes; undefined when it may. */
export function tooManyObjects(bytes: number, batchBytes: number, limits: Limits): string | undefined {
  const most = MOST_TIMES * batchBytes + limits.maxDecompressedBytes
  if (bytes <= most) return undefined
  return `would take about ${bytes} bytes of memory, more than ${most}: go through them by cursor(), or raise maxDecompressedBytes`
}
