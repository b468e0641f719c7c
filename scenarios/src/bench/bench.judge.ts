import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { repository } from '../lab/cluster/surroundings.ts'
import type { Run } from './client-bench.ts'
import type { ProtocolRun } from './protocol-bench.ts'
import type { Start } from './startup-bench.ts'

const runFile = promisify(execFile)

it('the bench still measures samsa, a peer and both brokers, with counts too small to say anything', async () => {
  const few = '--nodes 1 --rounds 1 --messages 500 --milliseconds 10 --peer samsa --peer kafkajs'
  const args = [join(repository, 'scripts/bench.mjs'), ...few.split(' ')]
  const { stdout } = await runFile(process.execPath, args, { timeout: 120_000 })
  const file = stdout.trim().split('\n').at(-1) as string
  const found = JSON.parse(readFileSync(file, 'utf8')) as {
    client: Run[]
    startup: Start[]
    protocol: ProtocolRun[]
  }
  const runs = found.client.map(({ workload, peer, error }) => ({ workload, peer, error }))
  const wanted = ['produce', 'produce-awaited', 'consume'].flatMap((workload) =>
    ['samsa', 'kafkajs'].map((peer) => ({ workload, peer, error: undefined })),
  )
  assert.deepEqual(runs, wanted)
  for (const { cpuNsPerMessage = 0 } of found.client) assert.ok(cpuNsPerMessage > 0)
  assert.equal(found.protocol.length, 4)
  for (const { peer, figures } of found.protocol) {
    assert.equal(Object.keys(figures).length, peer === 'samsa' ? 18 : 10, peer)
    assert.deepEqual(
      Object.entries(figures).filter(([, figure]) => !(Number(figure) > 0)),
      [],
    )
  }
  assert.deepEqual(
    found.startup.map(({ broker, rssAfterRecords }) => [broker, rssAfterRecords > 0]),
    [
      ['embedded', true],
      ['Apache Kafka', true],
    ],
  )
})
