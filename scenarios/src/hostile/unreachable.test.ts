import assert from 'node:assert/strict'
import http from 'node:http'
import type net from 'node:net'
import { TimeoutError } from '@samsa/client'
import type { Runtime } from '@samsa/runtime'
import { NetworkError, nodeRuntime } from '@samsa/runtime'
import type { Stage } from './stage.ts'
import { failure, hostile, NOBODY, NOBODY_ELSE, PATIENCE_MS, rawServer, refusal } from './stage.ts'

const topic = 't'
const partition = { topic, partition: 0 }
const refused = (address: string) =>
  `cannot reach the bootstrap server ${address}: nothing listens there (ECONNREFUSED); check bootstrapServers`

hostile('no broker at any address: every call says each address and why', async (stage) => {
  const bootstrapServers = `${NOBODY},${NOBODY_ELSE}`
  const problem = `the last problem was: no broker can be reached:\n  - ${refused(NOBODY)}\n  - ${refused(NOBODY_ELSE)}`
  const producer = stage.producer({ bootstrapServers })
  const assigned = stage.consumer({ bootstrapServers, groupId: 'g' })
  const subscribed = stage.consumer({ bootstrapServers, groupId: 'g' })
  assigned.assign([partition])
  subscribed.subscribe(topic)
  const said = (what: string) => `TIMEOUT: waited N ms for ${what}; ${problem}`
  const pairs: [Promise<string>, string][] = [
    [refusal(producer.send({ topic, value: 'x' })), said('topic t to be known')],
    [refusal(producer.partitionsFor(topic)), said('topic t to be known')],
    [refusal(subscribed.next({ timeoutMs: PATIENCE_MS })), said('the next record')],
    [refusal(subscribed.committed([partition])), said('the committed offsets of group g')],
    [refusal(subscribed.endOffsets([partition])), said('offsets of t-0')],
    [refusal(assigned.commit([{ ...partition, offset: 1 }])), said('the commit of group g')],
  ]
  const [found, wanted] = [pairs.map(([call]) => call), pairs.map(([, text]) => text)]
  assert.deepEqual(await Promise.all(found), wanted)
  // What was tried is known now, so that a short wait can say it too.
  const hint = 'The record stays on its way until deliveryTimeoutMs is over; ask again, or raise the time'
  const waited = refusal(producer.send({ topic, value: 'x' }).get({ timeoutMs: 100 }))
  assert.equal(await waited, `${said('the result of send')}\n${hint}`)
  assert.match(
    await refusal(assigned.position(partition)),
    /the position of t-0|the committed offsets of group g/,
  )
})

hostile('a single address is said without a list', async (stage) => {
  const producer = stage.producer({ bootstrapServers: NOBODY })
  const said = `TIMEOUT: waited N ms for topic t to be known; the last problem was: ${refused(NOBODY)}`
  assert.equal(await refusal(producer.send({ topic, value: 'x' })), said)
})

hostile('poll gives nothing, and the log says once and in one line why', async (stage) => {
  const warnings: string[] = []
  const logger = { debug() {}, info() {}, warn: (line: string) => void warnings.push(line), error() {} }
  const consumer = stage.consumer({ bootstrapServers: `${NOBODY},${NOBODY_ELSE}`, groupId: 'g' }, { logger })
  consumer.subscribe(topic)
  for (let count = 0; warnings.length === 0 && count < 200; count++) {
    assert.deepEqual(await consumer.poll({ timeoutMs: 100 }), [])
  }
  assert.deepEqual(await consumer.poll({ timeoutMs: PATIENCE_MS }), [])
  assert.deepEqual(warnings, [
    `no metadata, trying on: ConnectionError: no broker can be reached: - ${refused(NOBODY)} - ${refused(NOBODY_ELSE)}`,
  ])
})

