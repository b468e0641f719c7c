import type { SimWorld } from '@samsa/runtime'
import type { Cluster } from './cluster.ts'
import type { Crew } from './crew.ts'
import type { Doomed } from './doomed.ts'
import type { Fault } from './fault-plan.ts'
import { BROKER } from './fault-plan.ts'
import type { Pool } from './pool.ts'

const OFFSETS_TOPIC = '__consumer_offsets'

/** What can be broken. */
export interface Stage {
  readonly world: SimWorld
  readonly cluster: Cluster
  readonly crew: Crew
  readonly pool: Pool
  /** The topic that is deleted in some runs. */
  readonly doomed?: Doomed | undefined
}

/**
 * Lets a fault happen now.
 * @param onError told when breaking or mending itself fails, which is a bug of the broker
 */
export function happen(fault: Fault, stage: Stage, onError: (error: Error) => void): void {
  const { world, cluster, crew, pool } = stage
  const later = (mend: () => void) => world.at(world.now + fault.forMs, mend)
  const attempt = (work: Promise<unknown> | undefined) => void work?.catch(onError)
  world.note('fault', fault.kind, JSON.stringify(fault))
  switch (fault.kind) {
    case 'split':
    case 'slow':
    case 'cut':
    case 'hold':
      disturb(fault, stage, later)
      break
    case 'move':
    case 'moveGroup':
    case 'stopNode':
      move(fault, stage, later, attempt)
      break
    case 'dropReply':
    case 'close':
    case 'delayReply':
    case 'wrongReply':
      spoil(fault, stage)
      break
    case 'jump':
      world.jumpWallClock(fault.host, fault.ms)
      break
    case 'killClient':
      crew.kill(fault.host)
      later(() => crew.start(fault.host))
      break
    case 'leave': {
      attempt(crew.leave(fault.host).then(() => later(() => crew.start(fault.host))))
      break
    }
    case 'freeze':
      crew.freeze(fault.host, fault.forMs)
      break
    case 'doom':
      attempt(stage.doomed?.delete())
      later(() => stage.doomed?.remake())
      break
    case 'rotate':
      pool.outgrow()
      break
    case 'damage':
      world.damageReads(BROKER, fault.chance)
      later(() => world.damageReads(BROKER, 0))
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

type Of<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>

/** Something happens to the network. */
function disturb(
  fault: Of<'split' | 'slow' | 'cut' | 'hold'>,
  { world }: Stage,
  later: (mend: () => void) => void,
): void {
  const { network } = world
  const { connections } = network
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
    case 'cut':
      connections[Math.floor(fault.pick * connections.length)]?.cut(fault.when, fault.side)
      break
    case 'hold':
      connections[Math.floor(fault.pick * connections.length)]?.hold(world.now + fault.forMs)
      break
  }
}

/** Something moves to another node. */
function move(
  fault: Of<'move' | 'moveGroup' | 'stopNode'>,
  { cluster, pool }: Stage,
  later: (mend: () => void) => void,
  attempt: (work: Promise<unknown> | undefined) => void,
): void {
  const { broker } = cluster
  if (!broker) return
  const isUp = broker.nodes.some(({ id, isUp }) => id === fault.node && isUp)
  switch (fault.kind) {
    case 'move': {
      const targets = pool.targets.filter(({ topic }) => pool.active.includes(topic))
      const target = targets[Math.floor(fault.pick * targets.length)]
      if (target && isUp) broker.moveLeader(target.topic, target.partition, fault.node)
      break
    }
    case 'moveGroup':
      if (broker.hasTopic(OFFSETS_TOPIC) && isUp)
        broker.moveLeader(OFFSETS_TOPIC, fault.partition, fault.node)
      break
    case 'stopNode': {
      const others = broker.nodes.filter(({ id, isUp }) => id !== fault.node && isUp)
      if (others.length === 0) break
      attempt(broker.stopNode(fault.node))
      later(() => {
        if (cluster.broker === broker) attempt(broker.startNode(fault.node))
      })
      break
    }
  }
}

/** The broker answers late, wrongly or not at all. */
function spoil(fault: Of<'dropReply' | 'close' | 'delayReply' | 'wrongReply'>, { cluster }: Stage): void {
  const { kind, api, nth } = fault
  const faults = cluster.broker?.faults
  if (kind === 'delayReply') faults?.add({ api, nth, delayMs: fault.ms })
  // Several in a row meet what is tried again, too.
  else if (kind === 'wrongReply') faults?.add({ api, nth, times: nth, errorCode: fault.code })
  else faults?.add({ api, nth, action: kind })
}
