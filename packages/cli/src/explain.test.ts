/** `samsa explain` with what it is given and what it prints; samsa.test.ts has the process around it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BatchWriter, encodeRequest, encodeResponse, Heartbeat } from '@samsa/protocol'
import { run } from './run.ts'

const request = Buffer.concat(
  encodeRequest(Heartbeat, 4, 7, 'me', { groupId: 'billing', generationId: 3, memberId: 'm-1' }),
)
const response = Buffer.concat(encodeResponse(Heartbeat, 4, 7, { errorCode: 27 }))

/** Runs the command with files that exist only here; the one without a name is what is piped in. */
async function explained(args: string[], files: ReadonlyMap<string | undefined, Uint8Array> = new Map()) {
  let out = ''
  let err = ''
  const code = await run(['explain', ...args], {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    read: async (file) => files.get(file) ?? Promise.reject(new Error(`there is no ${file}`)),
    outIsColoured: false,
    errIsColoured: false,
    stopped: new AbortController().signal,
  })
  return { code, out, err }
}

describe('samsa explain', () => {
  it('explains a request that is given as hex, in one word or many', async () => {
    const hex = request.toString('hex')
    const one = await explained([hex])
    assert.equal(one.code, 0)
    assert.match(one.out, /^Heartbeat v4 request, correlation id 7, \d+ bytes\n/)
    assert.match(one.out, /groupId +"billing"\n/)
    assert.deepEqual(await explained(hex.match(/../g) as string[]), one)
    assert.deepEqual(await explained([`0x${hex.match(/../g)?.join(':')}`]), one)
  })

  it('takes a file or a pipe, with hex or the bytes themselves', async () => {
    const { out } = await explained([request.toString('hex')])
    const text = Buffer.from(`${request.toString('hex')}\n`)
    for (const content of [request, text]) {
      assert.equal((await explained([], new Map([[undefined, content]]))).out, out)
      assert.equal((await explained(['-f', 'x'], new Map([['x', content]]))).out, out)
    }
  })

  it('explains a response by the request that it answers, by name or number', async () => {
    const hex = response.toString('hex')
    const { out, code } = await explained(['--response', 'Heartbeat:4', hex])
    assert.equal(code, 0)
    assert.match(out, /errorCode +27 {2}REBALANCE_IN_PROGRESS\n/)
    for (const written of ['heartbeat:v4', 'Heartbeat v4', '12:4'])
      assert.equal((await explained(['-r', written, hex])).out, out, written)
  })

  it('explains record batches', async () => {
    const writer = new BatchWriter()
    writer.append(0, 'key', 'value', undefined)
    const hex = Buffer.from(writer.finish({ codec: 'gzip' })).toString('hex')
    const { out, code } = await explained(['--records', hex])
    assert.equal(code, 0)
    assert.match(out, /records\[0\]\.value +"value"\n/)
  })

  it('explains a broken frame as far as it goes, and exits with 1', async () => {
    const { out, err, code } = await explained([request.subarray(4, 20).toString('hex')])
    assert.equal(code, 1)
    assert.equal(err, '')
    assert.match(out, /header\.correlationId +7\n/)
    assert.match(out, /\nbroken: groupId: length 7 is more than/)
  })

  it('explains a captured connection', async () => {
    const files = new Map([
      ['c', request],
      ['s', response],
    ])
    const { out, code } = await explained(['--client', 'c', '--server', 's'], files)
    assert.equal(code, 0)
    assert.match(out, /^client byte 0: Heartbeat v4 request/)
    assert.match(out, /\nserver byte 0: Heartbeat v4 response/)
    const garbage = await explained(['--client', 'c'], new Map([['c', Buffer.from('garbage')]]))
    assert.equal(garbage.code, 1)
    assert.match(garbage.out, /7 unreadable bytes/)
  })

  it('keeps to the width and the rows that are asked for', async () => {
    const { out } = await explained(['--width', '60', '--rows', '3', request.toString('hex')])
    assert.ok(out.split('\n').every((line) => line.length <= 60))
    assert.match(out, /\n\(\d+ more\)\n$/)
  })

  it('says why there is nothing to explain', async () => {
    const { err, code } = await explained(['-f', 'nowhere'])
    assert.equal(code, 1)
    assert.match(err, /^error: there is no nowhere\n/)
  })
})
