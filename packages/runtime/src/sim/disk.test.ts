import assert from 'node:assert/strict'
import test from 'node:test'
import { turn } from '../node.ts'
import type { Disk } from '../runtime.ts'
import { SimWorld } from '../sim.ts'

const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1)

/** What is left of a disk after a power cut, in many worlds. */
async function afterPowerCut<T>(
  write: (disk: Disk, world: SimWorld) => void | Promise<void>,
  read: (disk: Disk) => T,
): Promise<T[]> {
  const found: T[] = []
  for (const seed of SEEDS) {
    const world = new SimWorld({ seed, turn })
    const { disk } = world.host('host')
    await write(disk, world)
    world.cutPower('host')
    found.push(read(world.host('host').disk))
  }
  return found
}

const text = (disk: Disk, path: string) => {
  const bytes = disk.read(path)
  return bytes && Buffer.from(bytes).toString('latin1')
}
const kinds = <T>(found: T[]) => [...new Set(found)].sort()

/** A file whose name is on the medium. */
function named(disk: Disk, path = '/file') {
  const file = disk.open(path, { create: true })
  disk.syncDirectory('/')
  return file
}

test('what was forced survives, in place and in length', async () => {
  const found = await afterPowerCut(
    (disk) => {
      const file = named(disk)
      file.write(0, [Buffer.from('hello '), Buffer.from('kafka, and more')])
      file.truncate(11)
      file.syncNow()
    },
    (disk) => text(disk, '/file'),
  )
  assert.deepEqual(kinds(found), ['hello kafka'])
})

test('what was not forced is there, or gone, or torn', async () => {
  const found = await afterPowerCut(
    (disk) => {
      const file = named(disk)
      file.write(0, [Buffer.from('forced')])
      file.syncNow()
      file.write(6, [Buffer.from('+++')])
    },
    (disk) => text(disk, '/file'),
  )
  // Size and content are on the medium each for itself.
  assert.deepEqual(kinds(found), ['forced', 'forced+++', 'forced\0\0\0'].sort())
})

test('pages survive in any order, and are torn between sectors', async () => {
  const page = (letter: string) => Buffer.alloc(4096, letter)
  const found = await afterPowerCut(
    (disk) => {
      const file = named(disk)
      file.write(0, [page('-'), page('-')])
      file.syncNow()
      file.write(0, [page('a')])
      file.write(4096, [page('b')])
    },
    (disk) =>
      (text(disk, '/file') ?? '').replace(/(.)\1*/gs, (run, letter) => `${letter}${run.length / 512}`),
  )
  for (const whole of ['-16', 'a8b8', 'a8-8', '-8b8']) assert.ok(found.includes(whole), whole)
  for (const each of found) assert.match(each, /^([-ab]\d+)+$/, 'torn within a sector')
  assert.ok(found.some((each) => /^a[1-7]-|-[1-7]a/.test(each)))
})

test('a truncation may be lost', async () => {
  const truncated = await afterPowerCut(
    (disk) => {
      const file = named(disk)
      file.write(0, [Buffer.from('abc')])
      file.syncNow()
      file.truncate(1)
    },
    (disk) => text(disk, '/file'),
  )
  assert.deepEqual(kinds(truncated), ['a', 'a\0\0', 'abc'].sort())
})

test('sync covers what was written before it, takes time, and is not told to the dead', async () => {
  const found = await afterPowerCut(
    async (disk, world) => {
      const file = named(disk)
      file.write(0, [Buffer.from('before')])
      const started = world.now
      const synced = file.sync()
      file.write(6, [Buffer.from('!')])
      await world.until(synced, 1000)
      assert.ok(world.now > started)
      let isTold = false
      void file.sync().then(() => {
        isTold = true
      })
      world.kill('host')
      world.host('host')
      await world.pass(1000)
      assert.equal(isTold, false)
    },
    (disk) => text(disk, '/file'),
  )
  assert.deepEqual(kinds(found), ['before', 'before!', 'before\0'].sort())
})

test('a killed process leaves its files as they are', () => {
  const world = new SimWorld({ seed: 1, turn })
  const { disk } = world.host('host')
  disk.makeDirectory('/data')
  disk.open('/data/file', { create: true }).write(0, [Buffer.from('unforced')])
  world.kill('host')
  assert.equal(text(world.host('host').disk, '/data/file'), 'unforced')
})

