import type { Code } from '../checker/anomalies.ts'
import { anomalies } from '../checker/anomalies.ts'
import { KAFKA_VERSION } from '../cluster/apache-kafka.ts'
import { clients } from '../drivers/clients.ts'
import type { LedgerEntry } from './ledger.ts'
import type { Order } from './order.ts'
import type { Row } from './row.ts'
import type { RunResult } from './run-row.ts'

const SHOWN = 5

export interface Report {
  readonly text: string
  /** Nothing was found; in a control: what has to be found was. */
  readonly isGreen: boolean
  readonly entry: Omit<LedgerEntry, 'commit'>
}

/** What a run has to say, for people and for the ledger. */
export function reportOf(row: Row, order: Order, { verdict, remarks }: RunResult): Report {
  const { counts } = verdict
  const reasons = [...verdict.reasons, ...remarks]
  // A driver that did not end well has left no history of what it kept its client waiting for.
  const result = verdict.result === 'clean' && remarks.length > 0 ? 'inconclusive' : verdict.result
  const found: Partial<Record<Code, number>> = {}
  for (const { code } of verdict.findings) found[code] = verdict.totals[code] ?? 0
  const isFound = row.mustFind?.some((code) => found[code] !== undefined)
  const isGreen = row.mustFind ? isFound === true : result === 'clean'
  const lines = [
    `${counts.ok} calls worked, ${counts.fail} were refused, ${counts.unk} ended unknown; ${counts.read} records read, ${counts.faults} faults`,
    ...(Object.entries(found) as [Code, number][]).map(
      ([code, count]) => `  ${code} ${count} times: ${anomalies[code]}`,
    ),
    ...verdict.findings
      .slice(0, SHOWN)
      .map(({ code, tp, text }) => `    ${code}${tp ? ` ${tp}` : ''}: ${text}`),
    ...reasons.map((reason) => `  inconclusive: ${reason}`),
    row.mustFind
      ? `${isFound ? 'found, as it has to be' : `NOT FOUND: ${row.mustFind.join(' or ')}`}`
      : `${result}; histories in ${order.directory}`,
  ]
  const { client, cluster, seed, minutes } = order
  const { ok, fail, unk, read, faults } = counts
  const entry = {
    day: new Date().toISOString().slice(0, 10),
    row: row.id,
    client,
    version: clients[client].version,
    cluster: cluster === 'kafka' ? `Kafka ${KAFKA_VERSION}` : 'samsa',
    seed,
    minutes,
    ...{ ok, fail, unk, read, faults, result, anomalies: found },
  }
  return { text: lines.join('\n'), isGreen, entry }
}
