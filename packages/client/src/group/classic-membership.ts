import type { AssignorMember, AssignorTopic, Response, TopicPartitions } from '@samsa/protocol'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeStickyUserData,
  encodeSubscription,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  SyncGroup,
} from '@samsa/protocol'
import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import type { Metadata } from '../cluster/metadata.ts'
import type { TopicPartition } from '../cluster/topic-partition.ts'
import type { ConsumerConfig } from '../consumer/consumer-config.ts'
import { FencedError, KafkaError, ServerError } from '../errors.ts'
import { assignors } from './assignors.ts'
import type { MemberEffect, MemberEvent } from './classic-member.ts'
import { ClassicMember, kindOf } from './classic-member.ts'

const PROTOCOL_TYPE = 'consumer'
/** Given to the coordinator beyond the poll interval, so that its answer is not cut off. Source: `AbstractCoordinator`. */
const JOIN_GRACE_MS = 5000

export interface MembershipOptions {
  cluster: Cluster
  config: ConsumerConfig
  groupId: string
  /** Topics to take part in at the moment. */
  topics: () => readonly string[]
  onAssigned: (partitions: TopicPartition[]) => void
  /** Commit what is due and let go of the partitions. */
  onRevoke: () => Promise<void>
  onLost: () => void
  onFailed: (error: Error) => void
}

/** Performs what the member machine decides: sends its requests and feeds the answers back. */
export class ClassicMembership {
  readonly #options: MembershipOptions
  readonly #member: ClassicMember
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #members: AssignorMember[] = []
  #protocol = ''
  /** Topics that were joined with. */
  #joinedWith = ''
  /** As the group's leader: all topics of the group, and the numbers of their partitions that were shared out. */
  #shared: { topics: readonly string[]; counts: string } | undefined
  /** The newest assignment, which the assignor `sticky` tells the leader although it was given back. */
  #previous: { ownedPartitions: readonly TopicPartitions[]; generationId: number } | undefined
  readonly #stopListening: () => void
  #leaving: Promise<void> | undefined

