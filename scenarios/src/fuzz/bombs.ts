import { gzipSync } from 'node:zlib'
import type { CodecName } from '@samsa/protocol'
import { BATCH_HEADER_BYTES, BatchHeader, batchField, codecNumber, compress } from '@samsa/protocol'
import { varint } from './mutators.ts'
import { sealBatch } from './seal.ts'

/** Little that becomes much, or says that it does. */
export interface Bomb {
  readonly title: string
  readonly targetName: string
  readonly bytes: Buffer
}

const MANY_BYTES = 8 * 1024 * 1024

/** For each codec: a thousand to one, sizes declared as nothing and as 2 GiB, very many small parts. */
export function bombs(): Bomb[] {
  const made: [CodecName, string, Buffer][] = [
    ...(['gzip', 'snappy', 'lz4', 'zstd'] as const).map((name): [CodecName, string, Buffer] => [
      name,
      'zeros',
      Buffer.from(compress(name, Buffer.alloc(MANY_BYTES))),
    ]),
    ['gzip', 'members', Buffer.concat(Array(2000).fill(gzipSync(Buffer.alloc(4096))))],
    ['gzip', 'empty members', Buffer.concat(Array(5000).fill(gzipSync(Buffer.alloc(0))))],
    ['zstd', 'runs', zstdRuns(400)],
    ['zstd', 'a size of 0', zstdRuns(400, Buffer.from([0xa0, 0, 0, 0, 0]))],
    ['zstd', 'a size of 2 GiB', zstdRuns(400, Buffer.from([0xa0, 0, 0, 0, 0x80]))],
    ['zstd', 'a size of 2^64 - 1', zstdRuns(1, Buffer.from([0xe0, 255, 255, 255, 255, 255, 255, 255, 255]))],
    ['zstd', 'a window of 2^41', zstdRuns(400, Buffer.from([0, 0xff]))],
    ['zstd', 'empty frames', Buffer.concat(Array(20_000).fill(zstdRuns(0)))],
    ['zstd', 'skippable frames', Buffer.concat(Array(20_000).fill(Buffer.from('502a4d1800000000', 'hex')))],
    ['zstd', 'empty blocks', zstdEmptyBlocks(20_000)],
    ['lz4', 'empty frames', Buffer.concat(Array(5000).fill(Buffer.from(compress('lz4', Buffer.alloc(0)))))],
    ['snappy', 'a size of 2 GiB', Buffer.concat([varint(0x7fff_ffff), Buffer.alloc(100)])],
    ['snappy', 'a size of 2^35', Buffer.from('ffffffff7f00', 'hex')],
    ['snappy', 'a size of 0', Buffer.concat([varint(0), Buffer.alloc(1000, 0xfe)])],
    ['snappy', 'the most of a copy', snappyRuns(100_000)],
    ['snappy', 'empty blocks', xerial(Array(20_000).fill(Buffer.from([0])))],
    ['snappy', 'blocks of 2 GiB', xerial(Array(1000).fill(varint(0x7fff_ffff)))],
  ]
  return made.flatMap(([name, title, bytes]) => [
    { title: `${name}: ${title}`, targetName: `codec:${name}`, bytes },
    { title: `batch of ${name}: ${title}`, targetName: 'batch', bytes: batchOf(name, bytes) },
  ])
}

/** A batch of magic 2 whose records are these bytes. */
export function batchOf(name: CodecName, content: Buffer, count = 1): Buffer {
  const batch = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), content])
  batch.writeInt8(2, batchField.magic)
  batch.writeInt16BE(codecNumber(name), batchField.attributes)
  batch.writeInt32BE(count - 1, batchField.lastOffsetDelta)
  batch.writeInt32BE(count, batchField.count)
  sealBatch(batch)
  return Buffer.from(new BatchHeader(batch).bytes)
}

/** A frame of blocks that repeat a byte 128 Ki times: four bytes each. `head`: descriptor, window, size. */
function zstdRuns(blocks: number, head = Buffer.from([0, 0x38])): Buffer {
  const block = Buffer.from([0x02, 0x00, 0x10, 0])
  const last = Buffer.from([0x01, 0, 0])
  return Buffer.concat([Buffer.from('28b52ffd', 'hex'), head, ...Array(blocks).fill(block), last])
}

function zstdEmptyBlocks(count: number): Buffer {
  const head = Buffer.from('28b52ffd0038', 'hex')
  return Buffer.concat([head, Buffer.alloc(count * 3), Buffer.from([1, 0, 0])])
}

/** A raw block that says and gives 64 bytes for each three of its own. */
function snappyRuns(copies: number): Buffer {
  const literal = Buffer.from([0, 7])
  const copy = Buffer.from([0xfe, 1, 0])
  return Buffer.concat([varint(1 + copies * 64), literal, ...Array(copies).fill(copy)])
}

function xerial(blocks: readonly Buffer[]): Buffer {
  const head = Buffer.from('82534e4150505900' + '0000000100000001', 'hex')
  const sized = blocks.flatMap((block) => {
    const size = Buffer.alloc(4)
    size.writeInt32BE(block.length)
    return [size, block]
  })
  return Buffer.concat([head, ...sized])
}
