import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Weakness } from './cluster.ts'
import { weaknesses } from './cluster.ts'
import type { Job } from './job.ts'
import type { Restriction, Scenario } from './plan.ts'
import { scenarioOf, scenarios } from './plan.ts'

export const usage = `npm run sim -- [--seed N | --seeds N [--from N]] [--scenario ${scenarios.join('|')}] ...

  --seed N       runs one seed
  --seeds N      runs so many seeds. Default 20
  --from N       the first of them. Default 1
  --scenario S   one, or all of them. Default: even seeds run faults, odd ones crashes
  --workers N    processes. Default: one for each processor
  --faults L     only the faults with these indexes, e.g. 0,3, or none
  --clients L    only these clients, e.g. producer-1,reader-1
  --bursts N     at most so many bursts of each producer
  --weakness W   robs the broker of something that has to be found (${weaknesses.join(', ')})
  --minutes N    takes no further seed after so long
  --until-found  stops at the first seed with findings
  --trace        prints every event and what the clients log, of one seed
  --history FILE writes the history of one seed, as JSON lines

Each seed runs twice, and both runs have to be the same. A seed with findings is reduced to the least that shows them.`

export interface Options {
  readonly jobs: readonly Job[]
  readonly workers: number
  readonly isTraced: boolean
  readonly isUntilFound: boolean
  readonly minutes: number
  readonly history: string | undefined
}

/**
 * Reads the command line.
 * @throws Error for what cannot be
 */
export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ seed: { type: 'string' }, seeds: { type: 'string' }, from: { type: 'string' } },
      ...{ scenario: { type: 'string' }, workers: { type: 'string' }, weakness: { type: 'string' } },
      ...{ faults: { type: 'string' }, clients: { type: 'string' }, bursts: { type: 'string' } },
      ...{ trace: { type: 'boolean' }, 'until-found': { type: 'boolean' }, history: { type: 'string' } },
      minutes: { type: 'string' },
    },
  })
  const weakness = oneOf<Weakness>('weakness', values.weakness, weaknesses)
  const restriction = restrictionOf(values)
  const from = whole('from', values.from ?? '1')
  const seeds =
    values.seed !== undefined
      ? [whole('seed', values.seed)]
      : Array.from({ length: whole('seeds', values.seeds ?? '20') }, (_, index) => from + index)
  const jobs = seeds.flatMap((seed) =>
    scenariosOf(seed, values.scenario).map((scenario) => ({
      seed,
      scenario,
      restriction,
      weakness,
    })),
  )
  const { trace: isTraced = false, 'until-found': isUntilFound = false, history } = values
  if ((isTraced || history !== undefined) && jobs.length !== 1)
    throw new Error('--trace and --history are for one seed and one scenario')
  const workers = whole('workers', values.workers ?? String(availableParallelism()))
  const minutes = values.minutes === undefined ? Number.POSITIVE_INFINITY : whole('minutes', values.minutes)
  return { jobs, workers, minutes, isTraced, isUntilFound, history }
}

function scenariosOf(seed: number, given: string | undefined): readonly Scenario[] {
  if (given === 'all') return scenarios
  return [oneOf<Scenario>('scenario', given, scenarios) ?? scenarioOf(seed)]
}

function restrictionOf(given: { faults?: string; clients?: string; bursts?: string }): Restriction {
  const { faults, clients, bursts } = given
  const indexes = faults === 'none' ? [] : faults?.split(',').map((index) => whole('faults', index))
  return {
    ...(indexes ? { faults: indexes } : {}),
    ...(clients === undefined ? {} : { clients: clients.split(',') }),
    ...(bursts === undefined ? {} : { bursts: whole('bursts', bursts) }),
  }
}

function oneOf<T extends string>(
  name: string,
  given: string | undefined,
  known: readonly T[],
): T | undefined {
  const found = known.find((each) => each === given)
  if (given !== undefined && !found) throw new Error(`--${name} is one of ${known.join(', ')}, not ${given}`)
  return found
}

function whole(name: string, text: string): number {
  const number = Number(text)
  if (text !== '' && Number.isSafeInteger(number) && number >= 0) return number
  throw new Error(`--${name} must be a whole number, not ${text}`)
}
