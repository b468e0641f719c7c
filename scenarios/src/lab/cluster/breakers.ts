import type { ControlledCluster, ControlledNode } from './controlled-cluster.ts'
import { NotPossible } from './controlled-cluster.ts'
import type { ClusterFault, FaultKind } from './fault-schedule.ts'

const ADDED_PARTITIONS = 1

/** A fault that has chosen what it breaks. */
interface Breakage {
  /** For people, said before it is made. */
  readonly what: string
  /** @returns more to be said of it afterwards */
  make(): Promise<string | void>
  /** After it was kept up for its time. Left out: it is over once it was made. */
  mend?(): Promise<void>
}

type Breaker = (ground: BreakersGround, fault: ClusterFault) => Breakage | Promise<Breakage>

/** To add a kind of fault: its name in `faultKinds`, and here what it chooses, how it is made and how it is mended. */
export const breakers: Readonly<Record<FaultKind, Breaker>> = {
  none: () => ({ what: 'nothing', make: async () => {}, mend: async () => {} }),
  kill: async (ground, fault) => {
    const nodes = await ground.victims(fault)
    const make = () => each(nodes, (node) => node.kill9())
    return { what: `${named(nodes)} killed`, make, mend: () => each(nodes, (node) => node.start()) }
  },
  restart: async (ground, fault) => {
    const nodes = await ground.victims(fault)
    const make = () => each(nodes, (node) => node.stop())
    return { what: `${named(nodes)} stopped`, make, mend: () => each(nodes, (node) => node.start()) }
  },
  'rolling-restart': ({ cluster, topics }) => {
    const nodes = processesOf(cluster)
    const make = async () => {
      for (const node of nodes) {
        await node.stop()
        await node.start()
        for (const topic of topics) await cluster.waitUntilInSync(topic)
      }
    }
    return { what: `${named(nodes)} restarted in turn`, make }
  },
  freeze: async (ground, fault) => {
    const nodes = await ground.victims(fault)
    const make = () => each(nodes, async (node) => node.freeze())
    return { what: `${named(nodes)} frozen`, make, mend: () => each(nodes, async (node) => node.thaw()) }
  },
  'leader-move': async (ground, fault) => {
    const { topic, partition, leader } = await ground.partition(fault)
    const others = ground.cluster.nodes.filter(({ id, state }) => id !== leader && state === 'up')
    const to = chosen(others, fault.pick >>> 16)
    const what = `${topic}-${partition} moves from node ${leader} to ${to.id}`
    return { what, make: () => ground.cluster.moveLeader(topic, partition, to.id) }
  },
  'coordinator-move': ({ cluster, groups }, { pick }) => {
    const group = chosen(groups, pick)
    const make = async () => `to node ${await cluster.moveCoordinator(group)}`
    return { what: `the coordinator of ${group} moves`, make }
  },
  'add-partitions': async ({ cluster, topics }, { pick }) => {
    const topic = chosen(topics, pick)
    const total = (await cluster.partitionsOf(topic)) + ADDED_PARTITIONS
    return { what: `${topic} grows to ${total} partitions`, make: () => cluster.addPartitions(topic, total) }
  },
  'recreate-topic': ({ cluster, topics }, { pick }) => {
    const topic = chosen(topics, pick)
    return { what: `${topic} is deleted and made anew`, make: () => cluster.recreateTopic(topic) }
  },
  'unclean-election': async (ground, fault) => {
    const { topic, partition } = await ground.partition(fault)
    const make = async () => {
      const pause = () => ground.sleep(fault.forMs)
      const { endBefore, endAfter } = await ground.cluster.electUnclean(topic, partition, pause)
      return `from ${endBefore} back to ${endAfter}`
    }
    return { what: `${topic}-${partition} loses its end`, make }
  },
  'full-disk': async (ground, fault) => {
    const [node] = (await ground.victims({ ...fault, nodes: 1 })) as [ControlledNode]
    const make = () => ground.cluster.fillDisk(node.id)
    return { what: `the disk of node ${node.id} is full`, make, mend: () => ground.cluster.freeDisk() }
  },
}

/** What faults choose from. */
export class BreakersGround {
  readonly cluster: ControlledCluster
  readonly topics: readonly string[]
  readonly groups: readonly string[]
  readonly sleep: (ms: number) => Promise<void>

  constructor(
    cluster: ControlledCluster,
    topics: readonly string[],
    groups: readonly string[],
    sleep: (ms: number) => Promise<void>,
  ) {
    this.cluster = cluster
    this.topics = topics
    this.groups = groups
    this.sleep = sleep
  }

  /** A partition and its leader. */
  async partition({ pick }: ClusterFault): Promise<{ topic: string; partition: number; leader: number }> {
    const topic = chosen(this.topics, pick)
    const partition = (pick >>> 8) % (await this.cluster.partitionsOf(topic))
    return { topic, partition, leader: await this.cluster.leaderOf(topic, partition) }
  }

  /** A leader and the nodes after it, as many as the fault asks for; each process once. */
  async victims(fault: ClusterFault): Promise<ControlledNode[]> {
    const up = processesOf(this.cluster).filter(({ state }) => state === 'up')
    const leader = this.topics.length > 0 ? (await this.partition(fault)).leader : undefined
    const first = up.findIndex(({ id }) => id === leader)
    const start = first >= 0 ? first : fault.pick
    const victims = up.slice(0, fault.nodes).map((_, index) => chosen(up, start + index))
    if (victims.length === 0) throw new NotPossible('no node is up')
    return victims
  }
}

/** One node of each process. */
function processesOf({ nodes }: ControlledCluster): ControlledNode[] {
  return nodes.filter(
    ({ pid }, index) => pid === undefined || nodes.findIndex((other) => other.pid === pid) === index,
  )
}

function chosen<T>(from: readonly T[], pick: number): T {
  const found = from[pick % from.length]
  if (found === undefined) throw new NotPossible('there is nothing to choose from')
  return found
}

function named(nodes: readonly ControlledNode[]): string {
  return `node ${nodes.map(({ id }) => id).join(' and ')}`
}

async function each(nodes: readonly ControlledNode[], work: (node: ControlledNode) => Promise<void>) {
  await Promise.all(nodes.map(work))
}
