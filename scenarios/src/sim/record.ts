import type { RecordName as FullName } from '../lab/drivers/record-text.ts'
import { recordNameIn, recordText } from '../lab/drivers/record-text.ts'

/** What a record says of itself, so that nothing about it needs to be kept elsewhere. Here there are no transactions. */
export type RecordName = Omit<FullName, 'txn'>

/** The value of a record, in the form that all drivers write, with so many dots behind it. */
export function recordValue(name: RecordName, padding: number): string {
  return `${recordText({ ...name, txn: '' }, 0)}${'.'.repeat(padding)}`
}

/** What a value says; undefined where it is not what `recordValue` gave. */
export function nameIn(value: string | null): RecordName | undefined {
  const full = recordNameIn(value ?? '')
  if (!full) return undefined
  const { txn: _, ...name } = full
  return name
}
