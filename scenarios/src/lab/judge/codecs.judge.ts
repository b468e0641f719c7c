import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { ConsumerRecord } from '@samsa/client'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'
import { runTool } from '../../foreign/run-tool.ts'
import { kcat, python } from '../../foreign/tools.ts'
import { kafkaTool } from '../cluster/apache-kafka.ts'
import type { Stage } from './stage.ts'
import { stages } from './stage.ts'

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
type Codec = (typeof codecs)[number]

/** Records that are awkward in one way each; keys and values in hex, null as null. */
const samples: { key: string | null; value: string | null; headers: [string, string | null][] }[] = [
  { key: null, value: hex('plain'), headers: [] },
  { key: hex('key'), value: hex('日本語 ß 🙂'), headers: [['name', hex('value')]] },
  {
    key: hex(''),
    value: hex(''),
    headers: [
      ['name', hex('a')],
      ['name', hex('b')],
    ],
  },
  { key: hex('tombstone'), value: null, headers: [] },
  { key: '00ff80', value: randomBytes(300).toString('hex'), headers: [['bytes', '00ff']] },
  ...Array.from({ length: 200 }, (_, index) => ({
    key: hex(`k${index}`),
    value: hex(`value ${index} `.repeat(20)),
    headers: [] as [string, string | null][],
  })),
]

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}

/** One line a record, the same from every reader. */
function line(record: {
  key: string | null
  value: string | null
  headers: [string, string | null][]
}): string {
  return JSON.stringify([record.key, record.value, record.headers])
}

const expected = samples.map(line).sort()

function ours(record: ConsumerRecord): string {
  const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString('hex')
  const headers = record.headers.map(({ key, value }): [string, string | null] => [key, text(value)])
  return line({ key: text(record.key), value: text(record.value), headers })
}

const READ = `
import json, sys
from kafka import KafkaConsumer
servers, topic, count = sys.argv[1:4]
h = lambda b: None if b is None else b.hex()
c = KafkaConsumer(topic, bootstrap_servers=servers.split(','), auto_offset_reset='earliest', consumer_timeout_ms=20000, group_id=None)
for m in c:
    print(json.dumps([h(m.key), h(m.value), [[k, h(v)] for k, v in m.headers]], separators=(',', ':')))
    count = int(count) - 1
    if count == 0: break
c.close()
`

const WRITE = `
import json, sys
from kafka import KafkaProducer
servers, topic, codec = sys.argv[1:4]
b = lambda t: None if t is None else bytes.fromhex(t)
p = KafkaProducer(bootstrap_servers=servers.split(','), compression_type=None if codec == 'none' else codec, linger_ms=20)
fs = []
for l in sys.stdin:
    k, v, h = json.loads(l)
    fs.append(p.send(topic, key=b(k), value=b(v), headers=[(n, b(x)) for n, x in h]))
for f in fs: f.get(timeout=20)
p.close()
`

for (const open of stages) {
  describe(`records of every codec cross between clients on ${open.title}`, () => {
    let stage: Stage
    before(async () => {
      kcat()
      python()
      stage = await open()
    })
    after(() => stage?.close())

    async function write(topic: string, compressionType: Codec): Promise<void> {
      const producer = new KafkaProducer({
        bootstrapServers: stage.bootstrapServers,
        compressionType,
        lingerMs: 20,
      })
      const bytes = (text: string | null) => (text === null ? null : Buffer.from(text, 'hex'))
      const futures = samples.map(({ key, value, headers }) =>
        producer.send({
          topic,
          key: bytes(key),
          value: bytes(value),
          headers: headers.map(([name, text]) => ({ key: name, value: bytes(text) })),
        }),
      )
      await Promise.all(futures)
      await producer.close()
    }

    async function read(topic: string, count: number): Promise<string[]> {
      const consumer = new KafkaConsumer({
        bootstrapServers: stage.bootstrapServers,
        groupId: `reader-${topic}`,
        autoOffsetReset: 'earliest',
      })
      consumer.subscribe(topic)
      const lines: string[] = []
      while (lines.length < count) lines.push(ours((await consumer.next({ timeoutMs: 30_000 })).value))
      await consumer.close()
      return lines.sort()
    }

    for (const codec of codecs) {
      it(`${codec}: what samsa writes, samsa, kafka-python and kcat read`, async () => {
        const topic = `written-${codec}`
        await write(topic, codec)
        assert.deepEqual(await read(topic, samples.length), expected)
        const fromPython = await runTool(python(), [
          '-c',
          READ,
          stage.bootstrapServers,
          topic,
          String(samples.length),
        ])
        assert.deepEqual(fromPython.trim().split('\n').sort(), expected)
        const fromKcat = await runTool(kcat(), [
          '-b',
          stage.bootstrapServers,
          '-t',
          topic,
          '-C',
          '-e',
          '-q',
          '-o',
          'beginning',
          '-f',
          '%S\n',
        ])
        const sizes = samples.map(({ value }) => String(value === null ? -1 : value.length / 2)).sort()
        assert.deepEqual(fromKcat.trim().split('\n').sort(), sizes)
      })

      it(`${codec}: what kafka-python, kcat and Java write, samsa reads`, async () => {
        const input = samples.map(line).join('\n')
        await runTool(python(), ['-c', WRITE, stage.bootstrapServers, `python-${codec}`, codec], input)
        assert.deepEqual(await read(`python-${codec}`, samples.length), expected)
        const lines = Array.from({ length: 50 }, (_, index) => `from outside ${index} `.repeat(5))
        await runTool(
          kcat(),
          ['-b', stage.bootstrapServers, '-t', `kcat-${codec}`, '-P', '-z', codec],
          lines.join('\n'),
        )
        const wanted = lines.map((text) => line({ key: null, value: hex(text), headers: [] })).sort()
        assert.deepEqual(await read(`kcat-${codec}`, lines.length), wanted)
        const java = [
          '--bootstrap-server',
          stage.bootstrapServers,
          '--topic',
          `java-${codec}`,
          '--compression-codec',
          codec,
        ]
        await kafkaTool('org.apache.kafka.tools.ConsoleProducer', java, `${lines.join('\n')}\n`)
        assert.deepEqual(await read(`java-${codec}`, lines.length), wanted)
      })
    }

    it("Java's console consumer reads what samsa wrote in every codec", async () => {
      const fromJava = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        '--bootstrap-server',
        stage.bootstrapServers,
        '--include',
        'written-.*',
        '--from-beginning',
        '--max-messages',
        String(samples.length * codecs.length),
        '--timeout-ms',
        '30000',
        '--formatter-property',
        'print.key=true',
        '--formatter-property',
        'print.headers=true',
      ])
      assert.equal(fromJava.match(/k7\tvalue 7 value 7 /g)?.length, codecs.length)
      assert.equal(fromJava.match(/name:value\tkey\t日本語 ß 🙂/g)?.length, codecs.length)
      assert.equal(fromJava.match(/NO_HEADERS\ttombstone\tnull/g)?.length, codecs.length)
    })
  })
}
