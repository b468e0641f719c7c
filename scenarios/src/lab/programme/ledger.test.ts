import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { repository } from '../cluster/surroundings.ts'
import { clients } from '../drivers/clients.ts'
import type { LedgerEntry } from './ledger.ts'
import { readLedger, recordRun } from './ledger.ts'
import { rows } from './rows/index.ts'
import { tableOf } from './table.ts'

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'samsa-ledger-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

const entry: LedgerEntry = {
  day: '2026-11-25',
  commit: 'abc1234',
  row: 'CT-01',
  client: 'samsa',
  version: '0.1.0',
  cluster: 'Kafka 4.3.1',
  seed: 7,
  minutes: 5,
  ok: 1_000_000,
  fail: 2,
  unk: 3,
  read: 4_000_000,
  faults: 9,
  result: 'clean',
  anomalies: {},
}

test('what was recorded is read again', () => {
  const file = join(directory, 'ledger.jsonl')
  assert.deepEqual(readLedger(file), [])
  recordRun(entry, file)
  recordRun({ ...entry, client: 'kafkajs', result: 'broken', anomalies: { S2: 3 } }, file)
  assert.deepEqual(
    readLedger(file).map(({ client, anomalies }) => [client, anomalies]),
    [
      ['samsa', {}],
      ['kafkajs', { S2: 3 }],
    ],
  )
})

test('a line that is no entry is named', () => {
  const file = join(directory, 'broken.jsonl')
  writeFileSync(file, `${JSON.stringify(entry)}\n{"row":"CT-01"}\n`)
  assert.throws(() => readLedger(file), /broken\.jsonl:2 is no entry of the ledger: it needs row, client/)
  writeFileSync(file, 'nonsense\n')
  assert.throws(() => readLedger(file), /broken\.jsonl:1 is no entry of the ledger: Unexpected token/)
  writeFileSync(file, `${JSON.stringify({ ...entry, anomalies: { Z9: 1 } })}\n`)
  assert.throws(() => readLedger(file), /names an anomaly that there is not: Z9/)
})

test('the tables sum up the runs of a row and a client, in the order of the rows, by cluster', () => {
  const table = tableOf(
    [
      {
        ...entry,
        row: 'CT-04',
        client: 'kafkajs',
        version: '2.2.4',
        result: 'broken',
        anomalies: { V1: 2, S2: 1 },
      },
      entry,
      { ...entry, seed: 8, minutes: 1, result: 'inconclusive' },
      { ...entry, cluster: 'samsa' },
      { ...entry, row: 'control-L1', result: 'broken', anomalies: { L1: 4 } },
    ],
    [{ id: 'CT-01' }, { id: 'CT-04' }, { id: 'control-L1', mustFind: ['L1', 'L2'] }],
  )
  assert.equal(
    table,
    [
      '### On Kafka 4.3.1',
      '',
      '|  | kafkajs 2.2.4 | samsa 0.1.0 |',
      '| --- | --- | --- |',
      '| CT-01 | - | 0 of 2,000,000 (2 × 3 min, 1 inconclusive) |',
      '| CT-04 | S2: 1, V1: 2 of 1,000,000 (1 × 5 min) | - |',
      '',
      "### On samsa's broker",
      '',
      '|  | samsa 0.1.0 |',
      '| --- | --- |',
      '| CT-01 | 0 of 1,000,000 (1 × 5 min) |',
      '',
      '### Controls',
      '',
      '|  | has to find | found |',
      '| --- | --- | --- |',
      '| control-L1 | L1 or L2 | L1: 4 of 1,000,000 (1 × 5 min) |',
    ].join('\n'),
  )
})

test('the table in the documents is that of the ledger', () => {
  const text = readFileSync(join(repository, 'docs/judge.md'), 'utf8')
  const table = tableOf(readLedger(), rows)
  assert.ok(text.includes(table), `put what npm run judge -- table gives into docs/judge.md:\n${table}`)
})

test('the ledger of the repository can be read, and names rows and clients that there are', () => {
  for (const { row, client } of readLedger()) {
    assert.ok(
      rows.some(({ id }) => id === row),
      row,
    )
    assert.ok(Object.hasOwn(clients, client), client)
  }
})
