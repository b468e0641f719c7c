import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DiskError } from './runtime.ts'
import { stages } from './stages.test-support.ts'

for (const { name, runtime, directory, run } of stages) {
  describe(`the disk of ${name}`, () => {
    const { disk } = runtime
    const works = (title: string, work: () => Promise<void>) => it(title, () => run(work))
    const fresh = (name: string) => {
      const path = `${directory}/${name}`
      disk.makeDirectory(path)
      return path
    }
    const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('utf8')

    works(
      'directories are made with their parents, listed in order, removed with what they hold',
      async () => {
        const path = fresh('directories')
        disk.makeDirectory(`${path}/b/c`)
        disk.makeDirectory(`${path}/b/c`)
        disk.makeDirectory(`${path}/a`)
        disk.open(`${path}/file`, { create: true }).close()
        assert.deepEqual(disk.list(path), ['a', 'b', 'file'])
        assert.equal(disk.list(`${path}/nowhere`), undefined)
        assert.ok(disk.exists(`${path}/b/c`) && disk.exists(`${path}/file`) && !disk.exists(`${path}/z`))
        failsWith('ENOTDIR', () => disk.list(`${path}/file`))
        failsWith('EEXIST', () => disk.makeDirectory(`${path}/file`))
        disk.removeDirectory(`${path}/b`)
        disk.removeDirectory(`${path}/b`)
        assert.deepEqual(disk.list(path), ['a', 'file'])
      },
    )

    works('a file is read and written at any place, grows with zeros and shrinks', async () => {
      const path = `${fresh('files')}/file`
      failsWith('ENOENT', () => disk.open(path))
      failsWith('ENOENT', () => disk.open(`${directory}/nowhere/file`, { create: true }))
      const file = disk.open(path, { create: true })
      assert.equal(file.size(), 0)
      file.write(0, [Buffer.from('hello '), Buffer.from('kafka')])
      file.write(13, [Buffer.from('!')])
      assert.equal(file.size(), 14)
      const into = Buffer.alloc(20, 1)
      assert.equal(file.read(0, into), 14)
      assert.equal(into.subarray(0, 14).toString(), 'hello kafka\0\0!')
      assert.equal(into[14], 1)
      assert.equal(file.read(6, into.subarray(0, 5)), 5)
      assert.equal(into.subarray(0, 5).toString(), 'kafka')
      assert.equal(file.read(14, into), 0)
      assert.equal(file.read(99, into), 0)
      file.truncate(5)
      file.truncate(7)
      assert.equal(text(disk.read(path)), 'hello\0\0')
      await file.sync()
      file.syncNow()
      file.close()
      file.close()
      assert.equal(text(disk.read(path)), 'hello\0\0')
    })

    works('two handles see one file; a removed file lives as long as a handle', async () => {
      const path = `${fresh('handles')}/file`
      const one = disk.open(path, { create: true })
      const two = disk.open(path)
      one.write(0, [Buffer.from('seen')])
      assert.equal(two.size(), 4)
      disk.remove(path)
      assert.equal(disk.exists(path), false)
      two.write(4, [Buffer.from(' still')])
      assert.equal(one.size(), 10)
      one.close()
      two.close()
    })

    works('a closed file is used no more', async () => {
      const file = disk.open(`${fresh('closed')}/file`, { create: true })
      file.close()
      failsWith('EBADF', () => file.size())
      failsWith('EBADF', () => file.read(0, new Uint8Array(1)))
      failsWith('EBADF', () => file.write(0, [Uint8Array.of(1)]))
      failsWith('EBADF', () => file.truncate(0))
      failsWith('EBADF', () => file.syncNow())
      await assert.rejects(file.sync(), isDiskError('EBADF'))
    })

    works('a whole file is read and replaced', async () => {
      const path = `${fresh('replaced')}/file`
      assert.equal(disk.read(path), undefined)
      disk.replace(path, Buffer.from('a longer first text'))
      disk.replace(path, Buffer.from('second'))
      assert.equal(text(disk.read(path)), 'second')
      assert.deepEqual(disk.list(`${directory}/replaced`), ['file'])
      failsWith('EISDIR', () => disk.read(`${directory}/replaced`))
      failsWith('ENOENT', () => disk.replace(`${directory}/nowhere/file`, Buffer.of(1)))
    })

    works('names change and go', async () => {
      const path = fresh('names')
      disk.replace(`${path}/one`, Buffer.from('1'))
      disk.replace(`${path}/two`, Buffer.from('2'))
      disk.rename(`${path}/one`, `${path}/two`)
      assert.deepEqual(disk.list(path), ['two'])
      assert.equal(text(disk.read(`${path}/two`)), '1')
      failsWith('ENOENT', () => disk.rename(`${path}/one`, `${path}/two`))
      disk.makeDirectory(`${path}/old/inner`)
      disk.rename(`${path}/old`, `${path}/new`)
      assert.deepEqual(disk.list(`${path}/new`), ['inner'])
      disk.remove(`${path}/two`)
      disk.remove(`${path}/two`)
      disk.syncDirectory(path)
      failsWith('ENOENT', () => disk.syncDirectory(`${path}/nowhere`))
      assert.deepEqual(disk.list(path), ['new'])
    })

    works('a directory is locked by one at a time', async () => {
      const path = fresh('locked')
      const lock = disk.lock(path)
      const error = failsWith('ELOCKED', () => disk.lock(path))
      assert.match(error.message, /in use by process \d+/)
      lock.release()
      disk.lock(path).release()
      assert.deepEqual(disk.list(path), [])
    })
  })
}

function failsWith(code: string, work: () => unknown): DiskError {
  let thrown: unknown
  assert.throws(work, (error) => {
    thrown = error
    return isDiskError(code)(error)
  })
  return thrown as DiskError
}

function isDiskError(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DiskError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }
}
