const MOST = 0x7fff_ffff
/** How much may be made of each byte that came, besides `maxDecompressedBytes`. */
const MOST_TIMES = 4

/**
 * What a reader accepts. The defaults are what Kafka's own fields can hold; whoever reads from a stranger, or has
 * little memory, sets less. What is beyond a limit is refused before memory is taken for it.
 */
export interface ReadOptions {
  /** Size of a batch as it came, with its header. Bytes; default 2^31 - 1. */
  maxBatchBytes?: number
  /**
   * How large the records of one batch may become by decompression; with what `records()` makes of them, four times the
   * batch more. Bytes; default 2^31 - 1.
   */
  maxDecompressedBytes?: number
  /** Records of one batch. Default 2^31 - 1. */
  maxRecords?: number
  /** Headers of one record. Default 2^31 - 1. */
  maxHeaders?: number
}

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
