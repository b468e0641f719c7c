import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

/** A line of a history, whatever it is about. */
export interface Line {
  t: number
  op: number
  ph: 'b' | 'e'
  f: string
  who: string
  inc: string
  [more: string]: unknown
}

/** What each kind of line must have at its begin and at its end. */
const wanted: Record<string, { b?: readonly string[]; e?: readonly string[] }> = {
  open: { b: ['text'] },
  close: { b: [], e: [] },
  crash: { b: ['text'] },
  note: { b: ['text'] },
  send: { b: ['tp', 'v'], e: ['r'] },
  poll: { b: ['iso'], e: ['recs'] },
  handed: { b: ['tp', 'off'], e: [] },
  commit: { b: ['group', 'offs'], e: ['r'] },
  ends: { b: ['iso'], e: ['r', 'offs'] },
  assign: { b: ['tps'] },
  seek: { b: ['offs'] },
  reset: { b: ['tp', 'why'] },
  beat: { b: [] },
  reb: { b: ['kind', 'group', 'tps', 'gen'], e: ['kind', 'group', 'tps', 'gen'] },
  txn: { b: ['step', 'tid', 'txn'], e: ['step', 'tid', 'txn', 'r'] },
  drain: { b: ['iso', 'offs'] },
}

/** Reads the history of one process and holds it to its form: it is whole, in the order of time, and every line is one. */
export function readSoundHistory(path: string): Line[] {
  const text = readFileSync(path, 'utf8')
  assert.ok(text.endsWith('\n'), `${path} ends in the middle of a line`)
  const lines = text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  const open = new Map<number, string>()
  const seen = new Set<number>()
  let before = 0
  for (const line of lines) {
    const shown = JSON.stringify(line)
    assert.ok(Number.isSafeInteger(line.t) && line.t >= before, `out of time: ${shown}`)
    before = line.t
    assert.ok(line.who !== '' && line.inc !== '', shown)
    const fields = wanted[line.f]?.[line.ph]
    assert.ok(fields, `unknown: ${shown}`)
    for (const field of fields) assert.ok(line[field] !== undefined, `${field} is missing: ${shown}`)
    if (line.ph === 'b') {
      assert.ok(!seen.has(line.op), `the number of another call: ${shown}`)
      seen.add(line.op)
      if (wanted[line.f]?.e) open.set(line.op, line.f)
    } else {
      assert.equal(open.get(line.op), line.f, `ends what did not begin: ${shown}`)
      open.delete(line.op)
    }
  }
  assert.deepEqual([...open], [], 'without an end')
  return lines
}

/** A send with how it ended. */
export interface Sent {
  tp: string
  v: number
  r: unknown
  off: unknown
  txn: string | undefined
  inc: string
}

export function sentIn(lines: readonly Line[]): Sent[] {
  const ends = new Map(lines.filter(({ f, ph }) => f === 'send' && ph === 'e').map((line) => [line.op, line]))
  return lines
    .filter(({ f, ph }) => f === 'send' && ph === 'b')
    .map(({ op, tp, v, txn, inc }) => {
      const end = ends.get(op)
      return {
        tp: String(tp),
        v: Number(v),
        r: end?.['r'],
        off: end?.['off'],
        txn: txn as string | undefined,
        inc,
      }
    })
}

/** `topic-0@offset` of each value that was read; every checksum must hold. */
export function readIn(lines: readonly Line[]): Map<number, string[]> {
  const found = new Map<number, string[]>()
  for (const line of lines) {
    if (line.f !== 'poll' || line.ph !== 'e') continue
    for (const [tp, flat] of Object.entries(line['recs'] as Record<string, number[]>)) {
      assert.equal(flat.length % 3, 0)
      for (let at = 0; at < flat.length; at += 3) {
        const [off, v, crcOk] = flat.slice(at, at + 3) as [number, number, number]
        assert.equal(crcOk, 1, `${tp}@${off} is damaged`)
        found.set(v, [...(found.get(v) ?? []), `${tp}@${off}`])
      }
    }
  }
  return found
}

/** What was acknowledged is in the drain, once, where it was said to be; nothing else is there than what was begun. */
export function assertKept(sent: readonly Sent[], drained: readonly Line[]): void {
  assert.ok(
    drained.some(({ f }) => f === 'drain'),
    'the drain did not come to its end',
  )
  const found = readIn(drained)
  const begun = new Map(sent.map((each) => [each.v, each]))
  for (const { v, tp, r, off } of sent) {
    if (r !== 'ok') continue
    const places = found.get(v) ?? []
    assert.equal(places.length, 1, `${v}, acknowledged in ${tp}, is at ${places.join(', ') || 'no place'}`)
    if (off !== undefined) assert.equal(places[0], `${tp}@${off}`)
    else assert.ok(places[0]?.startsWith(`${tp}@`))
  }
  for (const v of found.keys()) assert.ok(begun.has(v), `${v} was never sent`)
}

/** The whole lines that are there by now. */
export function readPartly(path: string): Line[] {
  try {
    const text = readFileSync(path, 'utf8')
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
    return lines.filter(Boolean).map((line) => JSON.parse(line) as Line)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
