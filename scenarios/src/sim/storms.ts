import * as protocol from '@samsa/protocol'

/** Over so long (virtual ms) questions are counted. */
const SPAN_MS = 10_000
/**
 * Most questions of one client in that span. What is a question about the world, and not work, is asked at intervals
 * that grow to a second; a client has a few of them at once, of which each may be in trouble.
 */
const MOST_QUESTIONS = 80
/** Questions about single partitions: as many more as there are partitions, a few times. */
const OF_PARTITIONS: ReadonlySet<string> = new Set(['ListOffsets', 'OffsetForLeaderEpoch'])
const TIMES_ASKED = 4
/** Work: what a client asks for as often as there is something to do. Fetches that come back empty wait for their time. */
const MOST_WORK = 2000
const WORK: ReadonlySet<string> = new Set(['Produce', 'Fetch', 'OffsetCommit'])

/** Names of APIs by their keys. */
const names = new Map<number, string>()
for (const value of Object.values(protocol) as unknown[]) {
  if (typeof value !== 'object' || value === null || !('request' in value && 'response' in value)) continue
  const { key, name } = value as protocol.Api
  names.set(key, name)
}

/** Counts what clients ask brokers for, so that none asks without a pause. */
export class Storms {
  readonly #now: () => number
  readonly #partitions: () => number
  readonly #problem: (what: string, kind: string) => void
  /** Times of the last questions, by client and API. */
  readonly #asked = new Map<string, number[]>()
  readonly #told = new Set<string>()
  /** Most questions of one client of each API within the span, over the whole run. */
  readonly peaks = new Map<string, number>()

  /**
   * @param now milliseconds of the world
   * @param partitions how many there are
   * @param problem told of a client that asks too often, once for each API
   */
  constructor(now: () => number, partitions: () => number, problem: (what: string, kind: string) => void) {
    this.#now = now
    this.#partitions = partitions
    this.#problem = problem
  }

  #mostOf(api: string): number {
    if (WORK.has(api)) return MOST_WORK
    return MOST_QUESTIONS + (OF_PARTITIONS.has(api) ? TIMES_ASKED * this.#partitions() : 0)
  }

  asked(client: string, apiKey: number): void {
    const api = names.get(apiKey) ?? `API ${apiKey}`
    const name = `${client} ${api}`
    const now = this.#now()
    const times = this.#asked.get(name) ?? []
    if (times.length === 0) this.#asked.set(name, times)
    times.push(now)
    while ((times[0] as number) < now - SPAN_MS) times.shift()
    if (times.length > (this.peaks.get(api) ?? 0)) this.peaks.set(api, times.length)
    const most = this.#mostOf(api)
    if (times.length <= most || this.#told.has(name)) return
    this.#told.add(name)
    this.#problem(`${client} asked for ${api} ${times.length} times within ${SPAN_MS} ms`, 'storm')
  }
}
