import assert from 'node:assert/strict'
import test from 'node:test'
import { Ledger } from './ledger.ts'

const READER = 'reader'
const GROUP = 'group'
const GROUPS = [READER, GROUP]
const TP = 'orders-0'

/** One partition: three records of one producer, sent, acknowledged and read by everybody, as it should be. */
class History {
  late = 0
  readonly ledger = new Ledger(GROUPS, () => this.late)
  readonly ends = new Map([[TP, 3]])

  constructor() {
    for (const value of ['a', 'b', 'c']) this.ledger.send('producer', value)
  }

  acknowledge(...offsets: number[]): this {
    ;['a', 'b', 'c'].forEach((value, index) => {
      const offset = offsets[index]
      if (offset !== undefined) this.ledger.acknowledge(value, TP, offset)
    })
    return this
  }

  /** Hands values to a reader, as [offset, value]. */
  hand(group: string, reader: string, stint: number, ...records: [number, string][]): this {
    for (const [offset, value] of records) {
      this.ledger.hand(group, { reader, stint, tp: TP, offset, value })
      this.ledger.finish(group, TP, offset)
    }
    return this
  }

  /** Hands all to the reader, and to the group unless that was done already. */
  rest(options: { group?: boolean } = {}): string[] {
    const all: [number, string][] = [
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ]
    this.hand(READER, READER, 0, ...all)
    if (options.group !== false) this.hand(GROUP, 'member', 1, ...all)
    return this.ledger.findings(this.ends)
  }
}

const kinds = (findings: string[]) => [...new Set(findings.map((finding) => finding.split(':')[0]))]

test('a history in order has no findings', () => {
  const history = new History().acknowledge(0, 1, 2)
  history.ledger.assign(GROUP, 'member', 1, [TP])
  assert.deepEqual(history.rest(), [])
  assert.deepEqual(history.ledger.counts, { sent: 3, acknowledged: 3, failed: 0, handed: 6 })
})

test('a rebalance excuses that records come again, from where the group had committed', () => {
  const history = new History().acknowledge(0, 1, 2)
  history.hand(GROUP, 'one', 1, [0, 'a'], [1, 'b'])
  history.ledger.commit(GROUP, TP, 1)
  history.ledger.assign(GROUP, 'two', 1, [TP])
  history.hand(GROUP, 'two', 1, [1, 'b'], [2, 'c'])
  assert.deepEqual(history.rest({ group: false }), [])
})

test('an older commit that was carried out late excuses that a group goes back', () => {
  const history = new History().acknowledge(0, 1, 2)
  history.hand(GROUP, 'one', 1, [0, 'a'], [1, 'b'])
  history.ledger.commit(GROUP, TP, 2)
  history.ledger.assign(GROUP, 'two', 1, [TP])
  history.late++
  history.hand(GROUP, 'two', 1, [1, 'b'], [2, 'c'])
  assert.deepEqual(history.rest({ group: false }), [])
})

test('a commit that is told when the partition is gone excuses that a group goes back', () => {
  const history = new History().acknowledge(0, 1, 2)
  history.hand(GROUP, 'one', 1, [0, 'a'], [1, 'b'])
  history.ledger.commit(GROUP, TP, 2, false)
  history.ledger.assign(GROUP, 'two', 1, [TP])
  history.hand(GROUP, 'two', 1, [1, 'b'], [2, 'c'])
  assert.deepEqual(history.rest({ group: false }), [])
})

test('a reader that goes back by itself begins where it went, and nowhere else', () => {
  const after = (sought: number) => {
    const history = new History().acknowledge(0, 1, 2)
    history.hand(READER, READER, 0, [0, 'a'], [1, 'b'])
    history.ledger.seek(READER, 0, TP, sought)
    return kinds(history.rest())
  }
  assert.deepEqual(after(0), [])
  assert.deepEqual(after(1), ['gap'])
})

