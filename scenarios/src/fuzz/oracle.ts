import type { Target } from './targets.ts'

/** An input may take so much CPU time and no more. */
export const MOST_CPU_MS = 100

/** Something that must not be, found in what was read. */
export class Finding extends Error {
  override readonly name = 'Finding'
}

/** What a target made of an input. */
export interface Verdict {
  readonly outcome: 'value' | 'refused' | 'finding'
  /** What was said, without the numbers in it: equal for inputs that go the same way. */
  readonly signature: string
}

const VALUE: Verdict = { outcome: 'value', signature: '' }

/**
 * Runs a target and judges how it ended.
 * @param isTimed whether CPU time counts; not in tests, which run on any machine
 */
export function judge(target: Target, bytes: Buffer, isTimed: boolean): Verdict {
  const started = isTimed ? performance.now() : 0
  const verdict = outcomeOf(target, bytes)
  if (!isTimed || performance.now() - started < MOST_CPU_MS) return verdict
  // The machine may have been busy, or the code cold: the best of several says what the input needs.
  const cpuMs = Math.min(...Array.from({ length: 3 }, () => cpuTime(target, bytes)))
  return cpuMs < MOST_CPU_MS ? verdict : { outcome: 'finding', signature: 'takes more than 100 ms of CPU' }
}

function outcomeOf(target: Target, bytes: Buffer): Verdict {
  try {
    target.run(bytes)
    return VALUE
  } catch (error) {
    const outcome = target.isExpected(error) ? 'refused' : 'finding'
    return { outcome, signature: signatureOf(error) }
  }
}

function cpuTime(target: Target, bytes: Buffer): number {
  const before = process.cpuUsage()
  outcomeOf(target, bytes)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** The class and message of an error without its numbers and what it quotes. */
export function signatureOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) }
  return `${name}: ${message.replaceAll(/\d+/g, '#').slice(0, 200)}`
}

/** Equal in every field; memory counts by its content, and not a number is equal to itself. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Uint8Array)
    return other instanceof Uint8Array && one.length === other.length && Buffer.compare(one, other) === 0
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false
    for (let at = 0; at < one.length; at++) if (!sameValue(one[at], other[at])) return false
    return true
  }
  if (isList(one)) return isList(other) && sameValue([...one], [...other])
  const names = Reflect.ownKeys(one)
  if (names.length !== Reflect.ownKeys(other).length) return false
  return names.every((name) => sameValue(Reflect.get(one, name), Reflect.get(other, name)))
}

/** What is taken apart only when it is asked for: unknown tagged fields. */
function isList(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value
}
