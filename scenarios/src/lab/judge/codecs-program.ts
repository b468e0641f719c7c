import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import {
  BatchWriter,
  codecNames,
  compress,
  nativePackages,
  prepareCodec,
  readBatches,
  useNative,
} from '@samsa/protocol'

/**
 * Writes and reads batches with every codec, with and without native packages, on whatever runtime runs it; the one
 * argument is where those packages are installed. Says `ok` at the end.
 */
const RECORDS = 3000

const require = createRequire(join(process.argv[2] as string, 'package.json'))
await prepareCodec('zstd')
await everyCodec()
assert.deepEqual(await useNative(undefined, async (name) => require(name)), nativePackages)
await everyCodec()
for (const level of [1, 9, 17]) compress('lz4', Buffer.alloc(100_000, 'ab'), level)
for (const level of [-131072, 22]) compress('zstd', Buffer.alloc(100_000, 'ab'), level)
console.log('ok')

async function everyCodec(): Promise<void> {
  for (const codec of codecNames) {
    const [batch] = readBatches(await written().finishAsync({ codec, syncBelow: 0 }))
    assert.ok(batch)
    batch.checkCrc()
    await batch.decompressAsync({ syncBelow: 0 })
    let count = 0
    for (const cursor = batch.cursor(); cursor.next(); count++) {
      assert.equal(cursor.keyText, `key ${count}`)
      assert.equal(cursor.headers[0]?.key, 'name')
      assert.equal(cursor.value?.length, 180)
    }
    assert.equal(count, RECORDS)
    const [atOnce] = readBatches(written().finish({ codec }))
    assert.equal(atOnce?.records().at(-1)?.keyText, `key ${RECORDS - 1}`)
  }
}

function written(): BatchWriter {
  const writer = new BatchWriter()
  const headers = [{ key: 'name', value: 'x' }]
  for (let at = 0; at < RECORDS; at++) {
    writer.append(1_700_000_000_000 + at, `key ${at}`, 'value '.repeat(30), headers)
  }
  return writer
}
