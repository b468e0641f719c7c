import type { Broker } from '@samsa/broker'
import { decodeAssignment } from '@samsa/protocol'
import { placeOf } from './pool.ts'

/** What the broker shows of itself to tests, under a symbol. */
interface State {
  readonly topics: { readonly all: readonly Topic[] }
  readonly groups: { readonly all: readonly Group[] }
}

interface Topic {
  readonly name: string
  readonly id: string
  readonly partitions: readonly Partition[]
}

interface Partition {
  readonly log: {
    readonly logStartOffset: number
    readonly highWatermark: number
    readonly lastStableOffset: number
    readonly logEndOffset: number
  }
  readonly leaderEpoch: number
}

interface Group {
  readonly id: string
  readonly generationId: number
  readonly stateName: string
  readonly members: Iterable<{ readonly id: string; readonly assignment: Uint8Array }>
}

const STATE = Symbol.for('samsa.broker.state')

/** What was last seen of a partition. */
interface Seen {
  broker: Broker
  start: number
  watermark: number
  end: number
  epoch: number
}

/**
 * What has to hold in the broker after every step, whatever the clients see of it: a log grows at its end only, and what
 * readers may see of it stays, also over a crash; epochs and generations never go back; in a generation a partition
 * has one owner.
 */
export class Invariants {
  readonly #onBroken: (what: string) => void
  /** By topic object and index for speed, and by name for what a restart must keep. */
  readonly #seen = new WeakMap<Topic, (Seen | undefined)[]>()
  readonly #lasting = new Map<string, Seen>()
  readonly #generations = new Map<string, { broker: Broker; generation: number; isShared: boolean }>()

  constructor(onBroken: (what: string) => void) {
    this.#onBroken = onBroken
  }

  /** @param broker the running one */
  check(broker: Broker): void {
    const { topics, groups } = (broker as unknown as Record<symbol, State>)[STATE] as State
    for (const topic of topics.all) {
      const { partitions } = topic
      const seen = this.#seen.get(topic) ?? []
      if (seen.length === 0) this.#seen.set(topic, seen)
      for (let index = 0; index < partitions.length; index++) {
        const { log, leaderEpoch } = partitions[index] as Partition
        const last = seen[index]
        const isAsBefore =
          last?.end === log.logEndOffset && last.watermark === log.highWatermark && last.epoch === leaderEpoch
        if (!isAsBefore) seen[index] = this.#checkPartition(broker, topic, index)
      }
    }
    for (const group of groups.all) this.#checkGroup(broker, group)
  }

  #checkPartition(broker: Broker, { name, id, partitions }: Topic, index: number): Seen {
    const { log, leaderEpoch: epoch } = partitions[index] as Partition
    const { logEndOffset: end, highWatermark: watermark, logStartOffset: start } = log
    const broken = (what: string) => this.#onBroken(`${name}-${index}: ${what}`)
    if (watermark > end) broken(`the high watermark ${watermark} is behind the end ${end}`)
    if (log.lastStableOffset > watermark) broken('the last stable offset is behind the high watermark')
    if (start > watermark) broken(`the beginning ${start} is behind the high watermark ${watermark}`)
    const key = `${id}-${index}`
    const last = this.#lasting.get(key)
    if (last) {
      const [wasEnd, what] =
        last.broker === broker ? [last.end, 'end'] : [last.watermark, 'end after a restart']
      if (end < wasEnd) broken(`the ${what} went back from ${wasEnd} to ${end}`)
      if (watermark < last.watermark)
        broken(`the high watermark went back from ${last.watermark} to ${watermark}`)
      if (start < last.start) broken(`the beginning went back from ${last.start} to ${start}`)
      if (epoch < last.epoch) broken(`the leader epoch went back from ${last.epoch} to ${epoch}`)
    }
    const now = { broker, start, watermark, end, epoch }
    this.#lasting.set(key, now)
    return now
  }

  #checkGroup(broker: Broker, { id, generationId: generation, stateName, members }: Group): void {
    const isStable = stateName === 'Stable'
    const last = this.#generations.get(id)
    const isOfThisLife = last?.broker === broker
    if (isOfThisLife && generation < last.generation)
      this.#onBroken(`group ${id} went from generation ${last.generation} back to ${generation}`)
    const isChecked = isOfThisLife && generation === last.generation && last.isShared
    if (!isChecked && isStable) this.#checkOwners(id, generation, members)
    this.#generations.set(id, { broker, generation, isShared: isChecked || isStable })
  }

  #checkOwners(group: string, generation: number, members: Group['members']): void {
    const owners = new Map<string, string>()
    for (const { id, assignment } of members) {
      if (assignment.length === 0) continue
      for (const { topic, partitions } of decodeAssignment(assignment).assignedPartitions) {
        for (const partition of partitions) {
          const place = placeOf({ topic, partition })
          const other = owners.get(place)
          if (other !== undefined)
            this.#onBroken(`in generation ${generation} of ${group} both ${other} and ${id} have ${place}`)
          owners.set(place, id)
        }
      }
    }
  }
}
