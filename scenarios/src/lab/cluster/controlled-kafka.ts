import { AlterPartitionReassignments, coordinatorPartition, ElectLeaders } from '@samsa/protocol'
import type { KafkaCluster } from './apache-kafka.ts'
import { startKafka } from './apache-kafka.ts'
import type {
  ControlledCluster,
  ControlledNode,
  Coordinated,
  Quota,
  TopicWish,
  UncleanElection,
} from './controlled-cluster.ts'
import { NotPossible } from './controlled-cluster.ts'
import { KafkaDisks } from './kafka-disks.ts'
import { setKafkaQuota } from './kafka-quotas.ts'
import { waitUntil } from './wait-until.ts'
import { WireCluster } from './wire-cluster.ts'

const MOVE_LIMIT_MS = 60_000
const REQUEST_LIMIT_MS = 5_000
const election = { preferred: 0, unclean: 1 } as const
const internalTopics = { group: '__consumer_offsets', transaction: '__transaction_state' } as const

interface KafkaOptions {
  /** Default 3. */
  readonly nodes?: number
  /** Settings of server.properties that are set beside the usual ones. */
  readonly overrides?: Readonly<Record<string, string>>
  /** Where each node stands, in their order (`broker.rack`); left out: nowhere. */
  readonly racks?: readonly string[]
  /** Levels of features, e.g. `transaction.version`; those that are left out have the release's. */
  readonly features?: Readonly<Record<string, number>>
  /** Of each node's disk for the topics that are created, in MiB; left out: ordinary directories. */
  readonly diskMegabytes?: number
}

/**
 * Starts Apache Kafka from its jars.
 * @throws NotPossible when disks are to be limited and this machine does not allow it
 */
export async function controlKafka(options: KafkaOptions = {}): Promise<ControlledCluster> {
  const { nodes = 3, overrides = {}, racks = [], features = {}, diskMegabytes } = options
  const disks = diskMegabytes === undefined ? undefined : new KafkaDisks(nodes, diskMegabytes)
  try {
    const overridesOf = (node: number) => {
      const rack = racks[node - 1]
      return { ...disks?.settingsOf(node), ...(rack === undefined ? {} : { 'broker.rack': rack }) }
    }
    const kafka = await startKafka({ nodes, overrides, overridesOf, features })
    return new ControlledKafka(kafka, disks)
  } catch (error) {
    disks?.remove()
    throw error
  }
}

class ControlledKafka extends WireCluster implements ControlledCluster {
  readonly kind = 'kafka'
  readonly #kafka: KafkaCluster
  readonly #disks: KafkaDisks | undefined

  constructor(kafka: KafkaCluster, disks: KafkaDisks | undefined) {
    super()
    this.#kafka = kafka
    this.#disks = disks
  }

  get nodes(): readonly ControlledNode[] {
    return this.#kafka.nodes
  }

  override async createTopic(name: string, wish: TopicWish): Promise<void> {
    await super.createTopic(name, wish)
    await this.#place(name)
  }

  override async addPartitions(name: string, total: number): Promise<void> {
    await super.addPartitions(name, total)
    await this.#place(name)
  }

  /** By its place as the preferred leader, as an operator would do it. A node without a replica is given one. */
  async moveLeader(topic: string, partition: number, node: number): Promise<void> {
    const { replicaNodes } = await this.partition(topic, partition)
    const others = replicaNodes.filter((id) => id !== node)
    await this.#reassign(topic, partition, [node, ...others].slice(0, replicaNodes.length))
    await this.#elect(topic, partition, 'preferred', node)
  }

  async moveCoordinator(key: string, kind: Coordinated = 'group'): Promise<number> {
    const from = await this.coordinatorOf(key, kind)
    const topic = internalTopics[kind]
    const partition = coordinatorPartition(key, await this.partitionsOf(topic))
    const { isrNodes } = await this.partition(topic, partition)
    const to = this.up.find(({ id }) => id !== from && isrNodes.includes(id))
    if (!to) throw new NotPossible(`no other replica of ${topic}-${partition} is in sync`)
    await this.moveLeader(topic, partition, to.id)
    await waitUntil(`node ${to.id} coordinates ${key}`, MOVE_LIMIT_MS, async () => {
      const now = await this.coordinatorOf(key, kind)
      return now === to.id ? undefined : `node ${now} does`
    })
    return to.id
  }

