import assert from 'node:assert/strict'
import test from 'node:test'
import { FILE_LINES_MAX, FUNCTION_LINES_MAX, functions, overlong, ratchetFindings } from './lengths.ts'
import { tokenise } from './tokens.ts'
import { treeOf } from './tree.ts'

const measured = (text: string) =>
  functions({ tokens: tokenise(text) }).map(({ name, lines }) => `${name} ${lines}`)

test('functions, methods and arrows are measured from their parameters to their brace', () => {
  assert.deepEqual(measured('function a() {\n\n}'), ['a 3'])
  assert.deepEqual(measured('function b<T>(x: T): Promise<{ y: T } | undefined> {\n}'), ['b 2'])
  assert.deepEqual(measured('function c(x: unknown): x is { y: 1 } {\n}'), ['c 2'])
  assert.deepEqual(measured('const d = async (\n  x = () => 1,\n) => {\n}'), ['d 4'])
  assert.deepEqual(measured('class E { #f(): void {\n} get g() {\n\n} constructor() {\n} }'), [
    '#f 2',
    'g 3',
    'constructor 2',
  ])
  assert.deepEqual(measured("test('h works', () => {\n})"), ['h works 2'])
  assert.deepEqual(measured('const o = { i: (x) => {\n} }'), ['i 2'])
  assert.deepEqual(measured('f((x) => {\n})'), ['(arrow) 2'])
})

test('statements, objects and types are no functions', () => {
  for (const text of [
    'if (a) {\n}',
    'for (const a of f(b)) {\n}',
    'switch (f(a)) {\n}',
    'const a = b ? f(c) : { d: 1 }',
    'interface A { f(a: string): void; g: { h: 1 } }',
  ]) {
    assert.deepEqual(measured(text), [], text)
  }
})

test('what groups tests is not measured, the tests in it are', () => {
  assert.deepEqual(measured("describe('x', () => {\n  it('y', () => {\n  })\n})"), ['y 2'])
})

test('a file and a function one line over their limits are found, at the limit they are not', () => {
  const file = (lines: number) => treeOf([['scripts/a.mjs', 'a\n'.repeat(lines)]])
  assert.deepEqual(overlong(file(FILE_LINES_MAX)), {})
  assert.deepEqual(overlong(file(FILE_LINES_MAX + 1)), { 'scripts/a.mjs': FILE_LINES_MAX + 1 })
  const body = (lines: number) => treeOf([['scripts/a.mjs', `function b() {${'\n'.repeat(lines - 1)}}`]])
  assert.deepEqual(overlong(body(FUNCTION_LINES_MAX)), {})
  assert.deepEqual(overlong(body(FUNCTION_LINES_MAX + 1)), { 'scripts/a.mjs#b': FUNCTION_LINES_MAX + 1 })
})

test('the ratchet refuses what is new or longer and asks to be lowered', () => {
  assert.deepEqual(ratchetFindings({ a: 500 }, { a: 500 }), [])
  assert.match(ratchetFindings({ a: 500 }, {}).join(), /over 400/)
  assert.match(ratchetFindings({ 'a#b': 80 }, {}).join(), /over 70/)
  assert.match(ratchetFindings({ a: 501 }, { a: 500 }).join(), /only shrinks/)
  assert.match(ratchetFindings({ a: 499 }, { a: 500 }).join(), /lower it/)
  assert.match(ratchetFindings({}, { a: 500 }).join(), /take it out/)
})
