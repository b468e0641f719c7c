import assert from 'node:assert/strict'
import test from 'node:test'
import { ApiVersions, decodeResponse, Heartbeat, Metadata } from '@samsa/protocol'
import { CoreStage } from './core-stage.test-support.ts'
import { Fault, ProxyError } from './fault.ts'

const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1' }
const bytes = (length: number) => Buffer.alloc(length, 7)
/** What has no frames, so that the faults of bytes are seen by themselves. */
const noise = Buffer.from('GET / HTTP/1.1\r\n\r\n')

test('delays come later, never in another order, and by the same times for the same seed', () => {
  const run = (seed: number) => {
    const stage = new CoreStage(seed)
    stage.connect()
    stage.inject({ action: 'delay', direction: 'request', ms: 100, jitterMs: 50 })
    for (let id = 0; id < 20; id++) {
      stage.ask(Heartbeat, 4, id, heartbeat)
      stage.wait(5)
    }
    assert.equal(stage.now, 1100)
    stage.wait(200)
    return { log: stage.log, got: stage.got('server') }
  }
  const [first, again, other] = [run(7), run(7), run(8)]
  assert.deepEqual(first, again)
  assert.notDeepEqual(first.log, other.log)
  assert.deepEqual(first.got, other.got)
  const sent = new CoreStage()
  sent.connect()
  for (let id = 0; id < 20; id++) sent.ask(Heartbeat, 4, id, heartbeat)
  assert.deepEqual(first.got, sent.got('server'))
})

test('a rate lets so many bytes through in a second', () => {
  const stage = new CoreStage()
  stage.connect()
  stage.inject({ action: 'rate', direction: 'request', bytesPerSecond: 10_000 })
  stage.bytes('client', noise)
  stage.bytes('client', bytes(20_000))
  stage.wait(1000)
  const passed = stage.got('server').length
  assert.ok(Math.abs(passed - 10_000) <= 200, `${passed} bytes`)
  stage.wait(2000)
  assert.equal(passed + stage.got('server').length, 20_000 + noise.length)
})

test('a stall begins exactly after so many bytes, and ends with the fault', () => {
  const stage = new CoreStage()
  stage.connect()
  const stall = stage.inject({ action: 'stall', direction: 'response', afterBytes: 30 })
  stage.bytes('server', bytes(20))
  stage.bytes('server', bytes(20))
  stage.wait(60_000)
  assert.equal(stage.got('client').length, 30)
  stage.step({ kind: 'heal', faults: [stall] })
  assert.equal(stage.got('client').length, 10)
})

test('a cut comes exactly after so many bytes, by a reset or in order', () => {
  for (const how of ['reset', 'close'] as const) {
    const stage = new CoreStage()
    stage.connect()
    stage.inject({ action: 'cut', direction: 'response', afterBytes: 30, how })
    stage.bytes('server', bytes(100))
    assert.equal(stage.got('client').length, 30)
    assert.ok(stage.did(`destroy 1 client ${how}`) && stage.did(`destroy 1 server ${how}`), how)
    assert.equal(stage.core.connections, 0)
  }
})

test('a black hole swallows one or both ways, and resets what it swallowed from when it ends', () => {
  const stage = new CoreStage()
  stage.connect(1)
  stage.connect(2)
  const hole = stage.inject({ action: 'blackHole', direction: 'request' })
  stage.ask(Heartbeat, 4, 1, heartbeat, 1)
  assert.equal(stage.got('server', 1).length, 0)
  stage.bytes('server', bytes(10), 1)
  assert.equal(stage.got('client', 1).length, 10)
  stage.step({ kind: 'heal', faults: [hole] })
  stage.ask(Heartbeat, 4, 2, heartbeat, 2)
  assert.ok(stage.got('server', 2).length > 0)
  assert.equal(stage.core.connections, 2)
  stage.ask(Heartbeat, 4, 2, heartbeat, 1)
  assert.equal(stage.got('server', 1).length, 0)
  assert.ok(stage.did('destroy 1 client reset') && stage.did('destroy 1 server reset'))
  assert.equal(stage.core.connections, 1)
})

