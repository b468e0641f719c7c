import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  BatchWriter,
  compress,
  crc32c,
  decompress,
  nativePackages,
  readBatches,
  useNative,
} from '@samsa/protocol'
import { runTool } from '../../foreign/run-tool.ts'
import { programOf, runtimes } from '../../foreign/runtimes.ts'
import { npmPackages } from '../../foreign/tools.ts'

const SNAPPY = 2
const MOST = 0x7fff_ffff

describe('the optional native packages do what the JavaScript does', () => {
  const samples = [0, 1, 511, 512, 513, 32_768, 100_000, 1_000_001].flatMap((size) => [
    randomBytes(size),
    Buffer.alloc(size, '{"state":"active","amount":17}'),
  ])
  const natively = async <T>(work: () => T): Promise<T> => {
    assert.deepEqual(await useNative(undefined, load), nativePackages)
    try {
      return work()
    } finally {
      await useNative([])
    }
  }
  let home = ''
  let load: (name: string) => Promise<unknown>
  before(async () => {
    home = await npmPackages('native-packages', ['@node-rs/crc32@1.10.8', 'snappy@7.4.3'])
    const require = createRequire(join(home, 'package.json'))
    load = async (name) => require(name)
    await useNative([])
  })
  after(() => useNative([]))

  for (const runtime of runtimes) {
    it(`${runtime.name} writes and reads every codec with and without them`, async () => {
      const program = fileURLToPath(new URL('./codecs-program.js', import.meta.url))
      const said = await runTool(await programOf(runtime), [...runtime.args, program, home])
      assert.equal(said.trim().split('\n').at(-1), 'ok')
    })
  }

  it('checksums are the same, from any place on and in pieces', async () => {
    const sums = () =>
      samples.flatMap((bytes) => {
        const half = bytes.length >> 1
        return [crc32c(bytes), crc32c(bytes, 3), crc32c(bytes, half, bytes.length, crc32c(bytes, 0, half))]
      })
    assert.deepEqual(await natively(sums), sums())
  })

  it('what one side compresses with snappy, the other reads', async () => {
    const pack = () => samples.map((bytes) => compress('snappy', bytes))
    const unpack = (packed: Uint8Array[]) => packed.map((bytes) => decompress(SNAPPY, bytes, MOST))
    const [ours, theirs] = [pack(), await natively(pack)]
    for (const unpacked of [
      unpack(theirs),
      await natively(() => unpack(ours)),
      await natively(() => unpack(theirs)),
    ]) {
      unpacked.forEach((bytes, at) => {
        assert.ok(bytes.equals(samples[at] as Buffer))
      })
    }
  })

  it('a bomb is stopped by the limit, and damage refused, natively too', async () => {
    const bomb = Buffer.from(compress('snappy', Buffer.alloc(8 * 1024 * 1024)))
    const limit = /larger than the limit of 100000 bytes/
    await natively(() => assert.throws(() => decompress(SNAPPY, bomb, 100_000), limit))
    const damaged = Buffer.from(bomb)
    damaged.fill(0xff, 40, 60)
    await natively(() => assert.throws(() => decompress(SNAPPY, damaged, MOST), /^MalformedError: snappy: /))
  })

  it('a batch that was written with them is read without them', async () => {
    const bytes = await natively(() => {
      const writer = new BatchWriter()
      for (let index = 0; index < 2000; index++)
        writer.append(index, `key ${index}`, 'value '.repeat(20), undefined)
      return writer.finish({ codec: 'snappy' })
    })
    const [batch] = readBatches(bytes)
    batch?.checkCrc()
    assert.equal(batch?.records()[1999]?.keyText, 'key 1999')
  })
})
