import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Handling } from './handling.ts'

/** What is found in a story of a group `g` and its partition `t-0`. */
function found(story: (handling: Handling) => void): string[] {
  const kinds: string[] = []
  story(
    new Handling(
      (_, kind) => kinds.push(kind),
      () => 0,
    ),
  )
  return kinds
}

const handle = (handling: Handling, who: string, offset: number) => {
  handling.begin('g', who, 't-0', offset)
  handling.end('g', who, 't-0', offset)
}

describe('who works on what', () => {
  it('lets members work one after the other', () => {
    const kinds = found((handling) => {
      handling.own('g', 'a', 't-0')
      handle(handling, 'a', 0)
      handling.disown('g', 'a', 't-0')
      handling.own('g', 'b', 't-0')
      handle(handling, 'b', 1)
    })
    assert.deepEqual(kinds, [])
  })

  it('finds a record that is handled twice, unless its member went without a word', () => {
    const twice = (isExcused: boolean) =>
      found((handling) => {
        handle(handling, 'a', 0)
        handle(handling, 'a', 1)
        if (isExcused) handling.excuse('g', 't-0', 1)
        handle(handling, 'b', 1)
      })
    assert.deepEqual([twice(false), twice(true)], [['again'], []])
  })

  it('finds two members at work on a partition, unless the first has left', () => {
    const both = (hasLeft: boolean) =>
      found((handling) => {
        handling.begin('g', 'a', 't-0', 0)
        if (hasLeft) handling.abandon('g', 'a', 't-0', 0)
        handle(handling, 'b', 0)
        handling.end('g', 'a', 't-0', 0)
      })
    assert.deepEqual([both(false), both(true)], [['overlap'], []])
  })

  it('finds a new owner before the old one has given back', () => {
    const kinds = found((handling) => {
      handling.own('g', 'a', 't-0')
      handling.own('g', 'b', 't-0')
    })
    assert.deepEqual(kinds, ['owners'])
  })

  it('takes a record whose handler failed for not handled', () => {
    const kinds = found((handling) => {
      handling.begin('g', 'a', 't-0', 0)
      handling.fail('g', 'a', 't-0')
      handle(handling, 'b', 0)
    })
    assert.deepEqual(kinds, [])
  })
})
