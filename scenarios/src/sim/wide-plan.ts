import type { Random } from '@samsa/runtime'
import type { ClientPlan, ConsumerPlan } from './client-plan.ts'
import type { Fault } from './fault-plan.ts'

/** What topics of a wide world are like. */
export interface TopicPlan {
  /** Partitions of each topic that is in use. */
  readonly partitions: readonly number[]
  /** Batches that are larger are refused, so that producers have to split them. Bytes. */
  readonly maxMessageBytes?: number
}

/** First requests: within so long (ms) of the beginning everybody sends its first batches. */
const FIRST_MS = 1500
const UNTIL_MS = 12_000

/** Gives clients of a usual world habits that production has: names that outlive a process, seeks, records of all sizes. */
export function widened(clients: readonly ClientPlan[], random: Random): ClientPlan[] {
  const areStatic = random.chance(0.5)
  return clients.map((client) => {
    const own = random.fork(client.name)
    if (client.role === 'worker') return client
    if (client.role === 'consumer') return widenedConsumer(client, own, areStatic)
    const maxInFlightRequestsPerConnection = own.pick([1, 5, 5, 5])
    const lingerMs = own.pick([0, 0, 20, 50])
    return {
      ...client,
      bigChance: own.pick([0, 0, 0.05]),
      options: { ...client.options, maxInFlightRequestsPerConnection, lingerMs },
    }
  })
}

function widenedConsumer(client: ConsumerPlan, random: Random, isStatic: boolean): ConsumerPlan {
  const { group, name, options } = client
  // One that comes back under its old name does not leave meanwhile.
  const named = isStatic && group ? { groupInstanceId: name } : {}
  return {
    ...client,
    changeChance: isStatic ? 0 : client.changeChance,
    seekChance: group ? 0 : random.pick([0, 0.02]),
    pauseChance: random.pick([client.pauseChance, 0.05]),
    options: { ...options, ...named, queuedMaxBytes: random.pick([1000, 20_000, 67_108_864]) },
  }
}

export function wideTopics(random: Random): TopicPlan {
  const most = random.pick([3, 3, 12, 24])
  const isTight = random.chance(0.4)
  return {
    partitions: [random.whole(2, most), random.whole(1, 2)],
    ...(isTight ? { maxMessageBytes: random.pick([1200, 2500]) } : {}),
  }
}

// NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS_AFTER_APPEND
const FIRST_CODES = [6, 7, 19, 20] as const

/** What goes wrong in a wide world beside the usual. */
export function wideFaults(random: Random, clients: readonly ClientPlan[]): Fault[] {
  const faults: Fault[] = []
  const producers = clients.filter(({ role }) => role === 'producer')
  const consumers = clients.filter((client) => client.role === 'consumer' && client.group !== undefined)
  if (random.chance(0.6)) faults.push(...firstFaults(random))
  for (let left = random.whole(0, 4); left > 0; left--)
    faults.push(...flicker(random, random.between(0, random.pick([FIRST_MS, UNTIL_MS]))))
  for (let left = random.whole(0, 3); left > 0; left--) {
    const at = random.between(FIRST_MS, UNTIL_MS)
    const forMs = random.between(200, random.pick([1500, 9000]))
    faults.push({
      at,
      forMs,
      kind: 'freeze',
      host: random.pick(random.chance(0.8) ? consumers : producers).name,
    })
  }
  // A new producer, whose first batches meet what has gone wrong meanwhile.
  for (let left = random.whole(0, 2); left > 0; left--) {
    const at = random.between(FIRST_MS, UNTIL_MS)
    const host = random.pick(producers).name
    faults.push({ at, forMs: random.between(1, 200), kind: 'killClient', host }, ...firstFaults(random, at))
  }
  if (random.chance(0.3))
    faults.push({ at: random.between(FIRST_MS, UNTIL_MS), forMs: random.between(500, 15_000), kind: 'doom' })
  return faults
}

/** A partition goes back and forth between two nodes: what was refused on the first one is followed by what is taken. */
function flicker(random: Random, from: number): Fault[] {
  const pick = random.next()
  const nodes = random.pick([
    [1, 2],
    [2, 3],
    [3, 1],
  ] as const)
  let at = from
  return Array.from({ length: random.whole(3, 9) }, (_, index): Fault => {
    at += random.between(2, 60)
    return { at, forMs: 0, kind: 'move', pick, node: nodes[index % 2] as number }
  })
}

/** The first requests of a producer are refused for a moment, hang, get lost or are answered late. */
function firstFaults(random: Random, from = 0): Fault[] {
  return Array.from({ length: random.whole(1, 4) }, (): Fault => {
    const common = { at: from + random.between(0, 200), forMs: 0, api: 'Produce', nth: random.whole(1, 6) }
    const kind = random.pick(['wrongReply', 'dropReply', 'close', 'delayReply'] as const)
    if (kind === 'wrongReply') return { ...common, kind, code: random.pick(FIRST_CODES) }
    if (kind === 'delayReply') return { ...common, kind, ms: random.whole(50, 5000) }
    return { ...common, kind }
  })
}
