import assert from 'node:assert/strict'
import test from 'node:test'
import { wrongArrows } from './arrows.ts'
import { treeOf } from './tree.ts'

const MANIFESTS: [string, string][] = [
  [
    'package.json',
    '{ "workspaces": ["packages/protocol", "packages/client", "packages/broker", "scenarios"] }',
  ],
  ['packages/protocol/package.json', '{ "name": "@samsa/protocol" }'],
  [
    'packages/client/package.json',
    '{ "name": "@samsa/client", "dependencies": { "@samsa/protocol": "1", "@samsa/broker": "1" } }',
  ],
  ['packages/broker/package.json', '{ "name": "@samsa/broker", "dependencies": { "@samsa/protocol": "1" } }'],
  ['scenarios/package.json', '{ "name": "@samsa/scenarios", "dependencies": { "@samsa/client": "1" } }'],
]

function check(path: string, text: string, ...others: [string, string][]): string[] {
  return wrongArrows(treeOf([...MANIFESTS, [path, text], ...others]))
}

test('imports along the arrows are fine', () => {
  const text = "import { a } from '@samsa/protocol'\nimport { b } from './b.ts'\nimport fs from 'node:fs'"
  assert.deepEqual(check('packages/client/src/a.ts', text, ['packages/client/src/b.ts', 'export {}']), [])
})

test('the client does not import the broker, not even as a type or later', () => {
  for (const text of [
    "import { startBroker } from '@samsa/broker'",
    "import type { Broker } from '@samsa/broker'",
    "export * from '@samsa/broker'",
    "const { startBroker } = await import('@samsa/broker')",
  ]) {
    assert.match(check('packages/client/src/a.ts', text).join(), /a\.ts:1 .*arrows of the design/, text)
  }
})

test('the protocol imports nothing of ours', () => {
  const [found] = check('packages/protocol/src/a.ts', "\nimport { x } from '@samsa/client'")
  assert.match(found ?? '', /a\.ts:2 .*arrows/)
})

test('only the entry point of another package is public', () => {
  assert.match(check('scenarios/src/a.ts', "import '@samsa/client/dist/x.js'").join(), /entry point/)
  assert.match(check('scenarios/src/a.ts', "import '../../packages/client/src/x.ts'").join(), /by its name/)
})

test('a relative import names a source that exists', () => {
  const b: [string, string] = ['packages/client/src/b.ts', 'export {}']
  assert.match(check('packages/client/src/a.ts', "import './b.js'", b).join(), /no such file/)
})

test('what the manifest does not declare is not imported', () => {
  assert.match(check('packages/broker/src/a.ts', "import 'lodash'").join(), /dependencies/)
})

test('producer and consumer do not know each other', () => {
  const sender: [string, string] = ['packages/client/src/producer/sender.ts', 'export const a = 1']
  const text = "import { a } from '../producer/sender.ts'"
  assert.match(check('packages/client/src/consumer/x.ts', text, sender).join(), /does not know/)
})

test('imports run downwards between the floors of the client, and only tests look up', () => {
  const cluster: [string, string] = ['packages/client/src/cluster/cluster.ts', 'export const a = 1']
  const text = "import { a } from '../cluster/cluster.ts'"
  assert.match(check('packages/client/src/net/x.ts', text, cluster).join(), /a floor above/)
  assert.deepEqual(check('packages/client/src/net/x.test.ts', text, cluster), [])
  assert.deepEqual(check('packages/client/src/producer/x.ts', text, cluster), [])
  assert.deepEqual(check('packages/client/src/cluster/x.ts', "import { a } from './cluster.ts'", cluster), [])
})
