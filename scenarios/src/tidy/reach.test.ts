import assert from 'node:assert/strict'
import test from 'node:test'
import { deadFiles, unusedExports } from './reach.ts'
import { treeOf } from './tree.ts'

function tree(files: Record<string, string>) {
  return treeOf([
    ['package.json', '{ "workspaces": ["packages/a", "scenarios"] }'],
    ['packages/a/package.json', '{ "exports": { ".": "./dist/index.js" }, "bin": { "a": "./bin/a.js" } }'],
    ...Object.entries(files),
  ])
}

test('files that an entry point, a program, a script or a URL leads to are alive', () => {
  const all = tree({
    'packages/a/src/index.ts': "export * from './b.ts'",
    'packages/a/src/b.ts': "new URL('./worker.js', import.meta.url)",
    'packages/a/src/worker.ts': '',
    'packages/a/bin/a.js': "import('../dist/main.js')",
    'packages/a/src/main.ts': '',
    'scripts/bench.mjs': "run('scenarios/dist/bench/main.js')",
    'scenarios/src/bench/main.ts': '',
  })
  assert.deepEqual(deadFiles(all), [])
})

test('a file that nothing leads to is dead, and so are two that lead to each other', () => {
  const all = tree({
    'packages/a/src/index.ts': '',
    'packages/a/src/b.ts': "import './c.ts'",
    'packages/a/src/c.ts': "import './b.ts'",
  })
  assert.equal(deadFiles(all).length, 2)
})

test('what only a test reaches must say so in its name', () => {
  const files = { 'packages/a/src/index.ts': '', 'packages/a/src/b.test.ts': "import './b.ts'" }
  assert.match(deadFiles(tree({ ...files, 'packages/a/src/b.ts': '' })).join(), /tests only/)
  const support = {
    'packages/a/src/b.test.ts': "import './b.test-support.ts'",
    'packages/a/src/b.test-support.ts': '',
  }
  assert.deepEqual(deadFiles(tree({ 'packages/a/src/index.ts': '', ...support })), [])
  const shipped = { 'packages/a/src/index.ts': "import './b.test-support.ts'" }
  assert.match(deadFiles(tree({ ...shipped, ...support })).join(), /reached from what ships/)
})

test('an export that nothing imports and no entry point shows is found, with its line', () => {
  const all = tree({
    'packages/a/src/index.ts':
      "export { shown as renamed } from './b.ts'\nexport * from './c.ts'\nimport './d.ts'",
    'packages/a/src/b.ts': 'export const shown = 1\nexport function hidden() {}\nexport const alone = 1',
    'packages/a/src/c.ts': 'export class Public {}',
    'packages/a/src/d.ts': "import { hidden } from './b.ts'",
  })
  assert.deepEqual(unusedExports(all), [
    'packages/a/src/b.ts:3 exports alone, which nothing imports; keep it private',
  ])
})

test('a type may be exported for those who use what the file exports, unless nothing mentions it', () => {
  const text = 'export interface Options { a: 1 }\nexport type Lost = 2\nexport const f = (o: Options) => o'
  const all = tree({ 'packages/a/src/index.ts': "import { f } from './b.ts'", 'packages/a/src/b.ts': text })
  assert.match(unusedExports(all).join(), /^\S+b\.ts:2 exports Lost,/)
})

test('a list that is passed on is in use only as far as its own names are', () => {
  const all = tree({
    'packages/a/src/index.ts': "import { used } from './list.ts'",
    'packages/a/src/list.ts': "export { used, spare } from './b.ts'",
    'packages/a/src/b.ts': 'export const used = 1, spare = 2',
  })
  assert.match(unusedExports(all).join(), /list\.ts:1 exports spare/)
})