test('a new name may be lost although its content was forced; forcing the directory keeps it', async () => {
  const create = (disk: Disk) => {
    const file = disk.open('/file', { create: true })
    file.write(0, [Buffer.from('content')])
    file.syncNow()
  }
  const lost = await afterPowerCut(create, (disk) => text(disk, '/file') ?? 'gone')
  assert.deepEqual(kinds(lost), ['content', 'gone'])
  const kept = await afterPowerCut(
    (disk) => {
      create(disk)
      disk.syncDirectory('/')
    },
    (disk) => text(disk, '/file') ?? 'gone',
  )
  assert.deepEqual(kinds(kept), ['content'])
})

test('a rename or removal may be taken back, as a whole', async () => {
  const found = await afterPowerCut(
    (disk) => {
      disk.replace('/one', Buffer.from('1'))
      disk.replace('/two', Buffer.from('2'))
      disk.rename('/one', '/three')
      disk.remove('/two')
    },
    (disk) => (disk.list('/') ?? []).map((name) => `${name}=${text(disk, `/${name}`)}`).join(' '),
  )
  assert.deepEqual(kinds(found), ['one=1', 'one=1 two=2', 'three=1', 'three=1 two=2'].sort())
})

test('a rename from one directory to another loses no file', async () => {
  const found = await afterPowerCut(
    (disk) => {
      disk.makeDirectory('/a')
      disk.makeDirectory('/b')
      disk.syncDirectory('/')
      disk.replace('/a/file', Buffer.from('1'))
      disk.rename('/a/file', '/b/file')
    },
    (disk) => `${disk.list('/a')} ${disk.list('/b')}`,
  )
  assert.deepEqual(kinds(found), [' file', 'file '])
  const forced = await afterPowerCut(
    (disk) => {
      disk.makeDirectory('/a')
      disk.makeDirectory('/b')
      disk.syncDirectory('/')
      disk.open('/a/file', { create: true })
      disk.rename('/a/file', '/b/file')
      disk.syncDirectory('/b')
    },
    (disk) => `${disk.list('/a')} ${disk.list('/b')}`,
  )
  assert.deepEqual(kinds(forced), [' file'])
})

test('replacing is durable and never half done', async () => {
  const found = await afterPowerCut(
    (disk) => {
      disk.replace('/file', Buffer.from('old'))
      disk.replace('/file', Buffer.from('new and longer'))
    },
    (disk) => text(disk, '/file'),
  )
  assert.deepEqual(kinds(found), ['new and longer'])
})

test('a directory that was not forced into its parent is lost with all it holds', async () => {
  const found = await afterPowerCut(
    (disk) => {
      disk.makeDirectory('/data/inner')
      disk.replace('/data/inner/file', Buffer.from('1'))
    },
    (disk) => text(disk, '/data/inner/file') ?? 'gone',
  )
  assert.deepEqual(kinds(found), ['1', 'gone'])
})

test('a lock that a dead process left is taken over, a living one’s is not', () => {
  const world = new SimWorld({ seed: 1, turn })
  world.host('host').disk.makeDirectory('/data')
  world.host('host').disk.lock('/data')
  world.kill('host')
  const { disk } = world.host('host')
  disk.lock('/data')
  assert.throws(() => disk.lock('/data'), { code: 'ELOCKED' })
})

test('reads may be damaged for a while, a bit at a time; the medium is not', () => {
  const world = new SimWorld({ seed: 1, turn })
  const { disk } = world.host('host')
  const file = named(disk)
  file.write(0, [Buffer.alloc(100)])
  const read = () => {
    const bytes = Buffer.alloc(100)
    file.read(0, bytes)
    return bytes.filter((byte) => byte !== 0)
  }
  world.damageReads('host', 1)
  for (let turns = 0; turns < 20; turns++) {
    const [wrong, ...others] = read()
    assert.ok(wrong && (wrong & (wrong - 1)) === 0)
    assert.deepEqual(others, [])
  }
  world.damageReads('host', 0)
  assert.equal(read().length, 0)
})
