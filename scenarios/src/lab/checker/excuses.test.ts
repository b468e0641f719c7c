import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Script } from './script.test-support.ts'

const ok = (off: number) => ({ r: 'ok', off })
const unk = { r: 'unk', attempts: ['TIMEOUT'] }

/** A history, and the codes that must be found in it: none where it is excused. */
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

describe('sends', () => {
  expect('what nobody knows of may be stored, even later', [], (h) => {
    h.send('p', 0, unk).send('p', 1, ok(1)).drain('read_uncommitted', [0, 0, 1, 1], 2)
  })
  expect('or not', [], (h) => h.send('p', 0, unk).send('p', 1, ok(0)).drain('read_uncommitted', [0, 1], 1))
  expect('but not after what the idempotent producer sent next', ['O2'], (h) => {
    h.send('p', 0, unk).send('p', 1, ok(0)).drain('read_uncommitted', [0, 1, 1, 0], 2)
  })
  const loose = { idempotent: false, inFlight: 1 }
  const late = (h: Script) =>
    h.send('p', 0, unk).send('p', 1, ok(0)).drain('read_uncommitted', [0, 1, 1, 0], 2)
  expect('which without idempotence may be', [], late, loose)
  expect('a refusal after an attempt without an answer proves nothing', [], (h) => {
    h.send('p', 0, { r: 'fail', attempts: ['TIMEOUT', 'MESSAGE_TOO_LARGE'] })
    h.drain('read_uncommitted', [0, 0], 1)
  })
  expect('a refusal alone does', ['L3'], (h) => {
    h.send('p', 0, { r: 'fail', attempts: ['MESSAGE_TOO_LARGE'] }).drain('read_uncommitted', [0, 0], 1)
  })
  expect('a call that its killed process never ended is unknown', [], (h) => {
    h.begin('p', { f: 'send', tp: 't-0', v: 0 })
    h.moment('p', { f: 'crash' }).drain('read_uncommitted', [], 0)
  })
  expect('one of a closed client never settled', ['V1'], (h) => {
    h.begin('p', { f: 'send', tp: 't-0', v: 0 })
    h.close('p').drain('read_uncommitted', [], 0)
  })
  expect('what was acknowledged during the drain need not be in it', [], (h) => {
    const end = h.begin('p', { f: 'send', tp: 't-0', v: 0 })
    h.moment('d', { f: 'open' })
    end(ok(0))
    h.poll('d', [], { iso: 'read_uncommitted', drain: true })
    h.moment('d', { f: 'drain', iso: 'read_uncommitted', offs: { 't-0': 0 } })
  })
  expect('a record that somebody read before it was lost is missed all the same', ['L2'], (h) => {
    h.send('p', 0, ok(0)).poll('c', [0, 0]).drain('read_uncommitted', [], 0)
  })
  expect(
    'a duplicate of a transaction is allowed by no mode',
    ['S2'],
    (h) => {
      h.txn('p', 'begin', 'x').send('p', 0, ok(0), { txn: 'x' }).txn('p', 'commit', 'x')
      h.drain('read_committed', [0, 0, 1, 0], 3).drain('read_uncommitted', [0, 0, 1, 0], 3)
      assert.equal(h.verdict().result, 'broken')
    },
    loose,
  )
})

describe('ends', () => {
  const ends = (h: Script, off: number, r = 'ok') =>
    h.call('a', { f: 'ends', iso: 'read_uncommitted' }, { r, offs: { 't-0': off } })
  expect('that an end is not known for the moment is no lower end', [], (h) => {
    ends(ends(h, 5), 0, 'fail')
  })
  expect('a lower one is', ['S6'], (h) => void ends(ends(h, 5), 4))
  expect('so is one below an acknowledgement', ['S6'], (h) => {
    ends(h.send('p', 0, ok(3)), 3)
  })
  expect('a cut that was told of excuses it', [], (h) => {
    ends(ends(h, 5).moment('c', { f: 'reset', tp: 't-0', why: 'truncated' }), 4)
  })
  expect('not one that goes back after that', ['S6'], (h) => {
    ends(ends(ends(h, 5).moment('c', { f: 'reset', tp: 't-0', why: 'truncated' }), 4), 3)
  })
})

