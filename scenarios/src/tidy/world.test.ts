import assert from 'node:assert/strict'
import test from 'node:test'
import { treeOf } from './tree.ts'
import { touchesOfTheWorld } from './world.ts'

const check = (text: string, path = 'packages/client/src/a.ts') => touchesOfTheWorld(treeOf([[path, text]]))

test('each way to reach the world is found, with its line', () => {
  for (const text of [
    'Date.now()',
    'new Date()',
    'new Date',
    'performance.now()',
    'globalThis.performance.now()',
    'Math.random()',
    'setTimeout(f, 1)',
    'globalThis.setInterval(f, 1)',
    'const later = setImmediate',
    'process.env',
    "process['env']",
    'console.log(1)',
    'crypto.randomUUID()',
    'AbortSignal.timeout(1)',
    'f(fetch(url))',
    "new Function('a')",
    "import { connect } from 'node:net'",
    "import * as fs from 'node:fs'",
    "import tls from 'node:tls'",
    "import { randomBytes, createHash } from 'node:crypto'",
    "import { Worker } from 'node:worker_threads'",
    "import { setTimeout as delay } from 'node:timers/promises'",
    "const { spawn } = await import('node:child_process')",
    "export * from 'node:dns'",
  ]) {
    assert.match(check(`\n${text}`).join(), /a\.ts:2 uses/, text)
  }
})

test('mentions, members and pure computation are fine', () => {
  for (const text of [
    '// Date.now()',
    "const a = 'setTimeout'",
    'this.process.run()',
    'runtime.setTimeout(f)',
    'const process = 1',
    'new Date(timestamp)',
    'Math.floor(1)',
    'interface A { setTimeout: number; fetch(): void }',
    "import { gzipSync } from 'node:zlib'",
    "import { createHmac, timingSafeEqual } from 'node:crypto'",
    'queueMicrotask(f)',
  ]) {
    assert.deepEqual(check(text), [], text)
  }
})

test('the runtime, the start of the command and tests may', () => {
  assert.deepEqual(check('setTimeout(f, 1)', 'packages/runtime/src/node.ts'), [])
  assert.deepEqual(check('process.argv', 'packages/cli/src/main.ts'), [])
  assert.deepEqual(check("import 'node:fs'", 'packages/client/src/a.test.ts'), [])
  assert.equal(check('setTimeout(f, 1)', 'packages/runtime/src/sim.ts').length, 1)
  assert.equal(check('process.exit()', 'packages/client/src/events.ts').length, 1)
})
