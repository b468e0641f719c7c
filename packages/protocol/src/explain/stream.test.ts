import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiVersions, Metadata, Produce } from '../apis/index.ts'
import { encodeRequest, encodeResponse } from '../frame.ts'
import { BatchWriter } from '../records/index.ts'
import { zeroUuid } from '../uuid.ts'
import { format } from './format.ts'
import { explain } from './frame.ts'
import { explainRecords } from './records.ts'
import type { Capture, Exchange, Unreadable } from './stream.ts'
import { explainStream } from './stream.ts'

const metadata = (id: number, topic: string) =>
  Buffer.concat(encodeRequest(Metadata, 12, id, 'me', { topics: [{ topicId: zeroUuid, name: topic }] }))
const metadataAnswer = (id: number) =>
  Buffer.concat(
    encodeResponse(Metadata, 12, id, { brokers: [], topics: [], controllerId: 1, clusterId: 'c' }),
  )
const versions = Buffer.concat(
  encodeRequest(ApiVersions, 4, 1, 'me', { clientSoftwareName: 'a', clientSoftwareVersion: '1' }),
)
const versionsRefused = Buffer.concat(encodeResponse(ApiVersions, 0, 1, { errorCode: 35, apiKeys: [] }))
const silent = Buffer.concat(
  encodeRequest(Produce, 9, 4, 'me', { acks: 0, timeoutMs: 1, topicData: [], transactionalId: null }),
)

const client = Buffer.concat([versions, metadata(2, 'a'), metadata(3, 'b'), silent, metadata(5, 'c')])
const server = Buffer.concat([versionsRefused, metadataAnswer(2), metadataAnswer(3), metadataAnswer(5)])

function chunks(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
}

/** What was found, in short: `Metadata 2`, `? 7` for a response alone, `client 0-7` for unreadable bytes. */
function found(capture: Partial<Capture>): string[] {
  return [...explainStream({ client: [], server: [], ...capture })].map((item) => {
    if (item.kind === 'unreadable') return `${item.from} ${item.start}-${item.end}`
    const { request, response, note } = item
    const id = request?.correlationId ?? response?.correlationId
    const both = request && response ? '' : request ? ' request' : ' response'
    return `${request?.api?.name ?? '?'} ${id}${both}${note === '' ? '' : `: ${note}`}`
  })
}

const whole = [
  'ApiVersions 1',
  'Metadata 2',
  'Metadata 3',
  'Produce 4 request: acks is 0: there is no response',
  'Metadata 5',
]

describe('explaining a captured connection', () => {
  for (const size of [1, 3, 1000]) {
    it(`pairs requests with responses, cut into chunks of ${size}`, () => {
      assert.deepEqual(found({ client: chunks(client, size), server: chunks(server, size) }), whole)
    })
  }

  it('reads everything in it, the refused ApiVersions as version 0', () => {
    const items = [...explainStream({ client: [client], server: [server] })] as Exchange[]
    for (const { request, response } of items) {
      assert.equal(request?.error, undefined)
      assert.equal(response?.error, undefined)
    }
    assert.equal(items[0]?.response?.version, 0)
    assert.equal(items[1]?.response?.version, 12)
  })

  it('finds its way when the capture begins in the middle of a frame, and says so', () => {
    const lost = versions.length - 5
    const lostAnswer = versionsRefused.length - 3
    const items = found({ client: [client.subarray(lost)], server: [server.subarray(lostAnswer)] })
    assert.deepEqual(items, ['client 0-5', 'server 0-3', ...whole.slice(1)])
    const [first] = explainStream({ client: [client.subarray(lost)], server: [] })
    assert.match((first as Unreadable).note, /begins in the middle/)
  })

  it('finds its way from every byte of a capture', () => {
    for (let at = 0; at < client.length; at++) {
      const items = [...explainStream({ client: [client.subarray(at)], server: [] })]
      const last = items.at(-1)
      const covered = items.map((item) =>
        item.kind === 'unreadable' ? item.end - item.start : (item.request?.bytes.length ?? 0),
      )
      assert.equal(
        covered.reduce((a, b) => a + b, 0),
        client.length - at,
      )
      if (at <= client.length - metadata(5, 'c').length) {
        assert.equal(last?.kind === 'exchange' && last.request?.correlationId, 5, String(at))
      }
    }
  })

  it('shows responses whose requests were before the capture', () => {
    assert.deepEqual(
      found({ client: [metadata(5, 'c')], server: [server.subarray(versionsRefused.length)] }),
      [
        '? 2 response: the request is not in the capture',
        '? 3 response: the request is not in the capture',
        'Metadata 5',
      ],
    )
  })

  it('says where the capture ends inside a frame', () => {
    assert.deepEqual(found({ client: [metadata(2, 'a').subarray(0, 20)] }), [
      'Metadata 2 request: the capture ends inside the request',
    ])
    assert.deepEqual(found({ client: [metadata(2, 'a')], server: [metadataAnswer(2).subarray(0, 12)] }), [
      'Metadata 2: the capture ends inside the response',
    ])
  })

  it('passes over a hole and over garbage, once for each', () => {
    const noise = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const torn = Buffer.concat([metadata(2, 'a'), noise, metadata(3, 'b')])
    const start = metadata(2, 'a').length
    assert.deepEqual(found({ client: [torn], server: [metadataAnswer(2), noise, metadataAnswer(3)] }), [
      'Metadata 2',
      `client ${start}-${start + noise.length}`,
      `server ${metadataAnswer(2).length}-${metadataAnswer(2).length + noise.length}`,
      'Metadata 3',
    ])
    const all = Buffer.alloc(200_000, 0x5a)
    assert.deepEqual(found({ client: [all], server: [all] }), ['client 0-200000', 'server 0-200000'])
    assert.deepEqual(found({ client: [Buffer.alloc(100_000)] }), ['client 0-100000'])
  })
})

