import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Order } from './order.ts'
import type { Row } from './row.ts'
import { rows } from './rows/index.ts'
import { runRow } from './run-row.ts'

/** Short: what matters here is that the programme works; `npm run judge` makes runs that mean something. */
const MINUTES = 0.4

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'samsa-judge-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

const rowNamed = (id: string) => rows.find((row) => row.id === id) as Row
const { signal } = new AbortController()

function order(more: Pick<Order, 'client' | 'cluster'>, name: string): Order {
  return { seed: 1, minutes: MINUTES, directory: join(directory, name), ...more }
}

test('our client keeps its promises while leaders of Apache Kafka are killed', async () => {
  const { verdict, remarks } = await runRow(
    rowNamed('CT-01'),
    order({ client: 'samsa', cluster: 'kafka' }, 'one'),
    signal,
  )
  assert.deepEqual(verdict.findings, [])
  assert.deepEqual(remarks, [])
  assert.ok(verdict.counts.ok > 1_000, `${verdict.counts.ok} calls`)
  assert.ok(verdict.counts.faults >= 1, `${verdict.counts.faults} faults`)
})

test('lost answers without idempotence are found as duplicates', async () => {
  const { verdict } = await runRow(
    rowNamed('control-S2'),
    order({ client: 'confluent-kafka', cluster: 'samsa' }, 'three'),
    signal,
  )
  assert.ok(
    verdict.findings.some(({ code }) => code === 'S2'),
    JSON.stringify(verdict.counts),
  )
})
