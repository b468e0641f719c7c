/** How often something was met: machine, state, event and fault in a word each, with `/` between. */
export type Counts = Readonly<Record<string, number>>

/** What is counted where no fault is at work. */
const CALM = 'none'
/** A fault of a moment is at work for so long. Milliseconds. */
const MOMENT_MS = 1000

/** Counts which states of the machines of clients and broker met which events, under which faults. */
export class Coverage {
  readonly #counts = new Map<string, number>()
  readonly #now: () => number
  #active: { kind: string; until: number }[] = []

  /** @param now the world's time */
  constructor(now: () => number) {
    this.#now = now
  }

  /** A fault begins, and is at work for a while. */
  begin(kind: string, forMs: number): void {
    this.#active.push({ kind, until: this.#now() + Math.max(forMs, MOMENT_MS) })
  }

  count(machine: string, state: string, event: string): void {
    const now = this.#now()
    if (this.#active.some(({ until }) => until < now))
      this.#active = this.#active.filter(({ until }) => until >= now)
    const kinds = this.#active.length > 0 ? new Set(this.#active.map(({ kind }) => kind)) : [CALM]
    for (const kind of kinds) {
      const name = `${machine}/${state}/${event}/${kind}`
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    }
  }

  get counts(): Counts {
    return Object.fromEntries(this.#counts)
  }
}

/** Counts of several runs together. */
export function sumOf(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {}
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