  constructor(options: MembershipOptions) {
    this.#options = options
    const { sessionTimeoutMs, heartbeatIntervalMs, maxPollIntervalMs, retryBackoffMs, groupInstanceId } =
      options.config
    this.#member = new ClassicMember({
      sessionTimeoutMs,
      heartbeatIntervalMs,
      maxPollIntervalMs,
      restMs: retryBackoffMs,
      isStatic: groupInstanceId !== undefined,
    })
    this.#stopListening = options.cluster.onMetadata(() => this.#review())
  }

  get generation(): number {
    return this.#member.generation
  }

  get memberId(): string {
    return this.#member.memberId
  }

  start(): void {
    this.#step({ type: 'start' })
  }

  rejoin(): void {
    this.#step({ type: 'rejoin' })
  }

  /**
   * A record is asked for. As it is said for every record, it is only noted, and told with the next event, which is
   * a heartbeat interval away at most; a member that has left for not being asked comes back at once.
   */
  polled(): void {
    this.#isPolled = true
    if (this.#member.state.at === 'away') this.#step({ type: 'tick' })
  }

  /** A commit was refused in a way that tells about membership, if it was made under this generation. */
  commitRefused(error: ServerError, generation: number): void {
    if (generation !== this.generation) return
    this.#step({ type: 'refused', round: this.#round, by: 'commit', code: error.code, error })
  }

  /** Leaves; resolves when the coordinator knows, or cannot be told. */
  async leave(): Promise<void> {
    this.#step({ type: 'leave' })
    this.#timer?.cancel()
    this.#stopListening()
    this.#share(undefined)
    await this.#leaving
  }

  #round = 0
  #isPolled = false

  /** New topics of a pattern, or new partitions (which the leader looks after), need a new assignment. */
  #review(): void {
    if (this.#member.state.at !== 'stable') return
    const isOutdated =
      nameOf(this.#options.topics()) !== this.#joinedWith ||
      (this.#shared !== undefined && this.#counts(this.#shared.topics) !== this.#shared.counts)
    if (isOutdated) this.#step({ type: 'rejoin' })
  }

  #counts(topics: readonly string[]): string {
    const { cluster } = this.#options
    return topics
      .map((topic) => `${topic}:${cluster.metadata.topics.get(topic)?.partitions.length ?? 0}`)
      .join()
  }

  /** Keeps the topics of the whole group in the metadata for as long as this member shares them out. */
  #share(topics: readonly string[] | undefined): void {
    const { cluster } = this.#options
    for (const topic of topics ?? []) cluster.want(topic)
    for (const topic of this.#shared?.topics ?? []) cluster.unwant(topic)
    this.#shared = topics && { topics, counts: '' }
  }

  #step(event: MemberEvent): void {
    const { runtime } = this.#options.cluster
    const now = runtime.now()
    runtime.observe?.('member', this.#member.state.at, kindOf(event))
    if (this.#isPolled) {
      this.#isPolled = false
      for (const effect of this.#member.step({ type: 'polled' }, now)) this.#perform(effect)
    }
    for (const effect of this.#member.step(event, now)) this.#perform(effect)
    this.#arm()
  }

  #arm(): void {
    const at = this.#member.wakeAt
    if (at === this.#timerAt) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAt = at
    if (at === Number.POSITIVE_INFINITY) return
    this.#timer = this.#options.cluster.runtime.timer(at, () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#step({ type: 'tick' })
    })
  }

  #perform(effect: MemberEffect): void {
    const { groupId, cluster } = this.#options
    switch (effect.do) {
      case 'join':
        this.#round = effect.round
        this.#ask('join', effect.round, () => this.#join(effect.round, effect.memberId))
        break
      case 'sync':
        this.#ask('sync', effect.round, () => this.#sync(effect))
        break
      case 'heartbeat':
        this.#ask('heartbeat', effect.round, () => this.#heartbeat(effect))
        break
      case 'revoke':
        void this.#options.onRevoke().then(
          () => this.#step({ type: 'revoked', round: effect.round }),
          () => this.#step({ type: 'revoked', round: effect.round }),
        )
        break
      case 'lose':
        this.#options.onLost()
        break
      case 'recoordinate':
        cluster.forgetCoordinator('group', groupId)
        break
      case 'leave':
        this.#leaving = this.#leave(effect.memberId, effect.reason)
        break
      case 'fail':
        this.#options.onFailed(fenced(effect.error, groupId))
        break
    }
  }

  #ask(by: 'join' | 'sync' | 'heartbeat', round: number, request: () => Promise<void>): void {
    request().catch((error: Error) => {
      const code =
        error instanceof ServerError || (error instanceof KafkaError && isFinal(error))
          ? error.code
          : 'UNREACHABLE'
      if (this.#options.cluster.signal.aborted) return
      this.#options.cluster.events.logger.debug(
        `group ${this.#options.groupId}: ${by} was refused: ${error.message}`,
      )
      const given = this.#givenMemberId
      this.#step({
        type: 'refused',
        round,
        by,
        code,
        error,
        ...(given === undefined ? {} : { memberId: given }),
      })
    })
  }

  #givenMemberId: string | undefined

  async #join(round: number, memberId: string): Promise<void> {
    const { cluster, config, groupId } = this.#options
    const topics = this.#options.topics()
    this.#joinedWith = nameOf(topics)
    const { sessionTimeoutMs, maxPollIntervalMs: rebalanceTimeoutMs, groupInstanceId = null } = config
    const protocols = config.partitionAssignmentStrategy.map((name) => ({
      name,
      metadata: this.#subscription(topics, name),
    }))
    const holdMs = Math.max(0, rebalanceTimeoutMs + JOIN_GRACE_MS - config.requestTimeoutMs)
    const answer = await cluster.request(
      JoinGroup,
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId,
        protocolType: PROTOCOL_TYPE,
        protocols,
        groupInstanceId,
      },
      { key: groupId, holdMs },
    )
    this.#givenMemberId = answer.memberId
    this.#check(answer.errorCode, 'JoinGroup')
    this.#protocol = answer.protocolName ?? ''
    const isLeader = answer.leader === answer.memberId && !answer.skipAssignment
    this.#members = isLeader ? members(answer) : []
    const { generationId: generation } = answer
    this.#step({ type: 'joined', round, generation, memberId: answer.memberId, isLeader })
  }

  #subscription(topics: readonly string[], assignor: string): Uint8Array {
    const previous = assignor === 'sticky' ? this.#previous : undefined
    return encodeSubscription({
      topics: [...topics],
      userData: previous ? encodeStickyUserData(previous) : null,
      ownedPartitions: [],
      generationId: previous?.generationId ?? -1,
      rackId: this.#options.config.clientRack || null,
    })
  }

  async #sync({
    round,
    generation: generationId,
    memberId,
    isLeader,
  }: Extract<MemberEffect, { do: 'sync' }>): Promise<void> {
    const { cluster, groupId, config } = this.#options
    if (!isLeader) this.#share(undefined)
    const assignments = isLeader ? await this.#assignments() : []
    const { groupInstanceId = null } = config
    const answer = await cluster.request(
      SyncGroup,
      {
        groupId,
        generationId,
        memberId,
        assignments,
        groupInstanceId,
        protocolType: PROTOCOL_TYPE,
        protocolName: this.#protocol,
      },
      { key: groupId },
    )
    this.#check(answer.errorCode, 'SyncGroup')
    const { assignedPartitions } =
      answer.assignment.length > 0 ? decodeAssignment(answer.assignment) : { assignedPartitions: [] }
    const partitions = assignedPartitions.flatMap(({ topic, partitions: indexes }) =>
      indexes.map((partition) => ({ topic, partition })),
    )
    // Whoever has left meanwhile gets nothing any more.
    if (round !== this.#round || this.#member.state.at !== 'syncing') return
    this.#previous = { ownedPartitions: assignedPartitions, generationId }
    this.#options.onAssigned(partitions)
    this.#step({ type: 'synced', round })
    this.#review()
  }

  /** The leader's work: every member's share, from the newest metadata. */
  async #assignments(): Promise<{ memberId: string; assignment: Uint8Array }[]> {
    const { cluster } = this.#options
    const topics = [...new Set(this.#members.flatMap((member) => member.topics))].sort()
    this.#share(topics)
    if (topics.some((topic) => !cluster.metadata.topics.has(topic))) await cluster.refresh()
    this.#shared = { topics, counts: this.#counts(topics) }
    const assign = assignors[this.#protocol]
    if (!assign)
      throw new KafkaError(
        'INCONSISTENT_GROUP_PROTOCOL',
        `the group chose the assignor ${this.#protocol}, which is not known here`,
      )
    return [...assign(this.#members, facts(cluster.metadata, topics))].map(([memberId, assignment]) => ({
      memberId,
      assignment: encodeAssignment({
        assignedPartitions: [...assignment].map(([topic, partitions]) => ({ topic, partitions })),
        userData: null,
      }),
    }))
  }

  async #heartbeat({
    round,
    generation: generationId,
    memberId,
  }: Extract<MemberEffect, { do: 'heartbeat' }>): Promise<void> {
    const { cluster, groupId, config } = this.#options
    const { groupInstanceId = null } = config
    const { errorCode } = await cluster.request(
      Heartbeat,
      { groupId, generationId, memberId, groupInstanceId },
      { key: groupId },
    )
    this.#check(errorCode, 'Heartbeat')
    this.#step({ type: 'heartbeatAcknowledged', round })
  }

  async #leave(memberId: string, reason: string): Promise<void> {
    const { cluster, groupId } = this.#options
    const told = cluster.request(
      LeaveGroup,
      (version) =>
        version >= 3
          ? { groupId, members: [{ memberId, groupInstanceId: null, reason }] }
          : { groupId, memberId },
      { key: groupId },
    )
    await told.catch((error: Error) =>
      cluster.events.logger.debug(`leaving group ${groupId} could not be told: ${error.message}`),
    )
  }

  #check(errorCode: number, api: string): void {
    if (errorCode !== 0) throw new ServerError(errorCode, { api, about: `group ${this.#options.groupId}` })
  }
}