describe('bytes that are damaged anywhere', () => {
  it('are explained and printed without an error of the call, each byte once', () => {
    const random = sequence(1)
    for (let round = 0; round < 300; round++) {
      const sides = [client, server].map((side) => {
        const bytes = Buffer.from(side)
        for (let count = 1 + (random() % 4); count > 0; count--)
          bytes[random() % bytes.length] = random() & 0xff
        const start = random() % bytes.length
        return Buffer.concat([bytes.subarray(start), bytes.subarray(0, random() % bytes.length)])
      }) as [Buffer, Buffer]
      const covered = { client: 0, server: 0 }
      for (const item of explainStream({ client: [sides[0]], server: [sides[1]] })) {
        assert.ok(format(item).endsWith('\n'))
        if (item.kind === 'unreadable') covered[item.from] += item.end - item.start
        else {
          covered.client += item.request?.bytes.length ?? 0
          covered.server += item.response?.bytes.length ?? 0
        }
      }
      assert.deepEqual(covered, { client: sides[0].length, server: sides[1].length }, `round ${round}`)
      for (const side of sides) assert.ok(format(explainRecords(side)).endsWith('\n'))
    }
  })
})

/** Numbers that look random and are the same each time (Park and Miller). */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 0x7fff_ffff
    return state >> 7
  }
}

describe('printing an explanation', () => {
  it('is a table with a line for each piece', () => {
    assert.equal(
      format(explain(metadata(7, 'orders').subarray(4))),
      `\
Metadata v12 request, correlation id 7, 41 bytes
 offset  bytes                    field                             value
      0  00 03                    header.requestApiKey              3  Metadata
      2  00 0c                    header.requestApiVersion          12
      4  00 00 00 07              header.correlationId              7
      8  00 02 6d 65              header.clientId                   "me"
     12  00                       header.taggedFields               0
     13  02                       topics                            1
     14  00 00 00 00 00 00 00 ..  topics[0].topicId                 "AAAAAAAAAAAAAAAAAAAAAA"  no id
     30  07 6f 72 64 65 72 73     topics[0].name                    "orders"
     37  00                       topics[0].taggedFields            0
     38  01                       allowAutoTopicCreation            true  default
     39  00                       includeTopicAuthorizedOperations  false
     40  00                       taggedFields                      0
`,
    )
  })

  it('never has a longer line than asked for, and obeys no control character', () => {
    const evil = Buffer.from(metadata(7, 'evil\u001b[2J\u009b\u202e'.repeat(40)))
    for (const width of [60, 80, 200]) {
      const text = format(explain(evil), { width })
      assert.ok(text.split('\n').every((line) => line.length <= width))
      assert.doesNotMatch(text.replaceAll('\n', ''), /\p{C}/u)
    }
  })

  it('shows what a batch unpacks to, and stops at the limit of rows', () => {
    const writer = new BatchWriter()
    for (let index = 0; index < 100; index++) writer.append(0, null, `value ${index}`, undefined)
    const explained = explainRecords(writer.finish({ codec: 'gzip' }))
    const text = format(explained)
    assert.match(text, />0 {2}/)
    assert.match(text, /batches\[0\]\.records\[99\]\.value +"value 99"/)
    assert.match(format(explained, { maxRows: 10 }), /\(\d+ more\)\n$/)
  })

  it('says what is broken below the table', () => {
    assert.match(
      format(explain(Buffer.from('00030000', 'hex'))),
      /\nbroken: header\.correlationId: needs 4 bytes/,
    )
  })

  it('prints exchanges and what is unreadable', () => {
    const text = [...explainStream({ client: [Buffer.from('zzzz'), client], server: [server] })]
      .map((item) => format(item))
      .join('')
    assert.match(text, /^client byte 0: 4 unreadable bytes: no frame begins here/)
    assert.match(text, /server byte \d+: Metadata v12 response, correlation id 2/)
    assert.match(text, /note: acks is 0/)
  })
})
