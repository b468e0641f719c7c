import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '@samsa/runtime'
import { FrameCutter } from './frame-cutter.ts'

test('frames are found however the bytes are cut, and come out unchanged', () => {
  const random = new Random('cuts')
  const frames = Array.from({ length: 30 }, (_, index) => {
    const size = random.whole(4, 300)
    const frame = Buffer.alloc(4 + size, index)
    frame.writeInt32BE(size)
    return frame
  })
  const all = Buffer.concat(frames)
  for (let round = 0; round < 50; round++) {
    const out: Buffer[] = []
    let heads = 0
    const cutter = new FrameCutter(8, {
      head: (size) => {
        assert.equal(size, (frames[heads++] as Buffer).length - 4)
        return size % 2 ? 'whole' : 'parts'
      },
      whole: (frame) => out.push(frame),
      part: (bytes) => out.push(bytes),
      raw: () => assert.fail('these are frames'),
    })
    for (let at = 0; at < all.length; ) {
      const length = random.whole(1, 40)
      cutter.push(all.subarray(at, at + length))
      at += length
    }
    assert.equal(heads, frames.length)
    assert.deepEqual(Buffer.concat(out), all)
  }
})