/** Histories in which something is wrong, by what is found. */
const anomalies: Record<string, () => string[]> = {
  missing: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.hand(GROUP, 'member', 1, [0, 'a'], [1, 'b'])
    return history.rest({ group: false })
  },
  divergent: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.hand(GROUP, 'member', 1, [0, 'b'], [1, 'a'], [2, 'c'])
    return history.rest({ group: false })
  },
  duplicate: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.ends.set(TP, 4)
    history.hand(READER, READER, 0, [0, 'a'], [1, 'b'], [2, 'c'], [3, 'a'])
    history.hand(GROUP, 'member', 1, [0, 'a'], [1, 'b'], [2, 'c'])
    return history.ledger.findings(history.ends)
  },
  gap: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.hand(GROUP, 'member', 1, [0, 'a'], [2, 'c'], [1, 'b'])
    return history.rest({ group: false })
  },
  skip: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.hand(GROUP, 'member', 1, [1, 'b'], [2, 'c'])
    history.hand(GROUP, 'member', 2, [0, 'a'])
    return history.rest({ group: false })
  },
  back: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.hand(GROUP, 'one', 1, [0, 'a'], [1, 'b'])
    history.ledger.commit(GROUP, TP, 2)
    history.ledger.assign(GROUP, 'two', 1, [TP])
    history.hand(GROUP, 'two', 1, [1, 'b'], [2, 'c'])
    return history.rest({ group: false })
  },
  ahead: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.ledger.hand(GROUP, { reader: 'one', stint: 1, tp: TP, offset: 0, value: 'a' })
    history.ledger.commit(GROUP, TP, 1)
    return history.rest()
  },
  phantom: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.ends.set(TP, 4)
    history.hand(READER, READER, 0, [0, 'a'], [1, 'b'], [2, 'c'], [3, 'x'])
    history.hand(GROUP, 'member', 1, [0, 'a'], [1, 'b'], [2, 'c'])
    return history.ledger.findings(history.ends)
  },
  unread: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.ends.set(TP, 4)
    return history.rest()
  },
  lost: () => new History().acknowledge(0, 1, 7).rest(),
  order: () => {
    const history = new History().acknowledge(1, 0, 2)
    for (const [group, reader] of [
      [READER, READER],
      [GROUP, 'member'],
    ] as const)
      history.hand(group, reader, 0, [0, 'b'], [1, 'a'], [2, 'c'])
    return history.ledger.findings(history.ends)
  },
  liar: () => {
    const history = new History().acknowledge(0, 1)
    history.ledger.fail('c', true)
    return history.rest()
  },
  twice: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.ledger.fail('c', false)
    return history.rest()
  },
  problem: () => {
    const history = new History().acknowledge(0, 1, 2)
    history.ledger.problem('something')
    return history.rest()
  },
}

for (const [kind, findings] of Object.entries(anomalies)) {
  test(`what is ${kind} is found`, () => assert.ok(kinds(findings()).includes(kind), `${findings()}`))
}

test('a send that failed may be in the log, unless its error said that it had never left', () => {
  const history = new History().acknowledge(0, 1)
  history.ledger.fail('c', false)
  assert.deepEqual(history.rest(), [])
})

test('what a producer never promised is not asked of it', () => {
  const ledger = new Ledger([READER])
  const promise = { isKept: false, isIdempotent: false }
  for (const value of ['a', 'b', 'c']) {
    ledger.send('producer', value, promise)
    ledger.acknowledge(value, TP, -1)
  }
  assert.ok(ledger.isSettled)
  ;['b', 'a', 'b'].forEach((value, offset) => {
    ledger.hand(READER, { reader: READER, stint: 0, tp: TP, offset, value })
  })
  assert.deepEqual(ledger.findings(new Map([[TP, 3]])), [])
})

test('what a dead producer had sent may be in the log or not', () => {
  const history = new History().acknowledge(0, 1)
  history.ledger.crash('producer')
  assert.deepEqual(history.rest(), [])
  assert.equal(history.ledger.counts.failed, 1)
})

test('all is settled once everything has its outcome and everybody has read it', () => {
  const history = new History().acknowledge(0, 1)
  assert.equal(history.ledger.isSettled, false)
  history.acknowledge(...([undefined, undefined, 2] as unknown as number[]))
  assert.equal(history.ledger.isSettled, false)
  history.rest()
  assert.equal(history.ledger.isSettled, true)
})

test('many findings of a kind are told shortly', () => {
  const ledger = new Ledger([])
  for (let count = 0; count < 10; count++) ledger.send('producer', `${count}`)
  assert.deepEqual(ledger.findings(new Map()), [
    'missing: 0 has no outcome',
    'missing: 1 has no outcome',
    'missing: 2 has no outcome',
    'missing: ... and 7 more',
  ])
})
