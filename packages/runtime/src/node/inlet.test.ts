import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sink } from '../runtime.ts'
import { Inlet } from './inlet.ts'

/** A sink with rooms of a few bytes, which keeps what it is given. */
class Narrow implements Sink {
  readonly rooms: Uint8Array[] = []
  text = ''
  #room: Uint8Array = Buffer.alloc(0)

  room(): Uint8Array {
    this.#room = Buffer.alloc(4)
    this.rooms.push(this.#room)
    return this.#room
  }

  filled(length: number): void {
    this.text += Buffer.from(this.#room.subarray(0, length)).toString()
  }

  drained(): void {}
  ended(): void {}
}

/** What Node does for one read: fills the memory it was given before, then asks where the next read may go. */
function read(inlet: Inlet, memory: Uint8Array, text: string): Uint8Array {
  memory.set(Buffer.from(text))
  assert.equal(inlet.callback(text.length, memory), true)
  return inlet.buffer()
}

test('bytes go straight into the memory of the sink', () => {
  const inlet = new Inlet()
  const sink = new Narrow()
  inlet.attach(sink)
  const memory = inlet.buffer()
  assert.equal(memory, sink.rooms.at(-1))
  const next = read(inlet, memory, 'abcd')
  assert.equal(next, sink.rooms.at(-1))
  assert.notEqual(next, memory)
  assert.equal(sink.text, 'abcd')
})

test('what came before there was a sink comes first, whatever its rooms hold', () => {
  const inlet = new Inlet()
  let memory = read(inlet, inlet.buffer(), 'early ')
  memory = read(inlet, memory, 'bytes, ')
  const sink = new Narrow()
  inlet.attach(sink)
  assert.equal(sink.text, 'early bytes, ')
  // This read had begun before the sink was there.
  memory = read(inlet, memory, 'begun early, ')
  assert.equal(memory, sink.rooms.at(-1))
  read(inlet, memory, 'late')
  assert.equal(sink.text, 'early bytes, begun early, late')
})
