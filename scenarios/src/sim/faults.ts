import type { SimWorld } from '@samsa/runtime'
import type { Cluster } from './cluster.ts'
import type { Crew } from './crew.ts'
import type { Fault } from './plan.ts'

/** What can be broken. */
export interface Stage {
  readonly world: SimWorld
  readonly cluster: Cluster
  readonly crew: Crew
}

/**
 * Lets a fault happen now.
 * @param onError told when breaking or mending itself fails, which is a bug of the broker
 */
export function happen(fault: Fault, { world, cluster, crew }: Stage, onError: (error: Error) => void): void {
  const { network } = world
  const later = (mend: () => void) => world.at(world.now + fault.forMs, mend)
  const attempt = (work: Promise<unknown> | undefined) => void work?.catch(onError)
  const { broker } = cluster
  world.note('fault', fault.kind, JSON.stringify(fault))
  switch (fault.kind) {
    case 'split': {
      const { from, to, oneWay } = fault
      network.split(from, to, { oneWay })
      later(() => network.heal(from, to))
      break
    }
    case 'slow': {
      const { from, to, factor } = fault
      network.slow(from, to, factor)
      later(() => network.slow(from, to, 1))
      break
    }
    case 'cut': {
      const { connections } = network
      connections[Math.floor(fault.pick * connections.length)]?.cut(fault.when, fault.side)
      break
    }
    case 'move':
      if (broker?.hasTopic(fault.topic) && broker.nodes.some(({ id, isUp }) => id === fault.node && isUp))
        broker.moveLeader(fault.topic, fault.partition, fault.node)
      break
    case 'stopNode': {
      const others = broker?.nodes.filter(({ id, isUp }) => id !== fault.node && isUp) ?? []
      if (others.length === 0) break
      attempt(broker?.stopNode(fault.node))
      later(() => {
        if (cluster.broker === broker) attempt(broker?.startNode(fault.node))
      })
      break
    }
    case 'jump':
      world.jumpWallClock(fault.host, fault.ms)
      break
    case 'dropReply':
      broker?.faults.add({ api: fault.api, nth: fault.nth, action: 'dropReply' })
      break
    case 'killMember':
      crew.killMember(fault.host)
      later(() => crew.startMember(fault.host))
      break
    case 'restart':
      attempt(cluster.stop())
      later(() => attempt(cluster.start()))
      break
    case 'kill':
    case 'cutPower':
      cluster.kill(fault.kind === 'kill')
      later(() => attempt(cluster.start()))
      break
  }
}
