import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cleanHistory } from './clean-history.ts'
import { drawFrom } from './draw.ts'
import { inOrder, merged, mergeHistories, parseHistory } from './files.ts'
import type { HistoryEvent } from './history.ts'
import { HistoryError } from './history.ts'
import { mutate } from './mutators.ts'
import { syntheticHistory } from './synthetic-history.ts'
import { check } from './verdict.ts'

const directory = mkdtempSync(join(tmpdir(), 'samsa-checker-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const LIMIT_MS = 60_000

function write(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const linesOf = (events: readonly HistoryEvent[]) =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('')

/** One file for each worker, as drivers write them. */
function writeByWorker(name: string, events: readonly HistoryEvent[]): string[] {
  const workers = [...new Set(events.map(({ who }) => who))]
  return workers.map((who) =>
    write(`${name}-${who}.jsonl`, linesOf(events.filter((event) => event.who === who))),
  )
}

const line = (t: number, op: number, more: object = {}) =>
  ({ t, op, ph: 'b', who: 'w', inc: 'w', f: 'note', ...more }) as HistoryEvent

test('files are merged by time', () => {
  const events = cleanHistory(1)
  assert.deepEqual([...mergeHistories(writeByWorker('merge', events))], events)
})

test('lines may be cut anywhere when they come, and empty ones say nothing', () => {
  const events = [line(1, 1, { text: 'naïve ✓' }), line(2, 2)]
  const bytes = Buffer.from(`\n${linesOf(events)}\n`)
  for (let size = 1; size < bytes.length; size += 3) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    )
    assert.deepEqual([...parseHistory(chunks, 'x')], events)
  }
})

test('what threads wrote a little out of order is put right, more is refused', () => {
  const events = [line(1, 1), line(5, 2), line(3, 3), line(3, 4), line(4, 5), line(9, 6)]
  assert.deepEqual(
    [...inOrder(events, 'x')].map(({ op }) => op),
    [1, 3, 4, 5, 2, 6],
  )
  const late = [line(1, 1), line(50, 2), line(51, 3), line(52, 4), line(2, 5)]
  assert.throws(() => [...inOrder(late, 'x', 2)], {
    name: 'HistoryError',
    message: /x: the note with op 5 .* too late/,
  })
})

test('of one time the lines of the earlier file come first', () => {
  const all = merged([[line(1, 1), line(2, 2)], [line(1, 3), line(2, 4)], []])
  assert.deepEqual(
    [...all].map(({ op }) => op),
    [1, 3, 2, 4],
  )
})

test('the line that a killed process had not finished is passed over, any other broken line is not', () => {
  const text = linesOf([line(1, 1), line(2, 2)])
  const torn: object[] = []
  const path = write('torn.jsonl', text.slice(0, -20))
  assert.equal([...mergeHistories([path], (each) => torn.push(each))].length, 1)
  assert.deepEqual(torn, [{ file: path, line: 2 }])
  assert.equal([...mergeHistories([write('whole.jsonl', text.slice(0, -1))])].length, 2)
  assert.throws(() => [...mergeHistories([write('broken.jsonl', `${text.slice(0, -20)}\n`)])], HistoryError)
})

const good = { t: 1, op: 1, ph: 'b', who: 'w', inc: 'i' }
const hostile: [string, RegExp][] = [
  ['{', /not JSON/],
  ['[]', /not an object/],
  ['null', /not an object/],
  ['7', /not an object/],
  [JSON.stringify({ ...good, f: 'sending' }), /unknown event "sending"/],
  [JSON.stringify({ ...good, f: '__proto__' }), /unknown event/],
  [JSON.stringify({ ...good }), /unknown event/],
  [JSON.stringify({ ...good, f: 'note', ph: 'x' }), /ph must be/],
  [JSON.stringify({ ...good, f: 'note', t: '1' }), /t must be/],
  [JSON.stringify({ ...good, f: 'note', t: -1 }), /t must be/],
  [JSON.stringify({ ...good, f: 'note', t: 1.5 }), /t must be/],
  [JSON.stringify({ ...good, f: 'note', op: null }), /op must be/],
  [JSON.stringify({ ...good, f: 'note', who: 3 }), /who and inc/],
  [JSON.stringify({ ...good, f: 'send', tp: 't-0' }), /v of a send must be a whole number, not nothing/],
  [JSON.stringify({ ...good, f: 'send', tp: 1, v: 1 }), /tp of a send must be text/],
  [JSON.stringify({ ...good, f: 'send', tp: 't-0', v: 1, src: 't-0' }), /src of a send/],
  [JSON.stringify({ ...good, f: 'send', ph: 'e', r: 'perhaps' }), /r of a send must be one of ok, fail, unk/],
  [JSON.stringify({ ...good, f: 'send', ph: 'e', r: 'ok', attempts: 'NONE' }), /attempts of a send/],
  [JSON.stringify({ ...good, f: 'poll', iso: 'serializable' }), /iso of a poll/],
  [JSON.stringify({ ...good, f: 'poll', ph: 'e' }), /recs of a poll/],
  [JSON.stringify({ ...good, f: 'poll', ph: 'e', recs: { 't-0': [1, 2] } }), /by turns/],
  [JSON.stringify({ ...good, f: 'poll', ph: 'e', recs: { 't-0': [-1, 2, 1] } }), /offsets from 0/],
  [JSON.stringify({ ...good, f: 'poll', ph: 'e', recs: { 't-0': [1, 'v', 1] } }), /whole numbers/],
  [JSON.stringify({ ...good, f: 'poll', ph: 'e', recs: { 't-0': [1, 2, 3] } }), /0 or 1/],
  [JSON.stringify({ ...good, f: 'poll', ph: 'e', recs: {}, pos: { 't-0': [1] } }), /pos of a poll/],
  [JSON.stringify({ ...good, f: 'commit', group: 'g', offs: [1] }), /offs of a commit/],
  [JSON.stringify({ ...good, f: 'mode', mode: { speed: 1 } }), /speed/],
  [JSON.stringify({ ...good, f: 'mode', mode: {}, allow: ['Z1'] }), /allow of a mode/],
  [JSON.stringify({ ...good, f: 'reb', kind: 'stolen', group: 'g', tps: [], gen: 1 }), /kind of a reb/],
]

test('a hostile line is refused with its file and number', () => {
  for (const [text, message] of hostile) {
    const path = write('hostile.jsonl', `${linesOf([line(1, 1)])}\n${text}\n`)
    assert.throws(
      () => [...mergeHistories([path])],
      (error: unknown) => {
        assert.ok(error instanceof HistoryError, text)
        assert.match(error.message, message)
        assert.deepEqual([error.file, error.line], [path, 3])
        return true
      },
    )
  }
})

test('a history that contradicts itself is refused', () => {
  const twice = [line(1, 1, { f: 'send', tp: 't-0', v: 5 }), line(2, 2, { f: 'send', tp: 't-0', v: 5 })]
  assert.throws(() => check(twice), { name: 'HistoryError', message: /two sends have the value 5/ })
  const op = [line(1, 1, { f: 'send', tp: 't-0', v: 5 }), line(2, 1, { f: 'send', tp: 't-0', v: 6 })]
  assert.throws(() => check(op), { name: 'HistoryError', message: /two calls have the op 1/ })
})

test('offsets far apart cost no memory between them', () => {
  const far = 2 ** 52
  const recs = { 't-0': [0, 5, 1, far, 6, 1] }
  const events = [line(1, 1, { f: 'poll', iso: 'read_committed' }), line(2, 1, { f: 'poll', ph: 'e', recs })]
  assert.deepEqual(check(events).totals, { S3: 2 })
})

test('a long history that is made as it goes is clean', () => {
  const { result, counts } = check(syntheticHistory(20_000, true))
  assert.equal(result, 'clean')
  assert.deepEqual([counts.values, counts.read, counts.handed], [20_000, 60_000, 20_000])
})

const program = fileURLToPath(new URL('./main.js', import.meta.url))

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: LIMIT_MS })
}