test('the end of a connection is lost in a black hole as well', () => {
  const stage = new CoreStage()
  stage.connect()
  stage.inject({ action: 'blackHole' })
  stage.bytes('client', noise)
  stage.step({ kind: 'ended', connection: 1, side: 'client' })
  stage.step({ kind: 'gone', connection: 1, side: 'client' })
  assert.ok(!stage.log.some((line) => /^(end|destroy) 1 server/.test(line)), stage.log.join('\n'))
  stage.step({ kind: 'heal' })
  assert.ok(stage.did('destroy 1 server reset'))
})

test('half a close ends one way only, a forgotten connection is known to one side only', () => {
  const half = new CoreStage()
  half.connect()
  half.inject({ action: 'halfClose', direction: 'response' })
  assert.ok(half.did('end 1 client'))
  half.ask(Heartbeat, 4, 1, heartbeat)
  assert.ok(half.got('server').length > 0)
  half.bytes('server', bytes(10))
  assert.equal(half.got('client').length, 0)

  const forgotten = new CoreStage()
  forgotten.connect()
  forgotten.inject({ action: 'forget', direction: 'request' })
  assert.ok(forgotten.did('destroy 1 server reset'))
  forgotten.ask(Heartbeat, 4, 1, heartbeat)
  assert.ok(!forgotten.log.some((line) => /^(end|destroy) 1 client/.test(line)))
})

test('connections are reset, by count, for a time, and all at once', () => {
  const stage = new CoreStage()
  stage.connect(1)
  stage.inject({ action: 'reset', nth: 2, times: 1 })
  assert.ok(!stage.did('destroy 1 client reset'))
  stage.connect(2)
  assert.ok(stage.did('destroy 2 client reset'))
  stage.connect(3)
  const brief = stage.inject({ action: 'reset', forMs: 100 })
  assert.equal(stage.core.connections, 0)
  stage.connect(4)
  assert.equal(stage.core.connections, 0)
  stage.wait(100)
  assert.ok(brief.isOver)
  stage.connect(5)
  stage.connect(6)
  assert.equal(stage.core.connections, 2)
  stage.step({ kind: 'cutAll' })
  assert.equal(stage.core.connections, 0)
})

test('a listener refuses and comes back on its port; a silent one accepts and says nothing', () => {
  const stage = new CoreStage()
  const refuse = stage.inject({ action: 'refuse' })
  assert.deepEqual([stage.log.at(-1), refuse.hits], ['unlisten kafka.example:9092', 1])
  stage.step({ kind: 'heal', faults: [refuse] })
  assert.equal(stage.log.at(-1), 'listen kafka.example:9092')
  const silent = stage.inject({ action: 'silent', times: 1 })
  stage.step({ kind: 'accepted', connection: 1, address: 'kafka.example:9092' })
  stage.ask(ApiVersions, 4, 1, software)
  assert.ok(!stage.log.some((line) => /connect 1|destroy/.test(line)), stage.log.join('\n'))
  stage.step({ kind: 'heal', faults: [silent] })
  stage.ask(ApiVersions, 4, 2, software)
  assert.ok(stage.did('destroy 1 client reset'))
  stage.connect(2)
  stage.ask(ApiVersions, 4, 1, software, 2)
  assert.ok(stage.got('server', 2).length > 0)
})

test('who takes no bytes keeps the other side from sending more than a bounded amount', () => {
  const stage = new CoreStage()
  stage.connect()
  stage.step({ kind: 'full', connection: 1, side: 'client' })
  stage.bytes('server', noise)
  for (let count = 0; count < 20; count++) stage.bytes('server', bytes(64 * 1024))
  assert.ok(stage.did('pause 1 server'))
  assert.equal(stage.got('client').length, 0)
  stage.step({ kind: 'writable', connection: 1, side: 'client' })
  assert.equal(stage.got('client').length, noise.length + 20 * 64 * 1024)
  assert.ok(stage.did('resume 1 server'))
})

