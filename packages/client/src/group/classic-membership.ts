import type { AssignorMember } from '@samsa/protocol'
import type { Timer } from '@samsa/runtime'
import type { Cluster } from '../cluster/cluster.ts'
import { recover, recovery } from '../cluster/recovery.ts'
import { backoffOf } from '../cluster/retry.ts'
import type { TopicPartition } from '../cluster/topic-partition.ts'
import type { KafkaError } from '../errors.ts'
import { FencedError, ServerError } from '../errors.ts'
import { describeError } from '../events.ts'
import type { MemberEffect, MemberEvent } from './classic-member.ts'
import { ClassicMember, kindOf } from './classic-member.ts'
import type { ClassicSettings, PreviousAssignment } from './classic-requests.ts'
import { ClassicRequests, membersOf } from './classic-requests.ts'
import { Leader } from './leader.ts'
import type { MemberIdentity, Membership, MembershipHandlers } from './membership.ts'

/** What has failed for so long is worth a line in the log. */
const WARN_AFTER_MS = 10_000

export interface ClassicMembershipOptions extends MembershipHandlers {
  cluster: Cluster
  config: ClassicSettings & { heartbeatIntervalMs: number }
  groupId: string
}

/** A member of a classic group: performs what its machine decides, and feeds the answers back. */
export class ClassicMembership implements Membership {
  readonly #options: ClassicMembershipOptions
  readonly #member: ClassicMember
  readonly #requests: ClassicRequests
  readonly #leader: Leader
  readonly #stopListening: () => void
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #round = 0
  /** When records were asked for last; undefined once the machine knows. */
  #polledAt: number | undefined
  /** The id that the answer to the last join named. */
  #givenMemberId: string | undefined
  #members: AssignorMember[] = []
  #isLeader = false
  #protocol = ''
  /** Topics that were joined with. */
  #joinedWith = ''
  #owned: readonly TopicPartition[] = []
  #previous: PreviousAssignment | undefined
  /** The user is being told of partitions that were lost: he knows before the member joins again. */
  #losing: Promise<void> | undefined
  #leaving: Promise<void> | undefined
  #failingSince: number | undefined
  #hasWarned = false

