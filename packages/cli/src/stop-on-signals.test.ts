import assert from 'node:assert/strict'
import test from 'node:test'
import { stopOnSignals } from './stop-on-signals.ts'

function signalled() {
  const listeners = new Map<string, () => void>()
  const timers: { ms: number; fire: () => void }[] = []
  const exits: [code: number, why?: string][] = []
  const stop = new AbortController()
  stopOnSignals(stop, {
    on: (signal, listener) => void listeners.set(signal, listener),
    after: (ms, fire) => void timers.push({ ms, fire }),
    exit: (code, why) => void exits.push(why === undefined ? [code] : [code, why]),
  })
  return { stop, timers, exits, send: (signal: string) => listeners.get(signal)?.() }
}

test('the first signal asks to stop and ends nothing by itself', () => {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
    const { stop, exits, send } = signalled()
    send(signal)
    assert.ok(stop.signal.aborted, signal)
    assert.deepEqual(exits, [])
  }
})

test('the second one ends everything at once, with the code that shells show for it', () => {
  const { exits, send } = signalled()
  send('SIGTERM')
  send('SIGINT')
  assert.deepEqual(exits, [[130]])
})

test('a stop that takes longer than five seconds is given up', () => {
  const { timers, exits, send } = signalled()
  send('SIGTERM')
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [5000],
  )
  timers[0]?.fire()
  assert.deepEqual(exits, [[143, 'stopping took longer than 5 s; gave up']])
})
