import assert from 'node:assert/strict'
import test from 'node:test'
import { compress, decompress } from './compression/codec.ts'
import { useNative } from './native.ts'
import { crc32c } from './records/crc32c.ts'

test('a native package is used only when it is right, and what is missing is done in script', async () => {
  const bytes = Buffer.alloc(4096, 'samsa')
  const expected = crc32c(bytes)
  let calls = 0
  const right = {
    crc32c: (given: Uint8Array, previous = 0) => {
      calls++
      let crc = ~previous
      for (const byte of given) {
        crc ^= byte
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
      }
      return ~crc >>> 0
    },
  }
  const load = (module: unknown) => async (name: string) => {
    if (name === 'snappy') throw new Error('not installed')
    return module
  }
  try {
    assert.deepEqual(await useNative(undefined, load({ default: right })), ['@node-rs/crc32'])
    calls = 0
    assert.equal(crc32c(bytes), expected)
    assert.equal(crc32c(bytes, 2048, 4096, crc32c(bytes, 0, 2048)), expected)
    assert.equal(calls, 3)
    for (const wrong of [{}, { crc32c: () => 1 }, undefined]) {
      assert.deepEqual(await useNative(undefined, load(wrong)), [])
      assert.equal(crc32c(bytes), expected)
    }
    const broken = { compressSync: (given: Uint8Array) => given, uncompressSync: () => Buffer.from('other') }
    assert.deepEqual(await useNative(['snappy'], async () => broken), [])
    assert.ok(decompress(2, compress('snappy', bytes), bytes.length).equals(bytes))
  } finally {
    assert.deepEqual(await useNative([]), [])
  }
})
