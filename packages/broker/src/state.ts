import { BatchHeader, coordinatorPartition, KafkaError } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import type { CommittedOffset, OffsetKey } from './coordinator/offsets.ts'
import { Offsets, offsetsBatch } from './coordinator/offsets.ts'
import { RequestLog } from './faults.ts'
import { Groups } from './groups.ts'
import type { BrokerSettings } from './settings.ts'
import { OFFSETS_TOPIC } from './topic-names.ts'
import type { Partition, Topic } from './topics.ts'
import { Topics } from './topics.ts'

export interface Node {
  readonly id: number
  host: string
  port: number
  isUp: boolean
}

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
/** Tombstones of one batch: far from `max.message.bytes`, however long the names are. */
const MOST_TOMBSTONES = 1000

/** Everything that the handlers work on; one thread, one state. */
export class BrokerState {
  readonly runtime: Runtime
  readonly settings: BrokerSettings
  readonly nodes: Node[]
  readonly topics: Topics
  readonly groups: Groups
  readonly offsets = new Offsets()
  readonly requests = new RequestLog()
  /** Commits that are appended and not yet applied. */
  readonly #committing = new Set<Promise<string>>()

  constructor(runtime: Runtime, settings: BrokerSettings, nodes: Node[]) {
    this.runtime = runtime
    this.settings = settings
    this.nodes = nodes
    this.topics = new Topics(runtime, settings, () => placeable(nodes))
    const groupSettings = {
      initialRebalanceDelayMs: settings.groupInitialRebalanceDelayMs,
      maxSize: settings.groupMaxSize,
      minSessionTimeoutMs: settings.groupMinSessionTimeoutMs,
      maxSessionTimeoutMs: settings.groupMaxSessionTimeoutMs,
    }
    this.groups = new Groups(runtime, groupSettings, (group) => !this.offsets.of(group).next().done)
    for (const partition of this.topics.get(OFFSETS_TOPIC)?.partitions ?? []) this.#replay(partition)
  }

  /**
   * Takes in what groups had committed.
   * @throws KafkaError KAFKA_STORAGE_ERROR for a batch that is not as it was written: a wrong offset would be believed
   */
  #replay({ topic, index, log }: Partition): void {
    for (const batch of log.batches()) {
      const header = new BatchHeader(batch)
      if (!header.isIntact()) {
        const advice =
          'put back a copy of its file, or remove the file to forget what groups have committed there'
        const what = `the batch of offset ${header.baseOffset} is damaged: its bytes do not match its CRC-32C`
        throw new KafkaError('KAFKA_STORAGE_ERROR', `${topic}-${index}: ${what}; ${advice}`)
      }
      this.offsets.apply(batch)
    }
  }

  get upNodes(): Node[] {
    return this.nodes.filter(({ isUp }) => isUp)
  }

  /** The node that looks after a group: the leader of its partition of the offsets topic, as in Kafka. */
  coordinatorOf(group: string): Node | undefined {
    const partition = this.#offsetsPartition(group)
    return this.nodes.find(({ id, isUp }) => isUp && id === partition?.leader)
  }

  /** Appends to the offsets topic, then applies: what is in memory is always what a restart would read. */
  async commitOffsets(
    group: string,
    entries: { key: OffsetKey; value: CommittedOffset | null }[],
  ): Promise<string> {
    if (entries.length === 0) return 'NONE'
    const committing = this.#commit(group, entries)
    this.#committing.add(committing)
    try {
      return await committing
    } finally {
      this.#committing.delete(committing)
    }
  }

  async #commit(
    group: string,
    entries: { key: OffsetKey; value: CommittedOffset | null }[],
  ): Promise<string> {
    const partition = this.#offsetsPartition(group)
    if (!partition) return 'COORDINATOR_NOT_AVAILABLE'
    const now = this.runtime.wallTime()
    const batch = offsetsBatch(entries, now)
    const appended = partition.log.append(batch, { leaderEpoch: partition.leaderEpoch, now })
    if ('error' in appended)
      return TOO_LARGE.has(appended.error) ? 'INVALID_COMMIT_OFFSET_SIZE' : appended.error
    try {
      await appended.durable
    } catch {
      return 'KAFKA_STORAGE_ERROR'
    }
    // What was on its way when the topic of offsets was deleted is gone with it.
    if (this.topics.partition(OFFSETS_TOPIC, partition.index) !== partition) return 'NOT_COORDINATOR'
    this.offsets.apply(batch)
    return 'NONE'
  }

  /** Deletes a topic with what groups have committed for it. */
  async deleteTopic(topic: Topic): Promise<void> {
    this.topics.delete(topic)
    if (topic.name === OFFSETS_TOPIC) this.offsets.clear()
    await this.#commitsOnTheirWay()
    for (const group of this.offsets.groups()) await this.removeOffsets(group, topic.name)
  }

  /** Removes what a group has committed, for one topic or for all. */
  async removeOffsets(group: string, ofTopic?: string): Promise<string> {
    await this.#commitsOnTheirWay()
    const entries = [...this.offsets.of(group)]
      .filter(({ topic }) => ofTopic === undefined || topic === ofTopic)
      .map(({ topic, partition }) => ({ key: { group, topic, partition }, value: null }))
    for (let at = 0; at < entries.length; at += MOST_TOMBSTONES) {
      const error = await this.commitOffsets(group, entries.slice(at, at + MOST_TOMBSTONES))
      if (error !== 'NONE') return error
    }
    return 'NONE'
  }

  /** What is on its way has to be there before it can be removed. */
  async #commitsOnTheirWay(): Promise<void> {
    await Promise.allSettled(this.#committing)
  }

  #offsetsPartition(group: string): Partition | undefined {
    const { partitions } = this.topics.offsetsTopic()
    return partitions[coordinatorPartition(group, partitions.length)]
  }
}

/** Who may lead new partitions: whoever is up, and all when nobody is. */
function placeable(nodes: readonly Node[]): number[] {
  const up = nodes.filter(({ isUp }) => isUp)
  return (up.length > 0 ? up : nodes).map(({ id }) => id)
}
