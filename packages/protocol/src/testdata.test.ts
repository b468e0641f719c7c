import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

test('every file of golden bytes is read by some test', () => {
  const tests = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('testdata.test.ts'))
    .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
  const names = readdirSync(join(root, 'testdata'))
    .filter((name) => name.endsWith('.gz'))
    .map((name) => name.replace('.gz', ''))
  assert.ok(names.length > 10)
  assert.deepEqual(
    names.filter(
      (name) => !tests.some((text) => text.includes(`('${name}'`) || text.includes(`\n  '${name}',`)),
    ),
    [],
  )
})
