import { Ints, Numbers } from './columns.ts'
import type { EventOf } from './history.ts'
import { ensure } from './lists.ts'
import { mayComeLate, settled } from './outcome.ts'

const NEVER = Number.POSITIVE_INFINITY

/** An offset of a group for one partition. */
export interface Commit {
  incarnation: number
  begin: number
  end: number
  offset: number
  isOk: boolean
  /** Refused for good. */
  isFailed: boolean
  /** An attempt of it may be carried out after its end. */
  isLate: boolean
}

/** A commit that may be ahead of what had been processed when it began. */
export interface Claim {
  commit: Commit
  group: string
  partition: number
  /** Records were processed up to here, or reading began here: nothing from here to the committed offset was handed. */
  base: number
  /** Records that had been handed over and were not done, with who had them. */
  underWay: readonly (readonly [offset: number, incarnation: number])[]
}

/** How far a group is with a partition. */
interface Progress {
  begun: number
  done: number
  /** Records that were handed over for the first time and nobody is done with, and by whom. */
  open: Map<number, number>
}

/** Commits by group and partition, in the order in which they began, and what was handed over. */
export class Commits {
  readonly byGroup = new Map<string, Map<number, Commit[]>>()
  readonly claims: Claim[] = []
  readonly handed = {
    incarnation: new Ints(),
    partition: new Ints(),
    offset: new Numbers(),
    begin: new Numbers(),
  }
  readonly #progress = new Map<string, Map<number, Progress>>()
  readonly #open = new Map<number, Commit[]>()

  begin(
    incarnation: number,
    event: EventOf<'commit', 'b'>,
    partitionOf: (tp: string) => number,
    startOf: Start,
  ): void {
    const list: Commit[] = []
    const byPartition = ensure(this.byGroup, event.group, () => new Map<number, Commit[]>())
    for (const [tp, offset] of Object.entries(event.offs)) {
      const partition = partitionOf(tp)
      const state = { isOk: false, isFailed: false, isLate: true }
      const commit: Commit = { incarnation, begin: event.t, end: NEVER, offset, ...state }
      list.push(commit)
      ensure(byPartition, partition, () => [] as Commit[]).push(commit)
      this.#claim(event.group, partition, commit, startOf(incarnation, partition))
    }
    this.#open.set(event.op, list)
  }

  end(event: EventOf<'commit', 'e'>, retryNs: number): void {
    const outcome = settled(event)
    for (const commit of this.#open.get(event.op) ?? []) {
      commit.end = event.t
      commit.isOk = outcome === 'ok'
      commit.isFailed = outcome === 'fail'
      const isSlow = event.t - commit.begin > retryNs
      commit.isLate = !commit.isFailed && (!commit.isOk || isSlow || mayComeLate(event.attempts))
    }
    this.#open.delete(event.op)
  }

  /** A record begins to be processed; gives its row. */
  handBegin(incarnation: number, group: string, partition: number, offset: number, t: number): number {
    const progress = this.#of(group, partition)
    if (offset > progress.begun) {
      progress.begun = offset
      progress.open.set(offset, incarnation)
    }
    this.handed.incarnation.push(incarnation)
    this.handed.partition.push(partition)
    this.handed.offset.push(offset)
    return this.handed.begin.push(t)
  }

  handEnd(row: number, group: string): void {
    const offset = this.handed.offset.at(row)
    const progress = this.#of(group, this.handed.partition.at(row))
    progress.open.delete(offset)
    progress.done = Math.max(progress.done, offset)
  }

  /** Whether anything of a partition was ever handed over in a group: some drivers do not tell. */
  wasHanded(group: string): boolean {
    for (const { begun } of this.#progress.get(group)?.values() ?? []) if (begun >= 0) return true
    return false
  }

  #claim(group: string, partition: number, commit: Commit, start: number | undefined): void {
    const { done, open } = this.#of(group, partition)
    const underWay = [...open].filter(([offset]) => offset < commit.offset)
    const isKnown = start !== undefined || done >= 0
    const base = isKnown ? Math.max(done + 1, start ?? 0) : NEVER
    if (underWay.length > 0 || base < commit.offset) {
      this.claims.push({ commit, group, partition, base, underWay })
    }
  }

  #of(group: string, partition: number): Progress {
    const byPartition = ensure(this.#progress, group, () => new Map<number, Progress>())
    return ensure(byPartition, partition, () => ({ begun: -1, done: -1, open: new Map<number, number>() }))
  }
}

type Start = (incarnation: number, partition: number) => number | undefined