  async electUnclean(
    topic: string,
    partition: number,
    meanwhile: () => Promise<void> = async () => {},
  ): Promise<UncleanElection> {
    const { replicaNodes: replicas, leaderId: leaderBefore } = await this.partition(topic, partition)
    const leaderAfter = replicas.find((id) => id !== leaderBefore)
    if (leaderAfter === undefined || this.nodes.length < 3)
      throw new NotPossible('an unclean election needs two replicas, and a third node for the quorum')
    const last = this.#node(leaderBefore)
    const late = this.#node(leaderAfter)
    // With the third node a replica too, all three would have to be down, and nobody were left to elect.
    await this.#reassign(topic, partition, [leaderBefore, leaderAfter])
    await this.waitUntilInSync(topic, MOVE_LIMIT_MS)
    try {
      await late.kill9()
      await waitUntil(`only node ${leaderBefore} is in sync`, MOVE_LIMIT_MS, async () => {
        const { isrNodes } = await this.partition(topic, partition)
        return isrNodes.length === 1 ? undefined : `nodes ${isrNodes} are`
      })
      await meanwhile()
      const endBefore = await this.endOffset(topic, partition)
      await last.kill9()
      await late.start()
      await this.#elect(topic, partition, 'unclean', leaderAfter)
      const endAfter = await this.endOffset(topic, partition)
      return { leaderBefore, leaderAfter, endBefore, endAfter }
    } finally {
      await Promise.all([late.start(), last.start()])
      await this.#reassign(topic, partition, replicas)
      await this.waitUntilInSync(topic, MOVE_LIMIT_MS)
    }
  }

  setQuota(quota: Quota): Promise<void> {
    return setKafkaQuota(this.admin, this.up, quota)
  }

  async fillDisk(node?: number): Promise<void> {
    this.#limited.fill(node)
  }

  /** Kafka does not take a failed directory back while it runs. */
  async freeDisk(): Promise<void> {
    this.#limited.free()
    for (const node of this.nodes) {
      if (node.state === 'up' && (await this.#limited.hasFailed(this.admin, node.id))) await node.stop()
      if (node.state === 'down') await node.start()
    }
  }

  async stop(): Promise<void> {
    await this.#kafka.stop()
    this.#disks?.remove()
  }

  get #limited(): KafkaDisks {
    if (!this.#disks) throw new NotPossible('its disks are not limited; start it with diskMegabytes')
    return this.#disks
  }

  #node(id: number): ControlledNode {
    const found = this.nodes.find((node) => node.id === id)
    if (!found) throw new NotPossible(`there is no node ${id}`)
    return found
  }

  /** Onto the limited disks. */
  async #place(topic: string): Promise<void> {
    if (!this.#disks) return
    for (const { id } of this.up) {
      const partitions = (await this.topic(topic, id))?.partitions ?? []
      const held = partitions.filter(({ replicaNodes }) => replicaNodes.includes(id))
      const indexes = held.map(({ partitionIndex }) => partitionIndex)
      await this.#disks.place(this.admin, id, topic, indexes)
    }
  }

  async #reassign(topic: string, partition: number, replicas: readonly number[]): Promise<void> {
    const partitions = [{ partitionIndex: partition, replicas }]
    await this.admin.ask(AlterPartitionReassignments, {
      timeoutMs: REQUEST_LIMIT_MS,
      topics: [{ name: topic, partitions }],
    })
    await waitUntil(`${topic}-${partition} lies on ${replicas}`, MOVE_LIMIT_MS, async () => {
      const { replicaNodes } = await this.partition(topic, partition)
      return `${replicaNodes}` === `${replicas}` ? undefined : `on ${replicaNodes}`
    })
  }

  /** Asks for the election again until the node leads: it may not be in sync, or not be back, yet. */
  async #elect(topic: string, partition: number, kind: keyof typeof election, node: number): Promise<void> {
    const accept = ['ELECTION_NOT_NEEDED', 'PREFERRED_LEADER_NOT_AVAILABLE', 'ELIGIBLE_LEADERS_NOT_AVAILABLE']
    const asked = {
      electionType: election[kind],
      topicPartitions: [{ topic, partitions: [partition] }],
      timeoutMs: REQUEST_LIMIT_MS,
    }
    await waitUntil(`node ${node} leads ${topic}-${partition}`, MOVE_LIMIT_MS, async () => {
      await this.admin.ask(ElectLeaders, asked, { accept, limitMs: MOVE_LIMIT_MS })
      const leader = await this.leaderOf(topic, partition)
      return leader === node ? undefined : `node ${leader} does`
    })
  }
}
