import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { KafkaProducer } from '@samsa/client'
import { runTool } from '../../foreign/run-tool.ts'
import { python } from '../../foreign/tools.ts'
import { delay } from '../cluster/surroundings.ts'
import type { Stage } from './stage.ts'
import { apacheKafka } from './stage.ts'

const READ = `
import sys
from kafka import KafkaConsumer
servers, topic = sys.argv[1:3]
c = KafkaConsumer(topic, bootstrap_servers=servers.split(','), auto_offset_reset='earliest', consumer_timeout_ms=5000, group_id=None)
for m in c: print(m.value.decode())
c.close()
`
const GET_LIMIT_MS = 60_000
const RUN_MS = 20_000

describe('kill -9 of the leader while program 2 runs in a loop', () => {
  let stage: Stage
  before(async () => {
    python()
    stage = await apacheKafka()
  })
  after(() => stage?.close())

  it('every get returns within its time, and every acknowledged record is read exactly once', async () => {
    const topic = 'killed.topic'
    const { bootstrapServers, kafka } = stage
    const producer = new KafkaProducer({
      bootstrapServers,
      compressionType: 'gzip',
      maxRequestSize: 20 * 1024 * 1024,
    })
    const acknowledged = new Set<string>()
    const failed = new Set<string>()
    let slowest = 0
    let leader = 0
    const end = performance.now() + RUN_MS
    const loop = async (name: string) => {
      for (let count = 0; performance.now() < end; count++) {
        const value = `${name}-${count}`
        const started = performance.now()
        try {
          await producer.send({ topic, value, partition: 0 }).get({ timeoutMs: GET_LIMIT_MS })
          acknowledged.add(value)
        } catch {
          failed.add(value)
        }
        slowest = Math.max(slowest, performance.now() - started)
      }
    }
    await producer.send({ topic, value: 'first', partition: 0 })
    leader = Number(
      /partition 0, leader (\d)/.exec(
        await runTool('kcat', ['-b', bootstrapServers, '-L', '-t', topic]),
      )?.[1],
    )
    const loops = Array.from({ length: 20 }, (_, index) => loop(`loop-${index}`))
    await delay(3000)
    const node = kafka?.nodes.find(({ id }) => id === leader)
    assert.ok(node, `node ${leader}`)
    await node.kill9()
    await delay(10_000)
    await node.start()
    await Promise.all(loops)
    await producer.close()
    const counts = new Map<string, number>()
    for (const value of (await runTool(python(), ['-c', READ, bootstrapServers, topic])).trim().split('\n')) {
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    const lost = [...acknowledged].filter((value) => !counts.has(value))
    const twice = [...counts].filter(([, count]) => count > 1)
    console.log(
      `killed node ${leader}: ${acknowledged.size} acknowledged, ${failed.size} failed, ${lost.length} lost, ${twice.length} doubled, slowest get ${Math.round(slowest)} ms`,
    )
    assert.ok(slowest < GET_LIMIT_MS + 1000, `slowest ${slowest}`)
    assert.deepEqual(lost, [])
    assert.deepEqual(twice, [])
    assert.ok(acknowledged.size > 100)
  })
})