describe('polls', () => {
  const three = (h: Script) => h.send('p', 0, ok(0)).send('p', 1, ok(1)).send('p', 2, ok(2))
  const all = [0, 0, 1, 1, 2, 2]
  expect(
    'a record that nobody skipped',
    [],
    (h) => void three(h).poll('c', all).drain('read_uncommitted', all, 3),
  )
  expect('one that was skipped', ['C1'], (h) => {
    three(h).poll('c', [0, 0, 2, 2]).drain('read_uncommitted', all, 3)
  })
  expect('between polls', ['C2'], (h) => {
    three(h).poll('c', [0, 0]).poll('c', [2, 2]).drain('read_uncommitted', all, 3)
  })
  expect('after seeking', [], (h) => {
    three(h)
      .poll('c', [0, 0])
      .moment('c', { f: 'seek', offs: { 't-0': 2 } })
      .poll('c', [2, 2])
    h.drain('read_uncommitted', all, 3)
  })
  expect('after a notice', [], (h) => {
    three(h).poll('c', [0, 0]).moment('c', { f: 'reset', tp: 't-0', why: 'out of range' }).poll('c', [2, 2])
    h.drain('read_uncommitted', all, 3)
  })
  expect('not after the seek of another reader', ['C2'], (h) => {
    three(h)
      .poll('c', [0, 0])
      .moment('e', { f: 'seek', offs: { 't-0': 2 } })
      .poll('c', [2, 2])
    h.drain('read_uncommitted', all, 3)
  })
  expect('after a rebalance', [], (h) => {
    three(h)
      .poll('c', [0, 0])
      .rebalance('c', 'assigned', 1)
      .poll('c', [2, 2])
      .drain('read_uncommitted', all, 3)
  })
  expect('markers and hidden records are no gap', [], (h) => {
    h.send('p', 0, ok(0)).txn('q', 'begin', 'x').send('q', 1, ok(1), { txn: 'x' }).txn('q', 'abort', 'x')
    h.send('p', 2, ok(3)).poll('c', [0, 0, 3, 2])
    h.drain('read_uncommitted', [0, 0, 1, 1, 3, 2], 4).drain('read_committed', [0, 0, 3, 2], 4)
  })
  const compacted = (h: Script) => {
    const keyed = (v: number, key: string) => h.send('p', v, ok(v), { key })
    keyed(0, 'a')
    h.poll('c', [0, 0])
    keyed(1, 'b')
    keyed(2, 'a')
    h.drain('read_uncommitted', [1, 1, 2, 2], 3)
  }
  expect('what compaction took is no loss', [], compacted, { compacted: true })
  expect('unless nothing is compacted', ['L2'], compacted)
})

