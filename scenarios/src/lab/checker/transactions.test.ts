import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Script } from './script.test-support.ts'

const ok = (off: number) => ({ r: 'ok', off })

function expect(
  title: string,
  codes: readonly string[],
  write: (script: Script) => void,
  mode: object = {},
): void {
  it(title, () => {
    const script = new Script(mode)
    write(script)
    assert.deepEqual(script.codes(), codes)
  })
}

/** Two writes of a transaction to one partition, with the marker at 2. */
const writes = (h: Script) =>
  h
    .txn('p', 'init', '')
    .txn('p', 'begin', 'x')
    .send('p', 0, ok(0), { txn: 'x' })
    .send('p', 1, ok(1), { txn: 'x' })

describe('outcomes that nobody knows', () => {
  const both = [0, 0, 1, 1]
  const after = (h: Script, seen: readonly number[]) =>
    h.drain('read_uncommitted', both, 3).drain('read_committed', seen, 3)
  expect('all of it', [], (h) => void after(writes(h).txn('p', 'commit', 'x', 'unk').close('p'), both))
  expect('none of it', [], (h) => void after(writes(h).txn('p', 'commit', 'x', 'unk').close('p'), []))
  expect('some of it', ['T3'], (h) => void after(writes(h).txn('p', 'commit', 'x', 'unk').close('p'), [1, 1]))
  expect(
    'none of what is committed',
    ['T4'],
    (h) => void after(writes(h).txn('p', 'commit', 'x').close('p'), []),
  )
  expect('a commit whose line was lost with its process', [], (h) => {
    after(writes(h).moment('p', { f: 'crash' }).wait(5), both)
  })
  expect('a closed process had none to lose', ['T2'], (h) => void after(writes(h).close('p'), both))
  expect(
    'what is held back is not torn',
    ['T10'],
    (h) => {
      writes(h).txn('p', 'commit', 'x').wait(100)
      h.call('a', { f: 'ends', iso: 'read_uncommitted' }, { r: 'ok', offs: { 't-0': 3 } }).wait(100)
      h.call('a', { f: 'ends', iso: 'read_committed' }, { r: 'ok', offs: { 't-0': 0 } })
      h.drain('read_uncommitted', both, 3).drain('read_committed', [], 0)
    },
    { stableMs: 50 },
  )
})

describe('reading', () => {
  expect('what is aborted, by those who asked for it', [], (h) => {
    writes(h).txn('p', 'abort', 'x').poll('c', [0, 0, 1, 1], { iso: 'read_uncommitted' })
  })
  const uncommitted = (h: Script) => {
    writes(h).txn('p', 'abort', 'x').poll('c', [0, 0, 1, 1], { iso: 'read_uncommitted' })
  }
  expect('and are held to more', ['L3'], uncommitted, { isolation: 'read_committed' })
  expect('an abort that came to nothing was no abort', [], (h) => {
    writes(h).txn('p', 'abort', 'x', 'unk').txn('p', 'commit', 'x').poll('c', [0, 0, 1, 1])
  })
  expect('an open transaction may hold the stable offset for its time', [], (h) => {
    writes(h)
    h.call('a', { f: 'ends', iso: 'read_uncommitted' }, { r: 'ok', offs: { 't-0': 2 } })
    h.call('a', { f: 'ends', iso: 'read_committed' }, { r: 'ok', offs: { 't-0': 0 } })
  })
  expect('names of transactions belong to their client', [], (h) => {
    h.txn('p', 'begin', '1').send('p', 0, ok(0), { txn: '1' }).txn('p', 'abort', '1')
    h.txn('q', 'begin', '1').send('q', 1, ok(2), { txn: '1' }).txn('q', 'commit', '1').poll('c', [2, 1])
  })
})

describe('fencing', () => {
  expect('a commit that began before another took over', [], (h) => {
    const end = writes(h).begin('p', { f: 'txn', step: 'commit', tid: 'id', txn: 'x' })
    h.txn('q', 'init', '')
    end({ step: 'commit', tid: 'id', txn: 'x', r: 'ok' })
    h.poll('c', [0, 0, 1, 1])
  })
  expect('one that began after', ['T5'], (h) => {
    writes(h).txn('q', 'init', '').txn('p', 'commit', 'x').poll('c', [0, 0, 1, 1])
  })
  expect('an own new init is no takeover', [], (h) => {
    writes(h).txn('p', 'commit', 'x').txn('p', 'init', '').poll('c', [0, 0, 1, 1])
  })
})

