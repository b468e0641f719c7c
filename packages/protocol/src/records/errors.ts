import type { ErrorName } from '../errors/error-table.ts'
import { KafkaError } from '../errors/kafka-error.ts'

/** What a `CorruptRecordError` knows besides. */
export interface CorruptRecordOptions extends ErrorOptions {
  /** Last offset of the batch. */
  readonly lastOffset?: number | undefined
}

/** A record batch or message set cannot be read: it is damaged, or breaks Kafka's rules. */
export class CorruptRecordError extends KafkaError {
  override readonly name = 'CorruptRecordError'
  /** Base offset of the batch, where it could be read. */
  readonly offset: number | undefined
  /** Last offset of the batch, where it could be read: whoever goes on behind it passes over the whole batch. */
  readonly lastOffset: number | undefined
  /** Where in the given bytes the batch begins. */
  readonly position: number

  constructor(what: string, position: number, offset?: number, options: CorruptRecordOptions = {}) {
    const which = offset === undefined ? '' : ` with base offset ${offset}`
    super('CORRUPT_MESSAGE' satisfies ErrorName, `the batch at byte ${position}${which}: ${what}`, options)
    this.offset = offset
    this.lastOffset = options.lastOffset
    this.position = position
  }
}
