import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { declarationsOf } from './declarations.ts'
import { undocumented } from './docstrings.ts'

describe('docstrings', () => {
  it('are missed where there are none, and only there', () => {
    const text = [
      '// one/two',
      '/** Says something. */',
      'export declare function said(): void;',
      'export declare function unsaid(): void;',
      '/** Overloaded. */',
      'export declare function both(one: string): void;',
      'export declare function both(one: number): void;',
      'interface Private {',
      '    a: 1;',
      '}',
      'export interface Silent {',
      '    /** A member, which is no docstring of the next declaration. */',
      '    a: 1;',
      '}',
      'export type Last = 1;',
    ]
    assert.deepEqual(undocumented(text.join('\n')), ['one/two: unsaid', 'one/two: Silent', 'one/two: Last'])
  })

  it('explain everything that the protocol package makes public', () => {
    assert.deepEqual(undocumented(declarationsOf('protocol')), [])
  })
})
