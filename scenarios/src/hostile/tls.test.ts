import assert from 'node:assert/strict'
import http from 'node:http'
import tls from 'node:tls'
import { nodeRuntime } from '@samsa/runtime'
import { anotherAuthority, authority, expiredServer, server } from './certificates.ts'
import type { Stage } from './stage.ts'
import { hostile, rawServer, refusal } from './stage.ts'

const topic = 't'
/** Where nothing but an error at once can end the wait in time. */
const PATIENT = { maxBlockMs: 600_000, deliveryTimeoutMs: 600_000, defaultApiTimeoutMs: 600_000 }
const ssl = { ca: authority }

hostile('a plaintext client at a TLS port', async (stage) => {
  const hangsUp = await stage.listen(tls.createServer(server))
  // Java answers with an alert of TLS before it hangs up.
  const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, 70])
  const answers = await stage.listen(rawServer((socket) => socket.once('data', () => socket.end(alert))))
  const said = (address: string) =>
    refusal(stage.producer({ bootstrapServers: address }).send({ topic, value: null }))
  const [first, second] = await Promise.all([said(hangsUp), said(answers)])
  const waited = 'TIMEOUT: waited N ms for topic t to be known; the last problem was: the bootstrap server'
  assert.equal(
    first,
    `${waited} ${hangsUp} closed the connection before it answered anything; if the port expects TLS, set ` +
      "securityProtocol: 'SSL'; SASL is not supported yet",
  )
  assert.equal(
    second,
    `${waited} ${answers} answers with TLS: set securityProtocol: 'SSL', or use its plaintext port ` +
      '(frame size 352518912 is above the limit of 4194304 (first bytes "......F"): the other side speaks TLS)',
  )
})

hostile('a TLS client at a plaintext port', async (stage) => {
  const { bootstrapServers } = await stage.broker()
  const web = await stage.listen(http.createServer())
  const settings = { securityProtocol: 'SSL', ssl }
  const [first, second] = await Promise.all([
    refusal(stage.producer({ bootstrapServers, ...settings }).send({ topic, value: null })),
    refusal(stage.producer({ bootstrapServers: web, ...settings }).send({ topic, value: null })),
  ])
  assert.equal(
    first,
    `TIMEOUT: waited N ms for topic t to be known; the last problem was: the bootstrap server ${bootstrapServers} ` +
      'closed the connection during the TLS handshake (ECONNRESET); if the port does not speak TLS, ' +
      "set securityProtocol: 'PLAINTEXT'",
  )
  assert.equal(
    withoutCode(second),
    `AUTHENTICATION: TLS with the bootstrap server ${web} failed: the port does not speak TLS; use ` +
      "securityProtocol: 'PLAINTEXT', or the broker's TLS port (CODE)",
  )
})

hostile('what is wrong with TLS for good ends every wait at once and says what to change', async (stage) => {
  const good = await stage.listen(tls.createServer(server))
  const expired = await stage.listen(tls.createServer(expiredServer))
  const wantsUs = { ...server, requestCert: true, ca: authority }
  const careful = await stage.listen(tls.createServer(wantsUs))
  const carefulBefore13 = await stage.listen(tls.createServer({ ...wantsUs, maxVersion: 'TLSv1.2' }))
  const failed = (address: string) => `AUTHENTICATION: TLS with the bootstrap server ${address} failed:`
  const untrusted =
    'nobody who is trusted here has signed its certificate; give the certificate of its authority as ssl.ca ' +
    '(UNABLE_TO_VERIFY_LEAF_SIGNATURE: unable to verify the first certificate)'
  const unusable =
    'ssl.cert and ssl.key cannot be used, alone or together; check the files they come from (CODE)'
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
  const cases: readonly [address: string, ssl: object, said: string][] = [
    [good, {}, `${failed(good)} ${untrusted}`],
    [good, { ca: anotherAuthority }, `${failed(good)} ${untrusted}`],
    [
      good,
      { ca: authority, servername: 'kafka.example' },
      `${failed(good)} its certificate is for other names; connect by one of them, or set ssl.servername ` +
        "(ERR_TLS_CERT_ALTNAME_INVALID: Hostname/IP does not match certificate's altnames: Host: kafka.example. " +
        "is not in the cert's altnames: DNS:localhost, IP Address:127.0.0.1)",
    ],
    [
      expired,
      ssl,
      `${failed(expired)} its certificate is not valid at this time; renew it (CERT_HAS_EXPIRED: certificate has expired)`,
    ],
    [
      careful,
      ssl,
      `AUTHENTICATION: the bootstrap server ${careful} refuses us (CODE); it may want a client certificate: ` +
        'ssl.cert and ssl.key',
    ],
    [
      carefulBefore13,
      ssl,
      `${failed(carefulBefore13)} it refuses us; it may want a client certificate: ssl.cert and ssl.key (CODE)`,
    ],
    [good, { ...ssl, cert: broken, key: broken }, `${failed(good)} ${unusable}`],
    [good, { ...ssl, cert: anotherAuthority, key: server.key }, `${failed(good)} ${unusable}`],
  ]
  for (const [bootstrapServers, given, said] of cases) {
    for (const found of await everyCall(stage, { bootstrapServers, securityProtocol: 'SSL', ssl: given }))
      assert.equal(withoutCode(found), said)
  }
})

function everyCall(stage: Stage, settings: object): Promise<string[]> {
  const { defaultApiTimeoutMs, ...ofProducer } = PATIENT
  const producer = stage.producer({ ...ofProducer, ...settings })
  const consumer = stage.consumer({ defaultApiTimeoutMs, ...settings, groupId: 'g' })
  consumer.subscribe(topic)
  return Promise.all([
    refusal(producer.send({ topic, value: null })),
    refusal(producer.partitionsFor(topic)),
    refusal(consumer.next()),
    refusal(consumer.endOffsets([{ topic, partition: 0 }])),
    refusal(consumer.committed([{ topic, partition: 0 }])),
  ])
}

hostile('with the right certificates TLS works, also where the client must show one', async (stage) => {
  const broker = await stage.broker()
  broker.createTopic(topic, { partitions: 3 })
  for (const tlsOptions of [server, { ...server, ca: authority }]) {
    const listener = await nodeRuntime().listen(
      { host: '127.0.0.1', port: 0, tls: tlsOptions },
      (transport) => broker.handle(transport),
    )
    stage.after(() => listener.close())
    const bootstrapServers = `localhost:${listener.port}`
    const settings = { bootstrapServers, securityProtocol: 'SSL', ssl: { ...ssl, ...server } }
    assert.deepEqual(await stage.producer(settings).partitionsFor(topic), [0, 1, 2])
  }
})

hostile('what cannot be a certificate is refused before anything is dialled', async (stage) => {
  const said = (given: unknown) => refusal(() => stage.producer({ securityProtocol: 'SSL', ssl: given }))
  assert.equal(
    await said({ ca: 'ca.pem' }),
    "CONFIG: ssl.ca must be PEM text, not the name of its file: ssl: { ca: readFileSync('ca.pem', 'utf8') }",
  )
  assert.equal(
    await said({ cafile: 'ca.pem' }),
    'CONFIG: ssl has no cafile; it has ca, cert, key, passphrase, servername, rejectUnauthorized',
  )
  assert.equal(
    await said(true),
    'CONFIG: KafkaProducer: ssl must be an object with PEM texts: { ca, cert, key, passphrase }, not true',
  )
})

/** OpenSSL's codes change with its version. */
function withoutCode(text: string): string {
  return text.replaceAll(/\(E(?:RR_O?SSL_|PROTO)[^)]*\)/g, '(CODE)')
}
