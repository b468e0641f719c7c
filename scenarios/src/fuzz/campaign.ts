import { codecNames, prepareCodec } from '@samsa/protocol'
import { Random } from '@samsa/runtime'
import { bombs } from './bombs.ts'
import type { Subject } from './golden.ts'
import { subjects } from './golden.ts'
import type { Input } from './input.ts'
import { plainInput } from './input.ts'
import { minimise } from './minimise.ts'
import type { Mutator } from './mutators.ts'
import { mutators } from './mutators.ts'
import type { Verdict } from './oracle.ts'
import { judge } from './oracle.ts'
import { insideBatch } from './seal.ts'
import type { Kind, Target } from './targets.ts'
import { kinds } from './targets.ts'

/** An input that a target does not take as it should. */
export interface Found {
  readonly target: string
  readonly what: string
  readonly seed: number
  readonly hex: string
}

/** What a run has done, and what it has met. */
export interface Tally {
  executions: number
  values: number
  refusals: number
  /** Executions of each target. */
  readonly targets: Map<string, number>
  readonly mutators: Map<string, number>
  /** Different ways in which inputs were refused, over all targets. */
  readonly signatures: Set<string>
  readonly found: Found[]
}

export interface CampaignOptions {
  readonly seed: number
  readonly only: Kind | undefined
  /** Whether CPU time counts. */
  readonly isTimed: boolean
  /** Asked now and then with how many inputs were run. */
  readonly isEnough: (executions: number) => boolean
  /** Of the inputs of the exhaustive passes each such is run; 1: all. */
  readonly stride: number
}

/** Inputs that went a new way are kept as new beginnings, so many for a target. */
const MOST_LEARNT = 24
const INPUTS_BETWEEN_LOOKS = 256
const MOST_FINDINGS = 50
/** Longer inputs are cut at every prefix up to here and at each double of it, since the work grows with the square. */
const MOST_PREFIXES = 1024
const MOST_BYTES_FLIPPED = 256

/**
 * Prefixes, bit flips and bombs, and then mutations until it is enough. The same seed gives the same inputs.
 * @param given what to run instead of everything that there is
 */
export async function campaign(options: CampaignOptions, given?: readonly Subject[]): Promise<Tally> {
  await prepareCodecs()
  const chosen = (given ?? subjects()).filter(
    ({ target }) => options.only === undefined || target.kind === options.only,
  )
  const run = new Run(options)
  if (chosen.length === 0) return run.tally
  run.exhaust(chosen)
  run.mutate(chosen)
  await run.minimiseAll()
  return run.tally
}

/** What must be loaded before inputs are packed or read. */
export async function prepareCodecs(): Promise<void> {
  for (const name of codecNames) await prepareCodec(name)
}

function emptyTally(): Tally {
  return {
    executions: 0,
    values: 0,
    refusals: 0,
    targets: new Map(),
    mutators: new Map(),
    signatures: new Set(),
    found: [],
  }
}

function step(length: number): number {
  return length < MOST_PREFIXES ? 1 : length
}

