import assert from 'node:assert/strict'
import test from 'node:test'
import { readArguments } from './arguments.ts'
import { UsageError } from './command.ts'
import { run } from './run.ts'
import type { Terminal } from './terminal.ts'
import { printable, wantsColour } from './terminal.ts'

const table = {
  port: { kind: 'number', short: 'p', value: 'PORT', about: '' },
  name: { kind: 'text', value: 'NAME', about: '' },
  topic: { kind: 'list', short: 't', value: 'TOPIC', about: '' },
  json: { kind: 'flag', about: '' },
} as const

test('options are read in every common form', () => {
  const { options, positionals } = readArguments(
    ['-p', '1', '--topic=a', '-t', 'b', '-tc', '--name', 'x=y', 'word', '--', '--json'],
    table,
  )
  assert.deepEqual({ ...options }, { port: 1, name: 'x=y', topic: ['a', 'b', 'c'], json: false })
  assert.deepEqual(positionals, ['word', '--json'])
})

test('what is left out is undefined, false or empty; the last of several wins', () => {
  assert.deepEqual(
    { ...readArguments([], table).options },
    { port: undefined, name: undefined, topic: [], json: false },
  )
  assert.equal(readArguments(['--port', '1', '--port', '2'], table).options.port, 2)
})

test('names that every object has are options no more than others', () => {
  for (const name of ['--constructor', '--__proto__', '--toString'])
    assert.throws(() => readArguments([name], table), UsageError)
})

test('a negative number is a value, and refused as one', () => {
  assert.throws(() => readArguments(['--port', '-1'], table), /--port needs a whole number, not "-1"/)
})

test('a stop before the broker starts starts nothing', async () => {
  const written: string[] = []
  const terminal: Terminal = {
    out: (text) => void written.push(text),
    err: (text) => void written.push(text),
    read: () => Promise.reject(new Error('there is nothing to read')),
    outIsColoured: false,
    errIsColoured: false,
    stopped: AbortSignal.abort(),
  }
  assert.equal(await run(['broker', '--port', '0'], terminal), 0)
  assert.deepEqual(written, [])
})

test('colours: a terminal has them, a dumb one has not, NO_COLOR wins over everything', () => {
  assert.equal(wantsColour(true, {}), true)
  assert.equal(wantsColour(true, { TERM: 'dumb' }), false)
  assert.equal(wantsColour(true, { NO_COLOR: '1' }), false)
  assert.equal(wantsColour(true, { NO_COLOR: '' }), true, 'an empty NO_COLOR is none')
  assert.equal(wantsColour(false, {}), false)
  assert.equal(wantsColour(false, { FORCE_COLOR: '1' }), true)
  assert.equal(wantsColour(true, { FORCE_COLOR: '0' }), false)
  assert.equal(wantsColour(false, { FORCE_COLOR: '1', NO_COLOR: '1' }), false)
})

test('control characters are shown, not obeyed', () => {
  assert.equal(printable('a\u001b[2Jb\u009bc\nd'), 'a\\x1b[2Jb\\x9bc\\x0ad')
})