describe('groups', () => {
  const two = (h: Script) => h.rebalance('a', 'assigned', 1).poll('a', [0, 0, 1, 1], { group: 'g' }, [0, 2])
  const sent = (h: Script) => h.send('p', 0, ok(0)).send('p', 1, ok(1))
  expect('a stalled member goes on with what it holds', [], (h) => {
    two(sent(h)).rebalance('b', 'assigned', 2).handle('a', 0).handle('a', 1)
  })
  expect('even after a heartbeat, until it polls', [], (h) => {
    two(sent(h)).rebalance('b', 'assigned', 2).moment('a', { f: 'beat' }).moment('a', { f: 'beat' })
    h.handle('a', 0)
  })
  expect('then it must know', ['C5'], (h) => {
    two(sent(h)).rebalance('b', 'assigned', 2).moment('a', { f: 'beat' }).moment('a', { f: 'beat' })
    h.poll('a', [], { group: 'g' }).handle('a', 0)
  })
  expect('one heartbeat may have been answered before', [], (h) => {
    two(sent(h)).rebalance('b', 'assigned', 2).moment('a', { f: 'beat' }).poll('a', [], { group: 'g' })
    h.handle('a', 0)
  })
  expect('one that was sent after it not', ['C5'], (h) => {
    two(sent(h)).rebalance('b', 'assigned', 2).call('a', { f: 'beat' }).poll('a', [], { group: 'g' })
    h.handle('a', 0)
  })
  expect('a member that keeps what another gets in its generation', ['C5'], (h) => {
    two(sent(h)).rebalance('a', 'assigned', 2, []).rebalance('b', 'assigned', 2)
  })
  expect('the heir of a killed member has its generation', [], (h) => {
    two(sent(h)).moment('a', { f: 'crash' }).rebalance('b', 'assigned', 1)
  })
  expect('generations that are not told say nothing', [], (h) => {
    h.rebalance('a', 'assigned', -1).rebalance('b', 'assigned', -1)
  })
  expect('handed over within the callback, and after it', ['C6'], (h) => {
    two(sent(h))
    const end = h.begin('a', { f: 'reb', group: 'g', kind: 'revoked', tps: ['t-0'], gen: 1 })
    h.handle('a', 0)
    end({ group: 'g', kind: 'revoked', tps: ['t-0'], gen: 1 })
    h.handle('a', 1)
  })
  expect('committed within the callback what was done', [], (h) => {
    two(sent(h)).handle('a', 0).handle('a', 1).commit('a', 2).close('a')
  })
  expect('committed what is still under way', ['C7'], (h) => {
    const end = two(sent(h)).handle('a', 0).begin('a', { f: 'handed', tp: 't-0', off: 1 })
    h.commit('a', 2)
    end()
    h.close('a')
  })
  expect(
    'committed what was never handed over',
    ['C7'],
    (h) => void two(sent(h)).handle('a', 0).commit('a', 2),
  )
  expect('what a killed member had under way nobody knows', [], (h) => {
    two(sent(h)).handle('a', 0).begin('a', { f: 'handed', tp: 't-0', off: 1 })
    h.moment('a', { f: 'crash' })
      .rebalance('b', 'assigned', 2)
      .poll('b', [], { group: 'g' }, [2, 2])
      .commit('b', 2)
  })
  const back = (h: Script, first: object) => {
    two(sent(h)).handle('a', 0).commit('a', 1, first).handle('a', 1).commit('a', 2)
    return h.rebalance('a', 'assigned', 2).poll('a', [1, 1], { group: 'g' }, [1, 2])
  }
  expect('an older commit that comes last takes the group back', [], (h) => void back(h, unk))
  expect('also when a retry had worked', [], (h) => void back(h, { r: 'ok', attempts: ['TIMEOUT', 'NONE'] }))
  expect('one that was done with does not', ['C9'], (h) => void back(h, { r: 'ok' }))
  expect('a commit that was refused cannot', ['C9'], (h) => {
    back(h, { r: 'fail', attempts: ['TOPIC_AUTHORIZATION_FAILED'] })
  })
  expect('a position that jumps within an assignment', ['C4', 'C9'], (h) => {
    two(sent(h)).handle('a', 0).handle('a', 1).commit('a', 2).poll('a', [0, 0], { group: 'g' }, [0, 1])
  })
  expect('a commit that goes back', ['C8'], (h) => {
    two(sent(h)).handle('a', 0).handle('a', 1).commit('a', 2).commit('a', 1).close('a')
  })
  expect('after seeking it may', [], (h) => {
    two(sent(h))
      .handle('a', 0)
      .handle('a', 1)
      .commit('a', 2)
      .moment('a', { f: 'seek', offs: { 't-0': 0 } })
    h.commit('a', 1).close('a')
  })
})
