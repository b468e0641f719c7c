import assert from 'node:assert/strict'
import test from 'node:test'
import { testlines } from '../testdata.test-support.ts'
import type { AssignorMember } from './assignor.ts'
import { RackQueue } from './rack-queue.ts'
import { cooperativeSticky, sticky } from './sticky.ts'
import {
  decodeCooperativeStickyUserData,
  decodeStickyUserData,
  encodeCooperativeStickyUserData,
  encodeStickyUserData,
} from './sticky-user-data.ts'

interface Line {
  assignor: string
  members: { owned?: [string, number][]; generation?: number; userData?: string }[]
}

test('user data has the bytes of Kafka and comes back from them', () => {
  let count = 0
  for (const { assignor, members } of testlines<Line>('assignors.jsonl')) {
    for (const { owned = [], generation = -1, userData } of members) {
      if (userData === undefined) continue
      count++
      const bytes = Buffer.from(userData, 'base64')
      if (assignor === 'cooperative-sticky') {
        assert.equal(decodeCooperativeStickyUserData(bytes), generation)
        assert.deepEqual(Buffer.from(encodeCooperativeStickyUserData(generation)), bytes)
        continue
      }
      const read = decodeStickyUserData(bytes)
      const flat = read.ownedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => `${topic}-${partition}`),
      )
      assert.equal(read.generationId, generation)
      assert.deepEqual(flat.sort(), owned.map(([topic, partition]) => `${topic}-${partition}`).sort())
      assert.deepEqual(Buffer.from(encodeStickyUserData(read)), bytes)
    }
  }
  assert.equal(count, 1230)
})

test('user data of the first form has no generation', () => {
  const bytes = encodeStickyUserData({ ownedPartitions: [{ topic: 't', partitions: [3] }], generationId: 7 })
  assert.deepEqual(decodeStickyUserData(bytes.subarray(0, -4)), {
    ownedPartitions: [{ topic: 't', partitions: [3] }],
    generationId: -1,
  })
})

test('user data that cannot be read makes a new member, and harms no other', () => {
  for (const hex of ['', 'ff', '7fffffff', '00000001ffff', 'ffffffffffffffff']) {
    const bytes = Buffer.from(hex, 'hex')
    assert.deepEqual(decodeStickyUserData(bytes).ownedPartitions, [], hex)
    const members = [
      { memberId: 'a', topics: ['t'], userData: bytes },
      { memberId: 'b', topics: ['t'] },
    ]
    const got = sticky(members, new Map([['t', { partitions: 2 }]]))
    assert.deepEqual(
      [...got.values()].map((assignment) => assignment.get('t')),
      [[0], [1]],
    )
  }
})

test('claims of what does not exist, or twice, or not subscribed to, count for nothing', () => {
  const ownedPartitions = [
    { topic: 't', partitions: [0, 0, 9, -1, 1.5, Number.NaN] },
    { topic: 't', partitions: [0] },
    { topic: 'missing', partitions: [0] },
    { topic: 'u', partitions: [0] },
  ]
  const members: AssignorMember[] = [
    { memberId: 'a', topics: ['u'] },
    { memberId: 'b', topics: ['t'], ownedPartitions, generationId: 1 },
  ]
  const topics = new Map([
    ['t', { partitions: 2 }],
    ['u', { partitions: 1 }],
  ])
  const first = cooperativeSticky(members, topics)
  assert.deepEqual(first.get('b'), new Map([['t', [0, 1]]]))
  // Partition 0 of u is said to be with another member, so it waits for that one to give it back.
  assert.deepEqual(first.get('a'), new Map())
})

test('the newest claim counts, and of two claims of one generation none', () => {
  const claim = (memberId: string, partitions: number[], generationId: number): AssignorMember => ({
    memberId,
    topics: ['t'],
    ownedPartitions: [{ topic: 't', partitions }],
    generationId,
  })
  const topics = new Map([['t', { partitions: 4 }]])
  const newer = cooperativeSticky([claim('a', [0, 1], 3), claim('b', [0, 1, 2], 2)], topics)
  assert.deepEqual(newer.get('a')?.get('t'), [0, 1])
  assert.deepEqual(newer.get('b')?.get('t'), [2, 3])
  const disputed = cooperativeSticky([claim('a', [0, 1], 3), claim('b', [1, 2], 3)], topics)
  assert.deepEqual(disputed.get('a')?.get('t'), [0])
  assert.deepEqual(disputed.get('b')?.get('t'), [2, 3])
})

test('a member without topics gets nothing, even beside others that all have the same', () => {
  const members = [
    { memberId: 'a', topics: [] },
    { memberId: 'b', topics: ['t'] },
  ]
  for (const assign of [sticky, cooperativeSticky]) {
    const got = assign(members, new Map([['t', { partitions: 3 }]]))
    assert.equal(got.get('a')?.size, 0)
    assert.deepEqual(got.get('b')?.get('t'), [0, 1, 2])
  }
})

test('a queue finds who stands in a rack, as walking along it would', () => {
  let state = 5
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  for (let round = 0; round < 50; round++) {
    const racks = Array.from({ length: 40 }, () => [undefined, 'a', 'b', 'c'][random(4)])
    const queue = new RackQueue(
      Array.from({ length: 20 }, (_, member) => member),
      (member) => racks[member],
    )
    const there = Array.from({ length: 20 }, () => true)
    for (let step = 0; step < 80; step++) {
      if (random(4) === 0 && there.length < 40) queue.add(there.push(true) - 1)
      const wanted = [['a'], ['b', 'c'], ['a', 'd'], []][random(4)] as string[]
      const from = random(there.length + 1)
      const walk = there.map((_, offset) => (from + offset) % there.length)
      const expected = walk.find((place) => there[place] && wanted.includes(racks[place] as string))
      const found = queue.find(wanted, from)
      assert.equal(found, expected)
      if (found === undefined || random(2) === 0) continue
      queue.remove(found)
      there[found] = false
    }
    assert.deepEqual(
      queue.rest(),
      there.flatMap((isThere, member) => (isThere ? [member] : [])),
    )
  }
})