test('the command says clean with 0 and inconclusive with 4', () => {
  const clean = run(...writeByWorker('clean', cleanHistory(2)))
  assert.equal(clean.status, 0, clean.stdout + clean.stderr)
  assert.match(clean.stdout, /^clean\n/)
  const { status, stdout } = run(write('little.jsonl', linesOf([line(1, 1)])))
  assert.equal(status, 4)
  assert.match(stdout, /inconclusive[\s\S]*0 calls worked, expected were 1[\s\S]*0 faults[\s\S]*not drained/)
})

test('the command says broken with 1, as JSON too, and draws each bad partition', () => {
  const events = mutate(cleanHistory(3), 'S2', drawFrom(3))
  const json = join(directory, 'verdict.json')
  const svg = join(directory, 'drawings')
  const { status, stdout } = run(write('broken.jsonl', linesOf(events)), '--json', json, '--svg', svg)
  assert.equal(status, 1)
  assert.match(stdout, /S2 × \d+ {2}duplicate[\s\S]*in-0: \d+ is at offsets \d+ and \d+/)
  const verdict = JSON.parse(readFileSync(json, 'utf8'))
  assert.equal(verdict.result, 'broken')
  assert.equal(verdict.findings[0].code, 'S2')
  assert.deepEqual(readdirSync(svg), ['in-0.svg'])
  const drawing = readFileSync(join(svg, 'in-0.svg'), 'utf8')
  assert.match(drawing, /^<svg [\s\S]*<\/svg>\n$/)
  // Sends, reads and the anomaly's ring, nothing that is not a number.
  for (const part of ['<rect', '<circle', 'stroke="red"', '>S2</text>'])
    assert.ok(drawing.includes(part), part)
  assert.doesNotMatch(drawing, /NaN|Infinity/)
})

test('the command refuses what it cannot read with 2', () => {
  assert.match(run().stderr, /which files[\s\S]*--json/)
  assert.equal(run().status, 2)
  const missing = run(join(directory, 'nowhere.jsonl'))
  assert.deepEqual([missing.status, missing.stdout], [2, ''])
  assert.match(missing.stderr, /nowhere\.jsonl/)
  const wrong = run(write('wrong.jsonl', '{"t":1}\n'))
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /wrong\.jsonl, line 1: unknown event/)
})