function fenced(error: Error, groupId: string): Error {
  if ((error as KafkaError).code !== 'FENCED_INSTANCE_ID') return error
  const message = `another member of group ${groupId} has taken this one's place, since it has the same groupInstanceId; give each member one of its own`
  return new FencedError('FENCED_INSTANCE_ID', message, { cause: error })
}

/** Errors of our own making that time does not heal. */
function isFinal({ code }: KafkaError): boolean {
  return code === 'UNSUPPORTED_VERSION' || code === 'AUTHENTICATION' || code === 'INCONSISTENT_GROUP_PROTOCOL'
}

function nameOf(topics: readonly string[]): string {
  return [...topics].sort().join()
}

/** What the leader knows of topics; those that do not exist are missing. */
function facts({ brokers, topics }: Metadata, names: readonly string[]): Map<string, AssignorTopic> {
  const result = new Map<string, AssignorTopic>()
  for (const name of names) {
    const known = topics.get(name)
    if (!known) continue
    const racks = known.partitions.map((partition) =>
      (partition?.replicas ?? []).flatMap((id) => brokers.get(id)?.rack ?? []),
    )
    result.set(name, { partitions: known.partitions.length, racks })
  }
  return result
}

/** Other members' metadata comes from other programs: what cannot be read has no topics. */
function members(answer: Response<typeof JoinGroup>): AssignorMember[] {
  return answer.members.map(({ memberId, groupInstanceId, metadata }) => {
    try {
      return { memberId, groupInstanceId, ...decodeSubscription(metadata) }
    } catch {
      // It gets nothing assigned; the other members must not suffer for it (CT-63).
      return { memberId, groupInstanceId, topics: [] }
    }
  })
}
