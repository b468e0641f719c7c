import type { Response } from '@samsa/protocol'
import {
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  FindCoordinator,
  KafkaError,
  ListOffsets,
  Metadata,
  zeroUuid,
} from '@samsa/protocol'
import { Admin } from './admin.ts'
import type { ControlledNode, Coordinated, TopicWish } from './controlled-cluster.ts'
import { waitUntil } from './wait-until.ts'

const LIMIT_MS = 60_000
/** How long a node may take to say what it knows, before another look. */
const LOOK_LIMIT_MS = 5_000
const LATEST = -1
const NOT_A_REPLICA = -1
const coordinatorTypes = { group: 0, transaction: 1 } as const

type TopicView = Response<typeof Metadata>['topics'][number]
export type PartitionView = TopicView['partitions'][number]

/** What every cluster can be asked over the wire, whoever made it. */
export abstract class WireCluster {
  abstract readonly nodes: readonly ControlledNode[]
  protected readonly admin = new Admin(() => this.up)
  readonly #wishes = new Map<string, TopicWish>()

  get bootstrapServers(): string {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')
  }

  /** Nodes that run and are not frozen. */
  protected get up(): readonly ControlledNode[] {
    return this.nodes.filter(({ state }) => state === 'up')
  }

  async createTopic(name: string, wish: TopicWish): Promise<void> {
    if (await this.topic(name)) throw new KafkaError('TOPIC_ALREADY_EXISTS', `${name} is there already`)
    const { partitions: numPartitions, replicationFactor = -1, configs = {} } = wish
    const topic = {
      name,
      numPartitions,
      replicationFactor,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    }
    // An answer may have been lost, and the topic is there the second time.
    await this.admin.ask(
      CreateTopics,
      { topics: [topic], timeoutMs: LOOK_LIMIT_MS },
      { accept: ['TOPIC_ALREADY_EXISTS'] },
    )
    this.#wishes.set(name, wish)
    await this.waitUntilLed(name)
  }

  async deleteTopic(name: string): Promise<void> {
    if (!(await this.topic(name))) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${name} is not there`)
    await this.admin.ask(
      DeleteTopics,
      { topics: [{ name, topicId: zeroUuid }], timeoutMs: LOOK_LIMIT_MS },
      { accept: ['UNKNOWN_TOPIC_OR_PARTITION'] },
    )
    await waitUntil(`${name} is gone`, LIMIT_MS, async () => {
      for (const { id } of this.up) if (await this.topic(name, id)) return `node ${id} still knows it`
      return undefined
    })
  }

  async recreateTopic(name: string): Promise<void> {
    const wish = this.#wishes.get(name)
    if (!wish) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${name} was not made by createTopic`)
    const partitions = await this.partitionsOf(name)
    await this.deleteTopic(name)
    await this.createTopic(name, { ...wish, partitions })
  }

  async addPartitions(name: string, total: number): Promise<void> {
    const topics = [{ name, count: total, assignments: null }]
    // The second time, after a lost answer, Kafka says that there are as many already.
    await this.admin
      .ask(CreatePartitions, { topics, timeoutMs: LOOK_LIMIT_MS, validateOnly: false })
      .catch(async (error) => {
        if ((await this.partitionsOf(name)) !== total || (error as KafkaError).code !== 'INVALID_PARTITIONS')
          throw error
      })
    await waitUntil(`${name} has ${total} partitions`, LIMIT_MS, () =>
      this.#lacking(name, (partitions) =>
        partitions.length < total ? `${partitions.length} partitions` : undefined,
      ),
    )
    await this.waitUntilLed(name)
  }

  async partitionsOf(name: string): Promise<number> {
    return (await this.#existing(name)).partitions.length
  }

  async leaderOf(topic: string, partition: number): Promise<number> {
    return (await this.partition(topic, partition)).leaderId
  }

  async coordinatorOf(key: string, kind: Coordinated = 'group'): Promise<number> {
    const keyType = coordinatorTypes[kind]
    const { coordinators } = await this.admin.ask(FindCoordinator, { keyType, coordinatorKeys: [key] })
    return (coordinators[0] as { nodeId: number }).nodeId
  }

  async endOffset(topic: string, partition: number): Promise<number> {
    const asked = { partitionIndex: partition, timestamp: LATEST }
    let end = -1
    await waitUntil(`${topic}-${partition} tells its end`, LIMIT_MS, async () => {
      const node = await this.leaderOf(topic, partition)
      const answer = await this.admin.ask(
        ListOffsets,
        {
          replicaId: NOT_A_REPLICA,
          isolationLevel: 0,
          topics: [{ name: topic, partitions: [asked] }],
          timeoutMs: LOOK_LIMIT_MS,
        },
        { node, limitMs: LOOK_LIMIT_MS },
      )
      end = answer.topics[0]?.partitions[0]?.offset ?? -1
      return end < 0 ? `node ${node} does not know it` : undefined
    })
    return end
  }

  waitUntilLed(topic: string, limitMs = LIMIT_MS): Promise<number> {
    return waitUntil(`${topic} is led`, limitMs, () =>
      this.#lacking(topic, (partitions) => {
        const up = new Set(this.up.map(({ id }) => id))
        const lost = partitions.filter(({ errorCode, leaderId }) => errorCode !== 0 || !up.has(leaderId))
        if (partitions.length === 0) return 'no partitions'
        return lost.length > 0 ? `no leader that is up for ${indexes(lost)}` : undefined
      }),
    )
  }

  waitUntilInSync(topic: string, limitMs = LIMIT_MS): Promise<number> {
    return waitUntil(`${topic} is in sync`, limitMs, () =>
      this.#lacking(topic, (partitions) => {
        const behind = partitions.filter(
          ({ leaderId, isrNodes, replicaNodes }) => leaderId < 0 || isrNodes.length < replicaNodes.length,
        )
        return behind.length > 0 ? `replicas are missing of ${indexes(behind)}` : undefined
      }),
    )
  }

  /** What a node says of a topic; undefined when it does not know it. */
  protected async topic(name: string, node?: number): Promise<TopicView | undefined> {
    const { topics } = await this.admin.ask(
      Metadata,
      { topics: [{ name, topicId: zeroUuid }], allowAutoTopicCreation: false },
      {
        // Partitions without a leader are told with an error, and are what one wants to see.
        accept: ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'REPLICA_NOT_AVAILABLE'],
        limitMs: LOOK_LIMIT_MS,
        ...(node === undefined ? {} : { node }),
      },
    )
    return topics.find(({ errorCode }) => errorCode === 0)
  }

  protected async partition(topic: string, index: number): Promise<PartitionView> {
    const { partitions } = await this.#existing(topic)
    const found = partitions.find(({ partitionIndex }) => partitionIndex === index)
    if (!found) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${topic}-${index} is not there`)
    return found
  }

  async #existing(name: string): Promise<TopicView> {
    const found = await this.topic(name)
    if (!found) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${name} is not there`)
    return found
  }

  /** What a node that is up still lacks; undefined when none does. */
  async #lacking(
    name: string,
    complaint: (partitions: readonly PartitionView[]) => string | undefined,
  ): Promise<string | undefined> {
    if (this.up.length === 0) return 'no node is up'
    for (const { id } of this.up) {
      const missing = complaint((await this.topic(name, id))?.partitions ?? [])
      if (missing) return `node ${id}: ${missing}`
    }
    return undefined
  }
}

function indexes(partitions: readonly PartitionView[]): string {
  return partitions.map(({ partitionIndex }) => partitionIndex).join(', ')
}
