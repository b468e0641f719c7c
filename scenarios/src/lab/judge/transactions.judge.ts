import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KafkaError } from '@samsa/client'
import { KafkaConsumer } from '@samsa/client'
import { runTool } from '../../foreign/run-tool.ts'
import { python } from '../../foreign/tools.ts'
import type { Stage } from './stage.ts'
import { apacheKafka } from './stage.ts'

/**
 * Three transactional producers and a plain one write into two partitions, by turns; transactions are committed or
 * aborted at random, from a fixed seed, and one stays open. Then kafka-python reads it all at both isolation levels.
 */
const WRITE_AND_READ = `
import random, sys
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
servers, topic = sys.argv[1].split(','), sys.argv[2]
random.seed(7)
ps = [KafkaProducer(bootstrap_servers=servers, transactional_id='t%d' % i, compression_type=None if i == 0 else 'gzip', linger_ms=0) for i in range(3)]
for p in ps: p.init_transactions()
plain = KafkaProducer(bootstrap_servers=servers)
count = 0
for round in range(15):
    live = [p for p in ps if random.random() < .8]
    for p in live: p.begin_transaction()
    for _ in range(random.randint(1, 30)):
        p = random.choice(live + [plain])
        p.send(topic, value=b'value-%d' % count, partition=random.randint(0, 1)); count += 1
        if random.random() < .3: p.flush()
    for p in live: p.commit_transaction() if random.random() < .5 else p.abort_transaction()
plain.flush()
ps[0].begin_transaction()
for i in range(5): ps[0].send(topic, value=b'open-%d' % i, partition=1)
ps[0].flush()
for i in range(5): plain.send(topic, value=b'behind-%d' % i, partition=1)
plain.flush()
tps = [TopicPartition(topic, i) for i in range(2)]
for level in ['read_committed', 'read_uncommitted']:
    c = KafkaConsumer(bootstrap_servers=servers, group_id=None, isolation_level=level, consumer_timeout_ms=3000)
    c.assign(tps); c.seek_to_beginning()
    for m in c: print(level, m.partition, m.offset, m.value.decode())
    ends = c.end_offsets(tps)
    print(level, 'ends', *[ends[tp] for tp in tps])
    c.close()
`
const QUIET_MS = 3000

describe('transactions of other producers, committed, aborted and open, on a three-node Apache Kafka', () => {
  let stage: Stage
  let theirs: string[]
  const topic = 'transactions.topic'
  before(async () => {
    stage = await apacheKafka()
    theirs = (await runTool(python(), ['-c', WRITE_AND_READ, stage.bootstrapServers, topic])).split('\n')
  })
  after(() => stage?.close())

  for (const isolationLevel of ['read_committed', 'read_uncommitted'] as const) {
    for (const [maxPartitionFetchBytes, from] of [
      [1_048_576, 0],
      [300, 0],
      [200, 31],
    ] as const) {
      it(`${isolationLevel} from ${from} by ${maxPartitionFetchBytes} bytes sees what kafka-python sees`, async () => {
        const { bootstrapServers } = stage
        await using consumer = new KafkaConsumer({ bootstrapServers, isolationLevel, maxPartitionFetchBytes })
        const partitions = [0, 1].map((partition) => ({ topic, partition }))
        consumer.assign(partitions)
        for (const partition of partitions) consumer.seek(partition, from)
        const seen: string[] = []
        try {
          for (;;) {
            const { value } = await consumer.next({ timeoutMs: QUIET_MS })
            seen.push(`${isolationLevel} ${value.partition} ${value.offset} ${value.value}`)
          }
        } catch (error) {
          assert.equal((error as KafkaError).code, 'TIMEOUT')
        }
        const expected = theirs.filter((text) => {
          const [level, , offset] = text.split(' ')
          return level === isolationLevel && !text.includes('ends') && Number(offset) >= from
        })
        assert.ok(expected.length > 50, `${expected.length} records`)
        assert.deepEqual(seen.sort(), expected.sort())
        const ends = await consumer.endOffsets(partitions)
        assert.ok(theirs.includes(`${isolationLevel} ends ${ends.join(' ')}`), `ends ${ends}`)
      })
    }
  }
})