hostile(
  'a broker that advertises what cannot be reached: both addresses and advertised.listeners',
  async (stage) => {
    const broker = await stage.broker({ host: '127.0.0.1', advertisedHost: '127.0.0.2' })
    broker.createTopic(topic)
    const port = broker.nodes[0]?.port
    const bootstrapServers = `127.0.0.1:${port}`
    const problem =
      `the last problem was: cannot reach broker 1 at 127.0.0.2:${port}: nothing listens there (ECONNREFUSED). ` +
      `The bootstrap server 127.0.0.1:${port} answered and advertised this address: make it reachable from here, ` +
      "or correct the broker's advertised.listeners"
    const consumer = stage.consumer({ bootstrapServers, groupId: 'g' })
    consumer.subscribe(topic)
    const found = await Promise.all([
      refusal(stage.producer({ bootstrapServers }).send({ topic, value: 'x' })),
      refusal(consumer.next({ timeoutMs: PATIENCE_MS })),
      refusal(consumer.endOffsets([partition])),
      refusal(consumer.committed([partition])),
    ])
    const unsent =
      'It was never sent; is there a leader, and can it be reached? deliveryTimeoutMs says how long is tried'
    assert.deepEqual(found, [
      `TIMEOUT: waited N ms for 1 record to be acknowledged by t-0; ${problem}. ${unsent}`,
      `TIMEOUT: waited N ms for the next record; ${problem}`,
      `TIMEOUT: waited N ms for offsets of t-0; ${problem}`,
      `TIMEOUT: waited N ms for the committed offsets of group g; ${problem}`,
    ])
  },
)

/** What stands at the address instead of a broker, and what is said of it. */
const strangers: readonly [title: string, server: () => net.Server, problem: (address: string) => string][] =
  [
    [
      'takes connections and is silent',
      () => rawServer(() => {}),
      (address) =>
        `waited N ms for the answer to ApiVersions from the bootstrap server ${address}. It took the connection and ` +
        'said nothing; is it a Kafka broker? socketConnectionSetupTimeoutMs sets how long is waited',
    ],
    [
      'hangs up at the first request, as a port for SASL does',
      () => rawServer((socket) => socket.once('data', () => socket.end())),
      (address) =>
        `the bootstrap server ${address} closed the connection before it answered anything; if the port expects TLS, ` +
        "set securityProtocol: 'SSL'; SASL is not supported yet",
    ],
    [
      'resets the connection',
      () => rawServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
      (address) =>
        `the bootstrap server ${address} closed the connection before it answered anything (ECONNRESET); if the port ` +
        "expects TLS, set securityProtocol: 'SSL'; SASL is not supported yet",
    ],
    [
      'is a web server',
      () => http.createServer((_, response) => response.end('hello')),
      (address) =>
        `the bootstrap server ${address} does not answer in the Kafka protocol; check host and port ` +
        '(frame size 1213486160 is above the limit of 4194304 (first bytes "HTTP/1.1"): the other side speaks HTTP)',
    ],
    [
      'speaks first',
      () => rawServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')),
      (address) =>
        `the bootstrap server ${address} does not answer in the Kafka protocol; check host and port ` +
        '(frame size 1397966893 is above the limit of 4194304 (first bytes "SSH-2.0-"): ' +
        'the other side does not speak the Kafka protocol)',
    ],
    [
      'announces 2 GiB',
      () => answering([0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4]),
      (address) =>
        `the bootstrap server ${address} does not answer in the Kafka protocol; check host and port ` +
        '(frame size 2147483647 is above the limit of 4194304 (first bytes "........"): ' +
        'the other side does not speak the Kafka protocol)',
    ],
    [
      'announces less than nothing',
      () => answering([0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]),
      (address) =>
        `the bootstrap server ${address} does not answer in the Kafka protocol; check host and port ` +
        '(frame size -1 is negative (first bytes "........"): the other side does not speak the Kafka protocol)',
    ],
    [
      'answers what nobody asked',
      () => answering([0, 0, 0, 6, 9, 9, 9, 9, 9, 9]),
      (address) =>
        `the bootstrap server ${address} does not answer in the Kafka protocol; check host and port ` +
        '(answer 151587081 came where the answer 1 was expected)',
    ],
    [
      'answers with too little',
      () => answering([0, 0, 0, 4, 0, 0, 0, 1]),
      (address) =>
        `the answer of the bootstrap server ${address} to ApiVersions v4 cannot be read: no error code`,
    ],
    [
      'answers with what cannot be read',
      () => answering([0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff]),
      (address) =>
        `the answer of the bootstrap server ${address} to ApiVersions v4 cannot be read: ` +
        'apiKeys: needs 1 bytes where 0 remain (at byte 10)',
    ],
  ]

