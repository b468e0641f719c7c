import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { encode, MalformedError, Metadata } from '@samsa/protocol'
import { repository } from '../lab/cluster/surroundings.ts'
import { fuzzBroker } from './broker-campaign.ts'
import { campaign, prepareCodecs } from './campaign.ts'
import type { Subject } from './golden.ts'
import { subjects, withoutGolden } from './golden.ts'
import { plainInput } from './input.ts'
import { judge } from './oracle.ts'
import { describeTally } from './report.ts'
import type { Target } from './targets.ts'
import { allTargets, messages } from './targets.ts'

/** So many executions, whatever the machine: no verdict of these tests depends on time. */
const EXECUTIONS = 60_000
const BROKER_EXECUTIONS = 1_000
const common = { seed: 1, only: undefined, isTimed: false, stride: 40 }

test('what was found once is found no more', async () => {
  await prepareCodecs()
  const targets = allTargets()
  const corpus = readFileSync(join(repository, 'packages/protocol/testdata/fuzz/corpus.jsonl'), 'utf8')
  const lines = corpus.trim().split('\n')
  assert.ok(lines.length > 10)
  for (const line of lines) {
    const { target: name, why, hex } = JSON.parse(line) as { target: string; why: string; hex: string }
    const target = targets.get(name)
    assert.ok(target, name)
    const { outcome, signature } = judge(target, Buffer.from(hex, 'hex'), false)
    assert.notEqual(outcome, 'finding', `${name}, ${why}: ${signature}`)
  }
})

test('mutated golden bytes are refused with an error of the library, or give a value that comes back', async () => {
  const tally = await campaign({ ...common, isEnough: (executions) => executions >= EXECUTIONS })
  await fuzzBroker({ ...common, isEnough: (executions) => executions >= BROKER_EXECUTIONS }, tally)
  console.log(describeTally(tally, Number.NaN).replace(/ in NaN s: NaN a second/, ''))
  assert.deepEqual(tally.found, [])
  assert.ok(tally.executions >= EXECUTIONS + BROKER_EXECUTIONS)
  assert.ok(tally.values > EXECUTIONS / 50 && tally.refusals > EXECUTIONS / 2)
})

test('every message in every version has golden bytes to begin from', () => {
  assert.ok(messages.size > 100)
  // Brokers before Kafka 4.0 only; the golden bytes are those of a newer one.
  const old = ['message:WriteTxnMarkersRequest@0', 'message:WriteTxnMarkersResponse@0']
  assert.deepEqual(withoutGolden(), old)
})

test('the same seed gives the same run', async () => {
  const few = { ...common, only: 'blob' as const, isEnough: (executions: number) => executions >= 2_000 }
  const [one, other] = [await campaign(few), await campaign(few)]
  assert.deepEqual(one, other)
})

/** A reader with a mistake of each kind that the fuzzer is there to find. */
function mistaken(run: (bytes: Buffer) => void): Subject[] {
  const isExpected = (error: unknown) => error instanceof MalformedError
  const target: Target = { kind: 'message', name: 'mistaken', run, isExpected }
  const golden = Buffer.from(encode(Metadata.request, 9, { topics: [{ name: 'topic' }] }))
  return [{ target, inputs: [plainInput(golden)], seal: undefined }]
}

test('a mistake is found, made small, and can be replayed', async () => {
  const run = (bytes: Buffer) => {
    if (bytes.includes(0xfe) && bytes.length > 4) throw new RangeError('offset is out of range')
  }
  const subject = mistaken(run)
  const enough = { ...common, isEnough: (executions: number) => executions >= 5_000 }
  const { found } = await campaign(enough, subject)
  assert.equal(found.length, 1)
  assert.equal(found[0]?.what, 'RangeError: offset is out of range')
  assert.match(found[0]?.hex ?? '', /^(00)*fe(00)*$/)
  assert.equal(found[0]?.hex.length, 10)
  const [{ target } = assert.fail()] = subject
  assert.equal(judge(target, Buffer.from(found[0]?.hex ?? '', 'hex'), false).outcome, 'finding')
})

test('the subjects have structure to aim at', () => {
  const messages = subjects().filter(({ target }) => target.kind === 'message')
  const spans = messages.flatMap(({ inputs }) => inputs.flatMap((input) => input.spans))
  for (const role of ['length', 'tags', 'number'])
    assert.ok(spans.filter((span) => span.role === role).length > 1_000, role)
})
