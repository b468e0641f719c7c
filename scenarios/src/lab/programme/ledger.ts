import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Code } from '../checker/anomalies.ts'
import { codes } from '../checker/anomalies.ts'
import { repository } from '../cluster/surroundings.ts'

/** One run that was recorded. */
export interface LedgerEntry {
  /** Day of the run, UTC. */
  readonly day: string
  /** Of this repository, with `+` when there were changes that had not been committed. */
  readonly commit: string
  readonly row: string
  readonly client: string
  readonly version: string
  /** With its version. */
  readonly cluster: string
  readonly seed: number
  readonly minutes: number
  /** Calls by outcome, and records that were read. */
  readonly ok: number
  readonly fail: number
  readonly unk: number
  readonly read: number
  readonly faults: number
  readonly result: 'clean' | 'broken' | 'inconclusive'
  /** How often each was found, what the row's mode allows left out. */
  readonly anomalies: Partial<Record<Code, number>>
}

const ledgerFile = join(repository, 'scenarios/ledger.jsonl')

/** @throws Error that names the line which is no entry */
export function readLedger(file = ledgerFile): LedgerEntry[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => (line === '' ? [] : [entryOf(line, `${file}:${index + 1}`)]))
}

export function recordRun(entry: LedgerEntry, file = ledgerFile): void {
  appendFileSync(file, `${JSON.stringify(entry)}\n`)
}

function entryOf(line: string, place: string): LedgerEntry {
  let entry: Partial<LedgerEntry>
  try {
    entry = JSON.parse(line) as Partial<LedgerEntry>
  } catch (error) {
    throw new Error(`${place} is no entry of the ledger: ${(error as Error).message}`)
  }
  const { row, client, ok, anomalies } = entry
  if (
    typeof row !== 'string' ||
    typeof client !== 'string' ||
    !Number.isSafeInteger(ok) ||
    typeof anomalies !== 'object'
  )
    throw new Error(`${place} is no entry of the ledger: it needs row, client, ok and anomalies`)
  const unknown = Object.keys(anomalies).find((code) => !codes.includes(code as Code))
  if (unknown) throw new Error(`${place} names an anomaly that there is not: ${unknown}`)
  return entry as LedgerEntry
}
