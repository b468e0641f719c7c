import { advice } from './error-advice.ts'
import type { ErrorName } from './error-table.ts'
import { errorTable } from './error-table.ts'

export type { ErrorName } from './error-table.ts'

/** One of Kafka's error codes. */
export interface ErrorCode {
  readonly code: number
  /** Kafka's own name (`org.apache.kafka.common.protocol.Errors`). */
  readonly name: ErrorName | `UNKNOWN_CODE_${number}`
  /** Kafka's mark that the same request may succeed later; for people, not a policy. */
  readonly retriable: boolean
  /** Kafka's mark that the client's metadata is out of date (`InvalidMetadataException`). */
  readonly refreshesMetadata: boolean
  /** What it means and what to do, in one plain sentence. */
  readonly advice: string
}

/** The code of an error by its name; undefined for a name that this version does not know. */
export function errorNamed(name: ErrorName): ErrorCode
export function errorNamed(name: string): ErrorCode | undefined
export function errorNamed(name: string): ErrorCode | undefined {
  return byName.get(name)
}

/** Everything known of a code; one that is not known keeps its number in its name. */
export function errorOf(code: number): ErrorCode {
  return (
    byCode.get(code) ?? {
      code,
      name: `UNKNOWN_CODE_${code}`,
      retriable: false,
      refreshesMetadata: false,
      advice: 'This version does not know the code; a newer Kafka or another product sent it.',
    }
  )
}

const all: readonly ErrorCode[] = errorTable.map(([code, name, mark]) => ({
  code,
  name,
  retriable: mark !== '',
  refreshesMetadata: mark === 'metadata',
  advice: advice[name],
}))

const byCode = new Map(all.map((error) => [error.code, error]))
const byName: ReadonlyMap<string, ErrorCode> = new Map(all.map((error) => [error.name, error]))

/** All of Kafka's codes, in order. */
export const errorCodes: readonly ErrorCode[] = all
