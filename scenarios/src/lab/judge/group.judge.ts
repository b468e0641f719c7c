import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { python } from '../../foreign/tools.ts'
import { delay } from '../cluster/surroundings.ts'
import type { Stage } from './stage.ts'
import { stages } from './stage.ts'

const MEMBER = `
import sys
from kafka import KafkaConsumer
servers, topic = sys.argv[1:3]
c = KafkaConsumer(topic, bootstrap_servers=servers.split(','), group_id='shared', auto_offset_reset='earliest', session_timeout_ms=10000, heartbeat_interval_ms=500, auto_commit_interval_ms=200)
print('ready', flush=True)
import threading
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
while not stop.is_set():
    for ms in c.poll(timeout_ms=200).values():
        for m in ms: print('record', m.value.decode(), flush=True)
    print('assigned', len(c.assignment()), flush=True)
c.close()
`
const LIMIT_MS = 60_000

for (const open of stages) {
  describe(`a group of a kafka-python and a samsa consumer on ${open.title}`, () => {
    let stage: Stage
    before(async () => {
      python()
      stage = await open()
    })
    after(() => stage?.close())

    it('splits the partitions, reads every record once, and the one that stays gets all', async () => {
      const { bootstrapServers } = stage
      const topic = 'shared.topic'
      const seen = new Map<string, number>()
      const note = (value: string) => seen.set(value, (seen.get(value) ?? 0) + 1)
      const producer = new KafkaProducer({ bootstrapServers })
      await producer.send({ topic, value: 'first', partition: 0 })
      const theirs = { assigned: 0, records: 0 }
      const child = spawn(python(), ['-c', MEMBER, bootstrapServers, topic], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      createInterface({ input: child.stdout }).on('line', (text) => {
        const [kind, value = ''] = text.split(' ')
        if (kind === 'assigned') theirs.assigned = Number(value)
        if (kind === 'record') {
          theirs.records++
          note(value)
        }
      })
      const consumer = new KafkaConsumer({
        bootstrapServers,
        groupId: 'shared',
        autoOffsetReset: 'earliest',
        sessionTimeoutMs: 10_000,
        heartbeatIntervalMs: 500,
        autoCommitIntervalMs: 200,
      })
      consumer.subscribe(topic)
      let ours = 0
      const reading = (async () => {
        for await (const message of consumer) {
          ours++
          note(String(message.value))
        }
      })()
      try {
        await until(
          () =>
            theirs.assigned > 0 &&
            consumer.assignment().length > 0 &&
            theirs.assigned + consumer.assignment().length === 3,
        )
        const values = Array.from({ length: 300 }, (_, index) => `record-${index}`)
        await Promise.all(values.map((value, index) => producer.send({ topic, value, partition: index % 3 })))
        await until(() => values.every((value) => seen.has(value)))
        assert.ok(ours > 0 && theirs.records > 0)
        child.stdin.write('stop\n')
        await until(() => consumer.assignment().length === 3)
        const late = Array.from({ length: 30 }, (_, index) => `late-${index}`)
        await Promise.all(late.map((value, index) => producer.send({ topic, value, partition: index % 3 })))
        await until(() => late.every((value) => seen.has(value)))
        const twice = [...seen].filter(([value, count]) => count > 1 && value !== 'first')
        assert.deepEqual(twice, [])
      } finally {
        child.kill()
        await consumer.close()
        await reading
        await producer.close()
      }
    })
  })
}

async function until(claim: () => boolean): Promise<void> {
  const deadline = performance.now() + LIMIT_MS
  while (!claim()) {
    if (performance.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${claim}`)
    await delay(50)
  }
}
