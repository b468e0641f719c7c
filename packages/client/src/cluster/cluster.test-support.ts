import { zeroUuid } from '@samsa/protocol'
import { clientSettings } from '../config/client-settings.ts'
import { parseConfig } from '../config/setting.ts'
import type { ClientEvents, Logger } from '../events.ts'
import { Events } from '../events.ts'
import type { FakeWorld } from '../world.test-support.ts'
import { Cluster } from './cluster.ts'

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** For tests only: a client's cluster in a world that is moved by hand. */
export function clusterOf(world: FakeWorld, given: object, logger: Logger = quiet): Cluster {
  const config = parseConfig('test', clientSettings, given)
  return new Cluster(config, world, new Events<ClientEvents>(logger))
}

export interface Known {
  clusterId?: string | null
  errorCode?: number
  brokers?: { nodeId: number; host: string; port: number }[]
  topics?: { name: string; leaders?: number[]; errorCode?: number }[]
}

/** An answer to Metadata. */
export function metadata({
  clusterId = 'c',
  errorCode: failure = 0,
  brokers = [{ nodeId: 1, host: 'k1', port: 1 }],
  topics = [],
}: Known = {}) {
  return {
    brokers,
    clusterId,
    errorCode: failure,
    controllerId: 1,
    topics: topics.map(({ name, leaders = [], errorCode = 0 }) => ({
      errorCode,
      name,
      topicId: zeroUuid,
      partitions: leaders.map((leaderId, partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId,
        leaderEpoch: 1,
        replicaNodes: [leaderId],
        isrNodes: [leaderId],
        offlineReplicas: [],
      })),
    })),
  }
}