describe('copying', () => {
  const input = (h: Script) => h.send('i', 10, { r: 'ok', off: 0 }, { tp: 'in-0' })
  const copy = (h: Script, txn: string, v: number, off: number) => {
    h.txn('p', 'begin', txn)
    h.call('p', { f: 'poll', iso: 'read_committed', txn }, { recs: { 'in-0': [0, 10, 1] } })
    return h.send('p', v, ok(off), { txn, src: 'in-0@0' })
  }
  const offsets = { offs: { 'in-0': 1 }, group: 'g' }
  const read = (h: Script, recs: readonly number[]) =>
    h.drain('read_uncommitted', recs, 9).drain('read_committed', recs, 9)
  expect('one for one', [], (h) => {
    copy(input(h), 'x', 0, 0).txn('p', 'offsets', 'x', 'ok', offsets).txn('p', 'commit', 'x')
    read(h, [0, 0])
  })
  expect('twice, since it was read twice', ['C4', 'T8'], (h) => {
    copy(input(h), 'x', 0, 0).txn('p', 'offsets', 'x', 'ok', offsets).txn('p', 'commit', 'x')
    copy(h, 'y', 1, 2).txn('p', 'offsets', 'y', 'ok', offsets).txn('p', 'commit', 'y')
    read(h, [0, 0, 2, 1])
  })
  expect('consumed without an output', ['T8'], (h) => {
    copy(input(h).send('i', 11, { r: 'ok', off: 1 }, { tp: 'in-0' }), 'x', 0, 0)
    h.txn('p', 'offsets', 'x', 'ok', { offs: { 'in-0': 2 }, group: 'g' }).txn('p', 'commit', 'x')
    h.call('c', { f: 'poll', iso: 'read_committed' }, { recs: { 'in-0': [0, 10, 1, 1, 11, 1] } })
    read(h, [0, 0])
  })
  expect('an output without its input consumed', ['T8'], (h) => {
    copy(input(h), 'x', 0, 0).txn('p', 'offsets', 'x', 'ok', { offs: { 'in-0': 0 }, group: 'g' })
    h.txn('p', 'commit', 'x').close('p')
    read(h, [0, 0])
  })
  expect('not read again after an abort, and consumed all the same', ['T9'], (h) => {
    copy(input(h), 'x', 0, 0).txn('p', 'abort', 'x')
    h.txn('p', 'begin', 'y').send('p', 1, ok(2), { txn: 'y', src: 'in-0@0' })
    h.txn('p', 'offsets', 'y', 'ok', offsets).txn('p', 'commit', 'y')
    h.drain('read_uncommitted', [0, 0, 2, 1], 4).drain('read_committed', [2, 1], 4)
  })
  expect('read again after an abort', [], (h) => {
    copy(input(h), 'x', 0, 0).txn('p', 'abort', 'x')
    copy(h, 'y', 1, 2).txn('p', 'offsets', 'y', 'ok', offsets).txn('p', 'commit', 'y')
    h.drain('read_uncommitted', [0, 0, 2, 1], 4).drain('read_committed', [2, 1], 4)
  })
})

describe('time', () => {
  expect(
    'silence while nothing is asked for',
    [],
    (h) => {
      h.moment('judge', { f: 'heal' }).wait(1000).send('p', 0, ok(0)).close('p')
    },
    { progressMs: 100 },
  )
  expect(
    'silence although something is',
    ['V3'],
    (h) => {
      h.moment('judge', { f: 'heal' })
      const end = h.begin('p', { f: 'send', tp: 't-0', v: 0 })
      h.wait(1000)
      end(ok(0))
      h.close('p')
    },
    { progressMs: 100 },
  )
  expect(
    'silence between faults',
    [],
    (h) => {
      h.moment('judge', { f: 'heal' }).moment('judge', { f: 'fault' })
      const end = h.begin('p', { f: 'send', tp: 't-0', v: 0 })
      h.wait(1000)
      end(ok(0))
      h.close('p')
    },
    { progressMs: 100 },
  )
  expect(
    'a partition that its reader has forgotten',
    ['V4'],
    (h) => {
      h.send('p', 0, ok(0)).poll('c', [0, 0]).send('p', 1, ok(1)).wait(1000).poll('c', [])
    },
    { lagMs: 100 },
  )
  const unread = (h: Script) => h.send('p', 0, ok(0)).poll('c', [0, 0]).send('p', 1, ok(1))
  expect(
    'a partition whose reader is gone',
    [],
    (h) => void unread(h).close('c').wait(1000).poll('d', [], {}).drain('read_uncommitted', [0, 0, 1, 1], 2),
    { lagMs: 100 },
  )
  expect(
    'a partition whose reader does nothing',
    ['V4'],
    (h) => void unread(h).wait(1000).close('c').drain('read_uncommitted', [0, 0, 1, 1], 2),
    { lagMs: 100 },
  )
  expect(
    'a partition that only the drain reads',
    [],
    (h) => {
      h.send('p', 0, ok(0)).wait(1000).drain('read_uncommitted', [0, 0], 1)
    },
    { lagMs: 100 },
  )
  expect(
    'a call that takes too long',
    ['V2'],
    (h) => {
      const end = h.begin('p', { f: 'send', tp: 't-0', v: 0 })
      h.wait(2000)
      end(ok(0))
    },
    { deliveryMs: 500 },
  )
})
