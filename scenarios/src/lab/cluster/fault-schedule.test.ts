import assert from 'node:assert/strict'
import test from 'node:test'
import type { ScheduleOptions } from './fault-schedule.ts'
import { faultSchedule } from './fault-schedule.ts'

const MINUTE_MS = 60_000

/** As the rows of the programme ask for them. */
const rows = {
  'CT-01': {
    kinds: ['kill'],
    everyMs: [20_000, 40_000],
    durationMs: 30 * MINUTE_MS,
    healMs: MINUTE_MS,
    noneShare: 0,
  },
  'CT-02': {
    kinds: ['rolling-restart'],
    everyMs: 45_000,
    durationMs: 450_000,
    healMs: MINUTE_MS,
    noneShare: 0,
  },
  'CT-03': { kinds: ['leader-move'], everyMs: 5000, durationMs: 1_000_000, healMs: MINUTE_MS, noneShare: 0 },
  'CT-04': {
    kinds: ['freeze'],
    everyMs: 65_000,
    holdMs: 45_000,
    nodesAtOnce: 2,
    durationMs: 30 * MINUTE_MS,
    healMs: MINUTE_MS,
    noneShare: 0,
  },
} as const satisfies Record<string, ScheduleOptions>

const mixed: ScheduleOptions = {
  kinds: ['kill', 'freeze', 'leader-move', 'rolling-restart'],
  everyMs: [10_000, 30_000],
  durationMs: 100 * MINUTE_MS,
  healMs: 5000,
}

test('a seed is a schedule', () => {
  assert.deepEqual(faultSchedule(7, mixed), faultSchedule(7, mixed))
  assert.notDeepEqual(faultSchedule(7, mixed), faultSchedule(8, mixed))
})

test('a fault is over before the next begins, and the last is the healing', () => {
  for (let seed = 0; seed < 200; seed++) {
    const faults = faultSchedule(seed, { ...mixed, everyMs: [1000, 30_000] })
    for (const [index, { atMs, forMs, kind }] of faults.entries()) {
      const next = faults[index + 1]
      if (next) assert.ok(atMs + forMs <= next.atMs, `seed ${seed}, fault ${index}`)
      assert.equal(kind === 'heal', next === undefined)
    }
    assert.deepEqual(faults.at(-1), { ...faults.at(-1), atMs: mixed.durationMs, forMs: 5000 })
  }
})

test('nothing happens a quarter of the time, and every kind comes as often as another', () => {
  const counts = new Map<string, number>()
  let total = 0
  for (let seed = 0; seed < 20; seed++) {
    for (const { kind } of faultSchedule(seed, mixed).slice(0, -1)) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      total++
    }
  }
  const share = (kind: string) => (counts.get(kind) ?? 0) / total
  assert.ok(Math.abs(share('none') - 0.25) < 0.03, `${share('none')}`)
  for (const kind of mixed.kinds) assert.ok(Math.abs(share(kind) - 0.1875) < 0.03, `${kind} ${share(kind)}`)
})

test('without a share of none the other faults stay what they were', () => {
  const all = faultSchedule(3, { ...mixed, kinds: ['kill', 'freeze'], holdMs: 5000, noneShare: 0 })
  const some = faultSchedule(3, { ...mixed, kinds: ['kill', 'freeze'], holdMs: 5000 })
  assert.equal(all.length, some.length)
  for (const [index, fault] of some.entries()) {
    if (fault.kind !== 'none') assert.deepEqual(fault, all[index])
  }
})

test('the rows of the programme get what they ask for', () => {
  const kills = faultSchedule(1, rows['CT-01']).slice(0, -1)
  assert.ok(kills.length >= 44 && kills.length <= 90, `${kills.length}`)
  for (const [index, { kind, atMs, forMs }] of kills.entries()) {
    assert.equal(kind, 'kill')
    assert.ok(forMs >= 5000 && forMs <= 15_000)
    const gap = atMs - (kills[index - 1]?.atMs ?? 0)
    assert.ok(gap >= 20_000 && gap <= 40_000)
  }
  assert.equal(faultSchedule(1, rows['CT-02']).length - 1, 10)
  assert.equal(faultSchedule(1, rows['CT-03']).length - 1, 200)
  const frozen = faultSchedule(1, rows['CT-04']).slice(0, -1)
  assert.equal(frozen.length, 27)
  for (const [index, fault] of frozen.entries()) {
    assert.deepEqual([fault.nodes, fault.forMs, fault.atMs], [2, 45_000, 65_000 * (index + 1)])
  }
})

test('what is no schedule is refused', () => {
  assert.throws(() => faultSchedule(1, { ...mixed, kinds: [] }), /needs kinds/)
  assert.throws(() => faultSchedule(1, { ...mixed, everyMs: 0 }), /everyMs must be .* from 1 on, not 0/)
  assert.throws(() => faultSchedule(1, { ...mixed, holdMs: [5, 4] }), /holdMs must be .*, not \[5,4\]/)
  assert.throws(() => faultSchedule(1, { ...mixed, durationMs: 0.5 }), /durationMs/)
})
