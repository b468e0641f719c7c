import type { ErrorName } from '../errors/error-table.ts'
import { KafkaError } from '../errors/kafka-error.ts'

/** A record batch or message set cannot be read: it is damaged, or breaks Kafka's rules. */
export class CorruptRecordError extends KafkaError {
  override readonly name = 'CorruptRecordError'
  /** Base offset of the batch, where it could be read. */
  readonly offset: number | undefined
  /** Where in the given bytes the batch begins. */
  readonly position: number

  constructor(what: string, position: number, offset?: number, options?: ErrorOptions) {
    const which = offset === undefined ? '' : ` with base offset ${offset}`
    super('CORRUPT_MESSAGE' satisfies ErrorName, `the batch at byte ${position}${which}: ${what}`, options)
    this.offset = offset
    this.position = position
  }
}
