import type { ProcessState } from './node-process.ts'

/** A verb that this kind of cluster, or this machine, cannot carry out; the message says why. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible'
}

/** One node. Where all nodes live in one process (ours), what is done to one is done to all. */
export interface ControlledNode {
  readonly id: number
  readonly port: number
  /** Of its process; undefined while it is down. */
  readonly pid: number | undefined
  readonly state: ProcessState
  /** Hard: as a power cut of the process (SIGKILL). */
  kill9(): Promise<void>
  /** In order, by SIGTERM. */
  stop(): Promise<void>
  /** Resolves when it has said that it is ready; nothing happens when it runs. */
  start(): Promise<void>
  /** By SIGSTOP: connections stay open and nobody answers. */
  freeze(): void
  /** By SIGCONT; nothing happens when it is not frozen. */
  thaw(): void
}

export interface TopicWish {
  readonly partitions: number
  /** Left out: the cluster's default. */
  readonly replicationFactor?: number
  readonly configs?: Readonly<Record<string, string>>
}

/**
 * Limits for a user, a client id, or both together; null names the default entity. A number is set, null removes, what
 * is left out stays.
 */
export interface Quota {
  readonly user?: string | null
  readonly clientId?: string | null
  /** Bytes a second. */
  readonly producerByteRate?: number | null
  /** Bytes a second. */
  readonly consumerByteRate?: number | null
  /** Of the time of one thread. */
  readonly requestPercentage?: number | null
}

/** What an unclean election took away. */
export interface UncleanElection {
  readonly leaderBefore: number
  readonly leaderAfter: number
  /** Where the log ended for the leader that had all, and ends for the one that had not. */
  readonly endBefore: number
  readonly endAfter: number
}

/** A cluster that tests can break and mend. Every verb is bounded in time and rejects when its time is over. */
export interface ControlledCluster {
  readonly kind: 'kafka' | 'samsa'
  readonly bootstrapServers: string
  readonly nodes: readonly ControlledNode[]

  /** Resolves when every node that is up knows the topic and its leaders. */
  createTopic(name: string, wish: TopicWish): Promise<void>
  /** Resolves when no node that is up knows the topic any more. */
  deleteTopic(name: string): Promise<void>
  /** Deletes a topic that `createTopic` made and makes it anew: the same name, another id, and empty. */
  recreateTopic(name: string): Promise<void>
  /** @param total how many there are afterwards */
  addPartitions(name: string, total: number): Promise<void>
  partitionsOf(name: string): Promise<number>

  /** Node that leads the partition; -1 when nobody does. */
  leaderOf(topic: string, partition: number): Promise<number>
  /** Resolves when the node leads. */
  moveLeader(topic: string, partition: number, node: number): Promise<void>
  /** Node that coordinates a group, or transactions under a transactional id. */
  coordinatorOf(key: string, kind?: Coordinated): Promise<number>
  /** Moves the coordinator to another node, by the leader of its partition. @returns the other node */
  moveCoordinator(key: string, kind?: Coordinated): Promise<number>
  /** The end offset, asked of the leader. */
  endOffset(topic: string, partition: number): Promise<number>

  /**
   * Makes a replica lead that lacks records: others are kept down while `meanwhile` writes what only the leader has,
   * then the leader dies and one without it takes over. All nodes are up and in sync afterwards. The topic needs
   * `min.insync.replicas=1`.
   */
  electUnclean(topic: string, partition: number, meanwhile?: () => Promise<void>): Promise<UncleanElection>
  /** Resolves when every node that is up has taken the quota over. */
  setQuota(quota: Quota): Promise<void>
  /** Fills the limited disk of a node, or of all. Topics that `createTopic` made lie on it. */
  fillDisk(node?: number): Promise<void>
  /** Makes room again, and restarts the nodes that would not use their disk otherwise. */
  freeDisk(): Promise<void>

  /**
   * Until all nodes that are up name a leader that is up for every partition.
   * @returns how long it took, in milliseconds
   */
  waitUntilLed(topic: string, limitMs?: number): Promise<number>
  /** Until all nodes that are up say that every replica is in sync. @returns as `waitUntilLed` */
  waitUntilInSync(topic: string, limitMs?: number): Promise<number>

  /** Kills what still runs and removes all that was written. */
  stop(): Promise<void>
}

export type Coordinated = 'group' | 'transaction'