test('brokers that answers name are known by the ports of the proxy', () => {
  const stage = new CoreStage()
  stage.connect()
  stage.ask(Metadata, 12, 5, { topics: [] })
  const brokers = [
    { nodeId: 1, host: 'kafka.example', port: 9092 },
    { nodeId: 2, host: 'other.example', port: 9093 },
  ]
  stage.answer(Metadata, 12, 5, { brokers, topics: [] })
  assert.ok(stage.did('listen other.example:9093'))
  const body = decodeResponse(Metadata, 12, stage.got('client').subarray(4))
  assert.deepEqual(
    body.brokers.map(({ nodeId, host, port }) => [nodeId, host, port]),
    [
      [1, '127.0.0.1', 40_000],
      [2, '127.0.0.1', 40_001],
    ],
  )
  // From now on a fault may name the broker by its id.
  stage.step({ kind: 'accepted', connection: 2, address: 'other.example:9093' })
  stage.step({ kind: 'opened', connection: 2 })
  stage.inject({ action: 'reset', node: 2 })
  assert.ok(stage.did('destroy 2 client reset') && !stage.did('destroy 1 client reset'))
})

test('TLS goes through as bytes, and faults of frames are refused with a reason', () => {
  const stage = new CoreStage()
  stage.connect()
  const drop = stage.inject({ action: 'drop', api: 'Produce' })
  const hello = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 7, 7])
  stage.bytes('client', hello)
  assert.deepEqual(stage.got('server'), hello)
  stage.bytes('server', hello)
  assert.deepEqual(stage.got('client'), hello)
  assert.equal(drop.refusal?.code, 'PROXY_FRAMES_HIDDEN')
  stage.inject({ action: 'cut', afterBytes: 4, direction: 'request' })
  stage.bytes('client', bytes(10))
  assert.equal(stage.got('server').length, 4)
  assert.ok(stage.did('destroy 1 client reset'))
})

test('rules that make no sense are refused', () => {
  const wrong: [object, RegExp][] = [
    [{ action: 'drop', api: 'Produkt' }, /there is no API Produkt; did you mean Produce/],
    [{ action: 'rate', bytesPerSecond: 0 }, /above 0/],
    [{ action: 'blackHole', api: 'Produce' }, /whole connections/],
    [{ action: 'late', api: 'Produce', ms: 1, direction: 'response' }, /late delivers requests/],
    [{ action: 'errorCode', api: 'Produce', code: 'NO_SUCH' }, /no error NO_SUCH/],
    [{ action: 'errorCode', api: 'Produce', code: 1, direction: 'request' }, /in answers/],
    [{ action: 'drop', api: 'Produce', nth: 0 }, /counted from 1/],
    [{ action: 'drop', api: 'Produce', times: 1.5 }, /whole number/],
    [{ action: 'drop', api: 'Produce', chance: 2 }, /from 0 to 1/],
    [{ action: 'delay' }, /needs ms/],
    [{ action: 'stall', afterBytes: -1 }, /from 0/],
    [{ action: 'cut', at: 'half' }, /names? .*frame|cuts a frame/],
    [{ action: 'cut', api: 'Produce', afterBytes: 3 }, /counts a connection's bytes/],
    [{ action: 'throttle', ms: 2 ** 31 }, /int32/],
    [{ action: 'errorCode', api: 'Produce', code: 40_000 }, /int16/],
    [{ action: 'versions', of: 'Produce', max: 1.5 }, /int16/],
    [{ action: 'vanish' }, /no action vanish/],
  ]
  for (const [rule, reason] of wrong) {
    assert.throws(
      () => new Fault(1, rule as never),
      (error) => error instanceof ProxyError && error.code === 'PROXY_FAULT' && reason.test(error.message),
      JSON.stringify(rule),
    )
  }
})