  constructor(options: ClassicMembershipOptions) {
    this.#options = options
    const { cluster, config, groupId } = options
    const { sessionTimeoutMs, heartbeatIntervalMs, maxPollIntervalMs, groupInstanceId } = config
    this.#member = new ClassicMember({
      sessionTimeoutMs,
      heartbeatIntervalMs,
      maxPollIntervalMs,
      pauseMs: (attempt) => backoffOf(cluster, attempt),
      isStatic: groupInstanceId !== undefined,
    })
    this.#requests = new ClassicRequests(cluster, config, groupId)
    this.#leader = new Leader(cluster)
    this.#stopListening = cluster.onMetadata(() => this.#review())
  }

  get identity(): MemberIdentity | undefined {
    const { generation, memberId } = this.#member
    return generation < 0 ? undefined : { generation, memberId }
  }

  start(): void {
    this.#step({ type: 'start' })
  }

  rejoin(): void {
    this.#step({ type: 'rejoin' })
  }

  /**
   * As it is said for every record, it is only noted, and told with the next event, which is a heartbeat interval away
   * at most; but a session that is over ends now, and a member that has left for not being asked comes back at once.
   */
  polled(now: number): void {
    if (now >= this.#member.overAt) this.#step({ type: 'tick' })
    this.#polledAt = now
    if (this.#member.state.at === 'away') this.#step({ type: 'tick' })
  }

  commitRefused(error: ServerError, identity: MemberIdentity): void {
    if (identity.generation !== this.#member.generation) return
    const action = recover(error, recovery.commit)
    // Any other refusal concerns the commit alone.
    const isFenced = error.code === 'FENCED_INSTANCE_ID'
    const concernsMember = isFenced || ['rejoin', 'forgetGeneration', 'forgetMember'].includes(action)
    if (concernsMember) this.#step({ type: 'refused', round: this.#round, by: 'commit', action, error })
  }

  async leave(): Promise<void> {
    this.#step({ type: 'leave' })
    this.#timer?.cancel()
    this.#stopListening()
    this.#leader.resign()
    await this.#leaving
  }

  /** New topics of a pattern, or new partitions (which the leader looks after), need a new assignment. */
  #review(): void {
    if (this.#member.state.at !== 'stable') return
    const isOutdated = nameOf(this.#options.topics()) !== this.#joinedWith || this.#leader.isOutdated
    if (isOutdated) this.#step({ type: 'rejoin' })
  }

  #step(event: MemberEvent): void {
    const { runtime } = this.#options.cluster
    const now = runtime.now()
    runtime.observe?.('member', this.#member.state.at, kindOf(event))
    const polledAt = this.#polledAt
    this.#polledAt = undefined
    if (polledAt !== undefined)
      for (const effect of this.#member.step({ type: 'polled' }, polledAt)) this.#perform(effect)
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
        this.#revoke(effect.round)
        break
      case 'lose':
        this.#losing = this.#options.lost(this.#released())
        break
      case 'recoordinate':
        cluster.forgetCoordinator('group', groupId)
        break
      case 'leave':
        this.#leaving = this.#leave(effect.memberId, effect.reason)
        break
      case 'fail':
        this.#leader.resign()
        this.#options.failed(fenced(effect.error, groupId))
        break
    }
  }

  #revoke(round: number): void {
    const told = this.#options.revoked(this.#owned)
    const done = () => {
      if (round !== this.#round) return
      this.#owned = []
      this.#step({ type: 'revoked', round })
    }
    told.then(done, done)
  }

  #released(): readonly TopicPartition[] {
    const owned = this.#owned
    this.#owned = []
    return owned
  }

  #ask(by: 'join' | 'sync' | 'heartbeat', round: number, request: () => Promise<void>): void {
    const { cluster } = this.#options
    request().then(
      () => this.#succeeded(),
      (error: Error) => {
        if (cluster.signal.aborted) return
        this.#failed(by, error)
        const action = recover(error, places[by])
        const memberId = this.#givenMemberId
        const given = memberId === undefined ? {} : { memberId }
        this.#step({ type: 'refused', round, by, action, error, ...given })
      },
    )
  }

  #succeeded(): void {
    this.#failingSince = undefined
    this.#hasWarned = false
  }

  #failed(by: string, error: Error): void {
    const { cluster, groupId } = this.#options
    const now = cluster.runtime.now()
    const what = `group ${groupId}: ${by} was refused: ${describeError(error)}`
    // Of brokers that cannot be reached the cluster complains, once for all who need them.
    const isRefusal = error instanceof ServerError && !ordinary.has(error.code)
    if (isRefusal) this.#failingSince ??= now
    if (isRefusal && !this.#hasWarned && now - (this.#failingSince ?? now) >= WARN_AFTER_MS) {
      this.#hasWarned = true
      cluster.events.logger.warn(`${what}; trying on`)
    } else cluster.events.logger.debug(what)
  }

  async #join(round: number, memberId: string): Promise<void> {
    await this.#losing
    if (round !== this.#round) return
    const topics = this.#options.topics()
    this.#joinedWith = nameOf(topics)
    const answer = await this.#requests.join(memberId, topics, this.#previous)
    this.#givenMemberId = answer.memberId
    this.#requests.check(answer.errorCode, 'JoinGroup')
    if (round !== this.#round) return
    this.#protocol = answer.protocolName ?? ''
    this.#isLeader = answer.leader === answer.memberId
    this.#members = this.#isLeader ? membersOf(answer) : []
    const { generationId: generation, skipAssignment } = answer
    const isLeader = this.#isLeader && !skipAssignment
    this.#step({ type: 'joined', round, generation, memberId: answer.memberId, isLeader })
  }

  async #sync(effect: Extract<MemberEffect, { do: 'sync' }>): Promise<void> {
    const { round, generation: generationId, isLeader } = effect
    if (!this.#isLeader) this.#leader.resign()
    const assignments = isLeader ? await this.#leader.assignments(this.#members, this.#protocol) : []
    if (this.#isLeader && !isLeader) await this.#leader.watch(this.#members)
    const ownedPartitions = await this.#requests.sync(effect, this.#protocol, assignments)
    const partitions = ownedPartitions.flatMap(({ topic, partitions: indexes }) =>
      indexes.map((partition) => ({ topic, partition })),
    )
    // Whoever has left meanwhile gets nothing any more.
    if (round !== this.#round || this.#member.state.at !== 'syncing') return
    this.#previous = { ownedPartitions, generationId }
    this.#owned = partitions
    const assigned = this.#options.assigned(partitions)
    this.#step({ type: 'synced', round })
    await assigned
    this.#review()
  }

  async #heartbeat(effect: Extract<MemberEffect, { do: 'heartbeat' }>): Promise<void> {
    await this.#requests.heartbeat(effect)
    this.#step({ type: 'heartbeatAcknowledged', round: effect.round })
  }

  async #leave(memberId: string, reason: string): Promise<void> {
    const { cluster, groupId } = this.#options
    await this.#requests
      .leave(memberId, reason)
      .catch((error: Error) =>
        cluster.events.logger.debug(`leaving group ${groupId} could not be told: ${error.message}`),
      )
  }
}

const places = {
  join: recovery.joinGroup,
  sync: recovery.syncGroup,
  heartbeat: recovery.heartbeat,
} as const

/** Answers that belong to the life of every group. */
const ordinary = new Set(['MEMBER_ID_REQUIRED', 'REBALANCE_IN_PROGRESS'])

function fenced(error: Error, groupId: string): Error {
  if ((error as KafkaError).code !== 'FENCED_INSTANCE_ID') return error
  const message = `another member of group ${groupId} has taken this one's place, since it has the same groupInstanceId; give each member one of its own`
  return new FencedError('FENCED_INSTANCE_ID', message, { cause: error })
}

function nameOf(topics: readonly string[]): string {
  return [...topics].sort().join()
}
