import assert from 'node:assert/strict'
import test from 'node:test'
import { testlines } from '../../testdata.test-support.ts'
import type { AssignorMember } from './assignor.ts'
import { assignors } from './assignor.ts'

interface Line {
  name: string
  assignor: string
  topics: { name: string; partitions: number }[]
  members: { memberId: string; instanceId?: string; topics: string[] }[]
  result: Record<string, [string, number][]>
}

for (const name of ['range', 'roundrobin']) {
  test(`${name} shares out as Kafka's own assignor does`, () => {
    const lines = testlines<Line>('assignors.jsonl').filter(({ assignor }) => assignor === name)
    assert.ok(lines.length > 100)
    for (const line of lines) {
      const counts = new Map(line.topics.map((topic) => [topic.name, topic.partitions]))
      const got = assignors[name]?.(line.members.map(member), counts)
      for (const { memberId } of line.members) {
        const mine = [...(got?.get(memberId) ?? [])].flatMap(([topic, partitions]) =>
          partitions.map((partition) => `${topic}-${partition}`),
        )
        const kafkas = (line.result[memberId] ?? []).map(([topic, partition]) => `${topic}-${partition}`)
        assert.deepEqual(mine.sort(), kafkas.sort(), `${line.name}: ${memberId}`)
      }
    }
  })

  test(`${name} gives nothing of a topic that does not exist, and every member its entry`, () => {
    const got = assignors[name]?.([member({ memberId: 'a', topics: ['missing'] })], new Map())
    assert.deepEqual([...(got?.get('a') ?? ['no entry'])], [])
  })

  test(`${name} does nothing with a member whose metadata could not be read`, () => {
    const members = [member({ memberId: 'a', topics: [] }), member({ memberId: 'b', topics: ['t'] })]
    const got = assignors[name]?.(members, new Map([['t', 2]]))
    assert.deepEqual(got?.get('b')?.get('t'), [0, 1])
    assert.equal(got?.get('a')?.size, 0)
  })
}

function member({ memberId, instanceId, topics }: Line['members'][number]): AssignorMember {
  return { memberId, groupInstanceId: instanceId ?? null, topics }
}
