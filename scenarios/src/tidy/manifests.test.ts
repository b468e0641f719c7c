import assert from 'node:assert/strict'
import test from 'node:test'
import { lockFindings, unevenManifests } from './manifests.ts'
import { treeOf } from './tree.ts'

const COMMON = { version: '1.0.0', license: 'Apache-2.0', type: 'module', engines: { node: '>=20' } }
const MANIFEST = {
  ...COMMON,
  name: 'a',
  files: ['dist', '!dist/**/*.test*', 'README.md', 'LICENSE'],
  dependencies: { b: '1' },
}
const LOCK = { version: '1.0.0', engines: { node: '>=20' }, dependencies: { b: '1' } }

function tree(manifest: object, files: Record<string, string | undefined> = {}, lock: object = {}) {
  const all = {
    'package.json': JSON.stringify({ ...COMMON, workspaces: ['packages/a'] }),
    'packages/a/package.json': JSON.stringify({ ...MANIFEST, ...manifest }),
    'packages/a/README.md': '# a',
    'packages/a/LICENSE': 'licence',
    LICENSE: 'licence',
    'package-lock.json': JSON.stringify({
      packages: { '': COMMON, 'packages/a': LOCK, 'node_modules/b': { integrity: 'sha512-x' }, ...lock },
    }),
    ...files,
  }
  return treeOf(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

test('packages that agree are fine', () => {
  assert.deepEqual(unevenManifests(tree({})), [])
  assert.deepEqual(lockFindings(tree({})), [])
})

test('each way to differ is found', () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ version: '1.0.1' }, /version 1\.0\.1/],
    [{ license: 'MIT' }, /license MIT/],
    [{ type: 'commonjs' }, /type commonjs/],
    [{ engines: { node: '>=22' } }, /engines/],
    [{ dependencies: { a: '0.9.0' } }, /wants a 0\.9\.0/],
    [{ files: ['dist', '!dist/**/*.test*', 'LICENSE'] }, /list README/],
    [{ files: ['dist', '!dist/**/*.test*', 'README.md'] }, /list LICENSE/],
    [{ files: ['dist', 'README.md', 'LICENSE'] }, /compiled tests/],
    [{ scripts: { postinstall: 'x' } }, /postinstall/],
  ]
  for (const [manifest, message] of cases) assert.match(unevenManifests(tree(manifest)).join('\n'), message)
  assert.match(unevenManifests(tree({}, { 'packages/a/README.md': undefined })).join(), /no README/)
  assert.match(unevenManifests(tree({}, { 'packages/a/LICENSE': 'other' })).join(), /differs/)
})

test('a lock file that is behind, or says too much, is found', () => {
  const lockCases: readonly (readonly [object, RegExp])[] = [
    [{ 'packages/a': { ...LOCK, dependencies: { b: '2' } } }, /behind .* in dependencies/],
    [{ 'packages/a': { ...LOCK, version: '0.9.0' } }, /behind .* in version/],
    [{ 'packages/a': undefined }, /does not know/],
    [{ 'node_modules/b': {} }, /integrity/],
    [{ 'node_modules/b': { integrity: 'x', resolved: 'here' } }, /downloaded/],
    [{ 'node_modules/b': { integrity: 'x', hasInstallScript: true } }, /script/],
  ]
  for (const [lock, message] of lockCases) assert.match(lockFindings(tree({}, {}, lock)).join('\n'), message)
})