class Run {
  readonly tally: Tally = emptyTally()
  readonly #options: CampaignOptions
  readonly #random: Random
  readonly #known = new Set<string>()
  readonly #pending: { target: Target; bytes: Buffer; verdict: Verdict }[] = []
  #turn = 0

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#random = new Random(`fuzz/${options.seed}`)
  }

  /** Every prefix of every golden input, every flipped bit of the smaller batches, every bomb. */
  exhaust(chosen: readonly Subject[]): void {
    for (const { target, inputs } of chosen)
      for (const { bytes } of inputs)
        for (let length = 0; length <= bytes.length; length += step(length))
          this.#each(target, 'prefixes', () => Buffer.from(bytes.subarray(0, length)))
    for (const { target, inputs } of chosen) {
      if (target.kind !== 'batch') continue
      for (const { bytes } of inputs) if (bytes.length <= MOST_BYTES_FLIPPED) this.#flipAll(target, bytes)
    }
    const names = new Map(chosen.map(({ target }) => [target.name, target]))
    for (const { targetName, bytes } of bombs()) {
      const target = names.get(targetName)
      if (target) this.#try(target, 'bombs', bytes)
    }
  }

  #flipAll(target: Target, bytes: Buffer): void {
    for (let bit = 0; bit < bytes.length * 8; bit++)
      this.#each(target, 'everyBit', () => {
        const flipped = Buffer.from(bytes)
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
        return flipped
      })
  }

  #each(target: Target, mutator: string, make: () => Buffer): void {
    if (this.#turn++ % this.#options.stride === 0) this.#try(target, mutator, make())
  }

  mutate(chosen: readonly Subject[]): void {
    const random = this.#random
    const byKind = kinds
      .map((kind) => chosen.filter(({ target }) => target.kind === kind))
      .filter(({ length }) => length > 0)
    const learnt = new Map<string, number>()
    while (!this.#options.isEnough(this.tally.executions) && this.#pending.length < MOST_FINDINGS) {
      for (let left = INPUTS_BETWEEN_LOOKS; left > 0; left--) {
        // Half of all inputs are messages, since there are so many; the other half is for each kind alike.
        const subject = random.chance(0.5) ? random.pick(chosen) : random.pick(random.pick(byKind))
        const { name, bytes } = this.#mutated(subject, random.pick(random.pick(byKind)))
        const verdict = this.#try(subject.target, name, bytes)
        const key = `${subject.target.name} ${verdict.signature}`
        if (this.#known.has(key)) continue
        this.#known.add(key)
        const count = learnt.get(subject.target.name) ?? 0
        if (count >= MOST_LEARNT || bytes.length > 4096 || verdict.outcome === 'finding') continue
        learnt.set(subject.target.name, count + 1)
        subject.inputs.push(plainInput(bytes))
      }
    }
  }

  #mutated(subject: Subject, stranger: Subject): { name: string; bytes: Buffer } {
    const random = this.#random
    const names = Object.keys(mutators)
    const first = random.pick(subject.inputs)
    const other = random.pick(random.chance(0.7) ? subject.inputs : stranger.inputs).bytes
    if (subject.target.kind === 'batch' && random.chance(0.2))
      return { name: 'insideBatch', bytes: insideBatch(first, random, other) }
    const name = random.pick(names)
    let input: Input = plainInput((mutators[name] as Mutator)(first, random, other))
    while (random.chance(0.25))
      input = plainInput((mutators[random.pick(names)] as Mutator)(input, random, other))
    const { bytes } = input
    if (subject.seal && random.chance(0.6)) subject.seal(bytes)
    return { name, bytes }
  }

  #try(target: Target, mutator: string, bytes: Buffer): Verdict {
    const { tally } = this
    tally.executions++
    tally.targets.set(target.name, (tally.targets.get(target.name) ?? 0) + 1)
    tally.mutators.set(mutator, (tally.mutators.get(mutator) ?? 0) + 1)
    const verdict = judge(target, bytes, this.#options.isTimed)
    if (verdict.outcome === 'value') tally.values++
    else if (verdict.outcome === 'refused') {
      tally.refusals++
      tally.signatures.add(verdict.signature)
    } else this.#report(target, bytes, verdict)
    return verdict
  }

  #report(target: Target, bytes: Buffer, verdict: Verdict): void {
    const isKnown = this.#pending.some(
      (known) => known.target === target && known.verdict.signature === verdict.signature,
    )
    if (!isKnown && this.#pending.length < MOST_FINDINGS) this.#pending.push({ target, bytes, verdict })
  }

  /** Makes what was found as small as it can be. */
  async minimiseAll(): Promise<void> {
    for (const { target, bytes, verdict } of this.#pending) {
      const small = await minimise(bytes, (candidate) => {
        const again = judge(target, candidate, this.#options.isTimed)
        return again.outcome === 'finding' && again.signature === verdict.signature
      })
      const { seed } = this.#options
      this.tally.found.push({
        target: target.name,
        what: verdict.signature,
        seed,
        hex: small.toString('hex'),
      })
    }
  }
}
