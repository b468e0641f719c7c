import assert from 'node:assert/strict'
import test from 'node:test'
import { uniform } from './uniform.ts'

test('topics that are alike are ordered by their ids as signed numbers, and by name without ids', () => {
  const members = [
    { memberId: 'a', topics: ['t', 'u'] },
    { memberId: 'b', topics: ['t', 'u'] },
    { memberId: 'c', topics: ['other'] },
  ]
  const first = (t: string, u: string): string | undefined => {
    const topics = new Map([
      ['other', { partitions: 1 }],
      ['t', { partitions: 1, ...(t ? { id: t } : {}) }],
      ['u', { partitions: 1, ...(u ? { id: u } : {}) }],
    ])
    return [...(uniform(members, topics).get('a') ?? [])][0]?.[0]
  }
  assert.equal(first('', ''), 't')
  assert.equal(first('EAAAAAAAAAAAAAAAAAAAAA', 'IAAAAAAAAAAAAAAAAAAAAA'), 't')
  assert.equal(first('EAAAAAAAAAAAAAAAAAAAAA', '7AAAAAAAAAAAAAAAAAAAAA'), 'u')
  assert.equal(first('EAAAAAAAAAAAAAAAAAAAAQ', 'EAAAAAAAAAAAAAAAAAAAAA'), 'u')
})
