import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const directory = mkdtempSync(join(tmpdir(), 'samsa-prove-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const program = fileURLToPath(new URL('./prove.js', import.meta.url))
const LIMIT_MS = 100_000

function prove(...args: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: LIMIT_MS })
}

test('mutators: every way to break a history is found', () => {
  const { status, stdout } = prove('mutators', '--histories', '2', '--from', '900')
  assert.equal(status, 0, stdout)
  assert.match(stdout, /2 clean histories, 0 false alarms\n74 broken ones \(37 mutators\), 74 found/)
})

test('brute force: no history of two operations is judged differently', () => {
  const { status, stdout } = prove('brute-force', '--most', '2')
  assert.equal(status, 0, stdout)
  assert.match(stdout, /\d{3,} histories, 0 on which/)
})

test('scale: a history is made, written, read and checked', () => {
  const { status, stdout } = prove(
    'scale',
    '--records',
    '5000',
    '--handed',
    '--file',
    join(directory, 'h.jsonl'),
  )
  assert.equal(status, 0, stdout)
  assert.match(stdout, /\nclean\n[\s\S]*5000 values, 15000 records[\s\S]*checked in [\d.]+ s/)
})

test('anything else is explained', () => {
  assert.equal(prove('everything').status, 2)
})
