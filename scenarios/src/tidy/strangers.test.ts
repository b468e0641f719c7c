import assert from 'node:assert/strict'
import test from 'node:test'
import { avoidedTests, machineTraces } from './strangers.ts'
import { treeOf } from './tree.ts'

// The words are put together here so that the rule does not find its own test.
const [skip, only, todo] = ['sk' + 'ip', 'on' + 'ly', 'to' + 'do']
const path = (...parts: string[]) => ['', ...parts].join('/')

test('tests that are skipped, focused or to be written are found', () => {
  for (const text of [
    `test.${skip}('a', () => {})`,
    `it.${only}('a', () => {})`,
    `describe.${todo}('a')`,
    `t.${skip}()`,
    `test('a', { ${skip}: true }, () => {})`,
    `it(\`a\`, { timeout: 1, ${only} }, () => {})`,
  ]) {
    assert.match(
      avoidedTests(treeOf([['packages/a/src/a.test.ts', `\n${text}`]])).join(),
      /a\.test\.ts:2/,
      text,
    )
  }
})

test('the same words elsewhere are fine', () => {
  const text = `test('skip', { timeout: 1 }, () => { iterator.${skip}(); f({ ${only}: 1 }) }) // test.${only}`
  assert.deepEqual(avoidedTests(treeOf([['packages/a/src/a.test.ts', text]])), [])
  assert.deepEqual(avoidedTests(treeOf([['packages/a/src/a.ts', `test.${skip}()`]])), [])
})

test('traces of one machine are found in every kind of file', () => {
  for (const text of [
    `see ${path('work', 'main', 'a.ts')}`,
    path('root', '.npmrc'),
    `cd ${path('home', 'ann', 'code')}`,
    `C:\\${'Users'}\\ann`,
    `registry${'='}https://example.org`,
    `http://${'10.'}1.2.3:8081/x`,
    `https://npm.company.${'internal'}/x`,
    `"resolved${'"'}: "https://example.org/a.tgz"`,
  ]) {
    assert.match(machineTraces(treeOf([['docs/a.md', `\n${text}`]])).join(), /a\.md:2/, text)
  }
})

test('ordinary paths and addresses are fine', () => {
  for (const text of [
    'src/work/a.ts',
    'http://127.0.0.1:9092',
    'https://kafka.apache.org/x',
    '/usr/bin/env',
  ]) {
    assert.deepEqual(machineTraces(treeOf([['docs/a.md', text]])), [], text)
  }
})
