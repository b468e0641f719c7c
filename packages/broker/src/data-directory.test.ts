import assert from 'node:assert/strict'
import test from 'node:test'
import { SimWorld, turn } from '@samsa/runtime'
import { takeDataDirectory } from './data-directory.ts'

test('once it is taken, no power cut takes the data directory away', () => {
  for (const path of ['/data', '/var/lib/samsa', 'relative/to/here', 'here', '/trailing/slash/']) {
    for (let seed = 1; seed <= 10; seed++) {
      const world = new SimWorld({ seed, turn })
      const { disk } = world.host('broker')
      takeDataDirectory(disk, path)
      disk.replace(`${path}/file`, Buffer.of(1))
      world.cutPower('broker')
      assert.ok(world.host('broker').disk.exists(`${path}/file`), `${path}, seed ${seed}`)
    }
  }
})

test('it is locked, and a lock that a dead process left is taken over', () => {
  const world = new SimWorld({ seed: 1, turn })
  const { disk } = world.host('broker')
  const lock = takeDataDirectory(disk, '/data')
  assert.throws(() => takeDataDirectory(disk, '/data'), { code: 'ELOCKED' })
  lock.release()
  takeDataDirectory(disk, '/data')
  world.kill('broker')
  takeDataDirectory(world.host('broker').disk, '/data')
})
