import assert from 'node:assert/strict'
import test from 'node:test'
import { circles } from './circles.ts'
import { treeOf } from './tree.ts'

const found = (texts: Record<string, string>) => circles(treeOf(Object.entries(texts)), ['room/src'])

test('two files that import each other, also for their types only', () => {
  const texts = {
    'room/src/a.ts': "import type { B } from './b.ts'",
    'room/src/b.ts': "import { a } from './c.ts'",
    'room/src/c.ts': "export { a } from './a.ts'",
  }
  assert.deepEqual(found(texts), ['room/src/a.ts -> room/src/b.ts -> room/src/c.ts -> room/src/a.ts'])
})

test('two folders that import each other, though no two files do', () => {
  const texts = {
    'room/src/low/a.ts': "import { b } from '../high/b.ts'",
    'room/src/high/b.ts': 'export const b = 1',
    'room/src/high/c.ts': "import { d } from '../low/d.ts'",
    'room/src/low/d.ts': 'export const d = 1',
  }
  assert.deepEqual(found(texts), ['room/src/low -> room/src/high -> room/src/low'])
})

test('nothing where all arrows lead one way, nor for what tests import', () => {
  const texts = {
    'room/src/index.ts': "export * from './low/a.ts'\nexport * from './high/b.ts'",
    'room/src/low/a.ts': 'export const a = 1',
    'room/src/low/a.test.ts': "import { b } from '../high/b.ts'",
    'room/src/high/b.ts': "import { a } from '../low/a.ts'",
  }
  assert.deepEqual(found(texts), [])
})
