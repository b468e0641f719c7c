import type { DiskSettings, NetworkSettings } from '@samsa/runtime'
import { Random } from '@samsa/runtime'
import type { ClientPlan } from './client-plan.ts'
import { clientPlans, FAST_MS, orderlyClients, SLOW_MS } from './client-plan.ts'
import type { Fault } from './fault-plan.ts'
import { faultPlan, orderlyPlan, stormPlan } from './fault-plan.ts'
import { wideFaults, widened, wideTopics } from './wide-plan.ts'

/**
 * `faults`: everything but the broker's end. `crashes`: also that, with a data directory. `storms`: power cuts, one soon
 * after the other. `orderly`: members with handlers of all kinds join and leave in order, and nothing else goes wrong.
 * `wide`: as `faults`, with what production has beside: static members, seeks, freezes, first batches in trouble, large
 * beside small records, many partitions, a topic that is deleted and made anew.
 */
export const scenarios = ['faults', 'crashes', 'storms', 'orderly', 'wide'] as const
export type Scenario = (typeof scenarios)[number]

/** What a seed stands for: who does what, how their world is, and what goes wrong. */
export interface Plan {
  readonly clients: readonly ClientPlan[]
  /** How fast hosts talk and disks force. */
  readonly network: Partial<NetworkSettings>
  readonly disk: Partial<DiskSettings>
  /** How much faster or slower than the world's time clocks may go. */
  readonly drift: number
  /** Numbers of partitions of the topics that are in use at a time, and when one makes room for a new one. */
  readonly partitions: readonly number[]
  readonly retireAfter: number
  /** Larger batches are refused by its topics. Bytes. */
  readonly maxMessageBytes: number | undefined
  readonly faults: readonly Fault[]
  /** When everything is healed, but for what is held back. Virtual milliseconds. */
  readonly healAt: number
  /** When nothing is held back any more. */
  readonly quietAt: number
  /** Most bursts of each producer until then. */
  readonly bursts: number
}

/** What is left out of a plan, to find the least that shows a failure. Without an entry nothing of its kind is. */
export interface Restriction {
  /** Indexes of the faults that happen. */
  readonly faults?: readonly number[]
  /** Names of the clients that are there. */
  readonly clients?: readonly string[]
  readonly bursts?: number
}

/** The scenario of a seed for whoever does not choose one. */
export function scenarioOf(seed: number): Scenario {
  return seed % 2 === 0 ? 'faults' : 'crashes'
}

/** Draws a plan; it depends on seed and scenario only. */
export function planOf(seed: number, scenario: Scenario): Plan {
  const random = new Random(`${seed} ${scenario}`)
  const clients = clientsOf(random, scenario)
  const topics = scenario === 'wide' ? wideTopics(random.fork('topics')) : undefined
  const faults = faultsOf(random, scenario, clients)
  return {
    clients,
    network: { delayMs: scenario === 'orderly' ? FAST_MS : random.pick([FAST_MS, FAST_MS, SLOW_MS]) },
    disk: { syncMs: random.pick([FAST_MS, SLOW_MS]), stallChance: random.pick([0, 0.02]) },
    drift: random.pick([0, 0.001, 0.02]),
    partitions: topics?.partitions ?? [random.whole(1, 4), random.whole(1, 2)],
    maxMessageBytes: topics?.maxMessageBytes,
    retireAfter: random.pick([150, 400, 1000]),
    faults,
    healAt: endOf(faults.filter(({ kind }) => kind !== 'hold')),
    quietAt: endOf(faults),
    bursts: Number.POSITIVE_INFINITY,
  }
}

/** A plan without what is left out; everything else, and when it happens, stays. */
export function restricted(plan: Plan, { faults, clients, bursts = plan.bursts }: Restriction): Plan {
  const isThere = (name: string) => !clients || clients.includes(name)
  return {
    ...plan,
    clients: plan.clients.filter(({ name }) => isThere(name)),
    faults: plan.faults.filter((_, index) => !faults || faults.includes(index)),
    bursts,
  }
}

function clientsOf(random: Random, scenario: Scenario): ClientPlan[] {
  if (scenario === 'orderly') return orderlyClients(random)
  const clients = clientPlans(random)
  return scenario === 'wide' ? widened(clients, random.fork('wide')) : clients
}

function faultsOf(random: Random, scenario: Scenario, clients: readonly ClientPlan[]): Fault[] {
  if (scenario === 'storms') return stormPlan(random)
  if (scenario === 'orderly') return orderlyPlan(random, clients)
  const faults = faultPlan(random, scenario === 'crashes', clients)
  if (scenario !== 'wide') return faults
  return [...faults, ...wideFaults(random.fork('wide faults'), clients)].sort((a, b) => a.at - b.at)
}

function endOf(faults: readonly Fault[]): number {
  return Math.max(1000, ...faults.map(({ at, forMs }) => at + forMs))
}
