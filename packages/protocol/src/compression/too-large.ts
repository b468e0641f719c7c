import { MalformedError } from '../errors/kafka-error.ts'

/** Content would become larger by decompression than was allowed; it was stopped there. The bytes may well be right. */
export class DecompressedTooLargeError extends MalformedError {
  /** What was allowed, in bytes. */
  readonly limit: number
  /** How large the bytes say that they become; undefined where they do not say it. It need not be true. */
  readonly claimed: number | undefined

  constructor(limit: number, claimed?: number, options?: ErrorOptions) {
    const says = claimed === undefined ? '' : `, and says that it has ${claimed}`
    super(`it is larger than the limit of ${limit} bytes${says}`, 0, options)
    this.limit = limit
    this.claimed = claimed
  }
}