hostile('whatever else stands at the address is told apart', async (stage) => {
  const found = await Promise.all(strangers.map(([title, server]) => meet(stage, title, server())))
  for (const [index, { title, address, sent, read }] of found.entries()) {
    const problem = `the last problem was: ${strangers[index]?.[2](address)}`
    assert.equal(sent, `TIMEOUT: waited N ms for topic t to be known; ${problem}`, title)
    assert.equal(read, `TIMEOUT: waited N ms for the next record; ${problem}`, title)
  }
})

async function meet(stage: Stage, title: string, server: net.Server) {
  const address = await stage.listen(server)
  const settings = { bootstrapServers: address, socketConnectionSetupTimeoutMs: PATIENCE_MS / 4 }
  const consumer = stage.consumer({ ...settings, groupId: 'g' })
  consumer.subscribe(topic)
  const [sent, read] = await Promise.all([
    refusal(stage.producer(settings).send({ topic, value: 'x' })),
    refusal(consumer.next({ timeoutMs: PATIENCE_MS })),
  ])
  return { title, address, sent, read }
}

function answering(bytes: readonly number[]): net.Server {
  return rawServer((socket) => socket.once('data', () => socket.write(Buffer.from(bytes))))
}

hostile('a name that is not known, and one with several addresses', async (stage) => {
  const addresses = (host: string) => {
    if (host === 'several.invalid') return ['127.0.0.1', '127.0.0.2']
    throw new NetworkError(
      'resolve',
      'ENOTFOUND',
      host,
      `the host name ${host} cannot be resolved (ENOTFOUND)`,
    )
  }
  const runtime: Runtime = { ...nodeRuntime(), resolve: async (host) => addresses(host) }
  const producer = stage.producer({ bootstrapServers: 'unknown.invalid:9092,several.invalid:1' }, { runtime })
  assert.equal(
    await refusal(producer.send({ topic, value: 'x' })),
    'TIMEOUT: waited N ms for topic t to be known; the last problem was: no broker can be reached:\n' +
      '  - cannot reach the bootstrap server unknown.invalid:9092: the host name is not known (ENOTFOUND); ' +
      'check bootstrapServers\n' +
      '  - cannot reach the bootstrap server several.invalid:1: nothing listens there ' +
      '(ECONNREFUSED at 127.0.0.1, ECONNREFUSED at 127.0.0.2); check bootstrapServers',
  )
})

hostile('one dead address of several costs nothing', async (stage) => {
  const broker = await stage.broker()
  const producer = stage.producer({ bootstrapServers: `${NOBODY},${broker.bootstrapServers},${NOBODY_ELSE}` })
  const { offset } = await producer.send({ topic, value: 'x' })
  assert.equal(offset, 0)
})

hostile(
  'a broker that falls silent after it was known: nothing was sent, and that is said',
  async (stage) => {
    const broker = await stage.broker()
    broker.createTopic(topic)
    const producer = stage.producer({
      bootstrapServers: broker.bootstrapServers,
      socketConnectionSetupTimeoutMs: PATIENCE_MS / 4,
      enableIdempotence: false,
    })
    await producer.partitionsFor(topic)
    // The partition's leader is dialled anew; it takes the connection and says nothing from now on.
    broker.faults.add({ api: 'ApiVersions', times: Number.POSITIVE_INFINITY, delayMs: PATIENCE_MS * 1.5 })
    const error = await failure(producer.send({ topic, value: 'x' }))
    assert.ok(error instanceof TimeoutError)
    assert.equal(error.sent, false)
    assert.match(error.message, /the answer to ApiVersions from broker 1 at .* It was never sent/)
  },
)

hostile(
  'who refuses to say what he speaks is believed at once, and the connection is closed',
  async (stage) => {
    const closed: Promise<void>[] = []
    const server = rawServer((socket) => {
      closed.push(new Promise((resolve) => socket.once('close', () => resolve())))
      socket.once('data', () => socket.write(Buffer.from([0, 0, 0, 12, 0, 0, 0, 1, 0, 58, 1, 0, 0, 0, 0, 0])))
    })
    const address = await stage.listen(server)
    const producer = stage.producer({ bootstrapServers: address, maxBlockMs: 60_000 })
    assert.equal(
      await refusal(producer.send({ topic, value: 'x' })),
      `SASL_AUTHENTICATION_FAILED: ApiVersions (the bootstrap server ${address}): SASL_AUTHENTICATION_FAILED. ` +
        'The broker refused the credentials; check the user name, the password and the mechanism.',
    )
    assert.equal(closed.length, 1)
    await closed[0]
  },
)
