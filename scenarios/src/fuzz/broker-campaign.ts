import { Random } from '@samsa/runtime'
import { BrokerStage } from './broker-stage.ts'
import type { CampaignOptions, Tally } from './campaign.ts'
import { requestInputs } from './golden.ts'
import type { Input } from './input.ts'
import { plainInput } from './input.ts'
import { minimise } from './minimise.ts'
import type { Mutator } from './mutators.ts'
import { mutators } from './mutators.ts'
import { MOST_CPU_MS } from './oracle.ts'
import { sealFrame } from './seal.ts'

/** A broker takes so many inputs; then a fresh one begins, so that what it remembers stays small. */
const INPUTS_OF_A_BROKER = 200
const MOST_FINDINGS = 20

/** Mutated requests over connections of their own, to one broker after the other; adds to the tally. */
export async function fuzzBroker(options: CampaignOptions, tally: Tally): Promise<void> {
  const random = new Random(`fuzz/${options.seed}/broker`)
  const inputs = requestInputs()
  let executions = 0
  while (!options.isEnough(executions) && tally.found.length < MOST_FINDINGS) {
    const stage = await BrokerStage.open()
    const fed: Buffer[] = []
    for (let left = INPUTS_OF_A_BROKER; left > 0; left--) {
      const { name, bytes } = mutated(inputs, random)
      fed.push(bytes)
      const started = performance.now()
      let what = await stage.feed(bytes)
      if (options.isTimed && performance.now() - started > MOST_CPU_MS && (await isSlow(bytes)))
        what ??= `takes more than ${MOST_CPU_MS} ms of CPU`
      executions++
      count(tally, name, stage)
      if (what !== undefined) await report(tally, options.seed, what, bytes)
    }
    if (!(await stage.isAlive())) await report(tally, options.seed, STUCK, Buffer.concat(fed))
    await stage.close()
  }
}

const STUCK = 'the broker answers nobody any more'

function mutated(inputs: readonly Input[], random: Random): { name: string; bytes: Buffer } {
  const pieces: Buffer[] = []
  let name = ''
  do {
    const input = random.pick(inputs)
    name = random.pick(Object.keys(mutators))
    let made = random.chance(0.1) ? input.bytes : change(input, name, random, inputs)
    while (random.chance(0.2)) made = change(plainInput(made), name, random, inputs)
    if (random.chance(0.9)) sealFrame(made)
    pieces.push(made)
  } while (random.chance(0.2))
  return { name, bytes: Buffer.concat(pieces) }
}

function change(input: Input, name: string, random: Random, inputs: readonly Input[]): Buffer {
  return Buffer.from((mutators[name] as Mutator)(input, random, random.pick(inputs).bytes))
}

function count(tally: Tally, mutator: string, stage: BrokerStage): void {
  tally.executions++
  tally.targets.set('broker', (tally.targets.get('broker') ?? 0) + 1)
  tally.mutators.set(mutator, (tally.mutators.get(mutator) ?? 0) + 1)
  const refusals = stage.refusals()
  for (const signature of refusals) tally.signatures.add(`broker ${signature}`)
  if (refusals.length > 0) tally.refusals++
  else tally.values++
}

async function report(tally: Tally, seed: number, what: string, bytes: Buffer): Promise<void> {
  if (tally.found.some((found) => found.target === 'broker' && found.what === what)) return
  const small = await minimise(bytes, async (candidate) => (await feedFresh(candidate)) === what)
  tally.found.push({ target: 'broker', what, seed, hex: small.toString('hex') })
}

/** What a fresh broker makes of these bytes; undefined when all is well. */
export async function feedFresh(bytes: Buffer): Promise<string | undefined> {
  const stage = await BrokerStage.open()
  const what = await stage.feed(bytes)
  const isAlive = await stage.isAlive()
  await stage.close()
  return what ?? (isAlive ? undefined : STUCK)
}

async function isSlow(bytes: Buffer): Promise<boolean> {
  let least = Number.POSITIVE_INFINITY
  for (let left = 3; left > 0; left--) {
    const stage = await BrokerStage.open()
    const before = process.cpuUsage()
    await stage.feed(bytes)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
    await stage.close()
  }
  return least > MOST_CPU_MS
}
