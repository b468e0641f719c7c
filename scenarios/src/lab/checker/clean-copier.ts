import type { CleanWorld } from './clean-world.ts'
import { whoOf } from './clean-world.ts'

/** How a transaction of the copier ends. */
export type Ending = 'commit' | 'abort' | 'unknown commit' | 'unknown abort' | 'crash'

/** Copies records in transactions; after an end that nobody knows, or a crash, an heir takes its id over. */
export class CleanCopier {
  readonly name = 'copiers'
  readonly #world: CleanWorld
  readonly #from: readonly string[]
  readonly #to: readonly string[]
  readonly #between: () => void
  readonly #tid = 'copy'
  readonly #committed: Record<string, number> = {}
  #position: Record<string, number> = {}
  #inc = ''
  #open: string | undefined
  #count = 0

  /** `between`: what others do in the middle of a transaction. */
  constructor(world: CleanWorld, from: readonly string[], to: readonly string[], between: () => void) {
    this.#world = world
    this.#from = from
    this.#to = to
    this.#between = between
    this.#begin()
  }

  /** A new instance takes over: what its forerunner left open is aborted, and it reads from where was committed. */
  succeed(): void {
    this.#world.close(this.#inc)
    this.#begin()
  }

  close(): void {
    this.#world.close(this.#inc)
  }

  /** Reads input, writes an output for each record, and commits both or neither. */
  copy(ending: Ending): void {
    const world = this.#world
    const inc = this.#inc
    const txn = `${inc}/${this.#count++}`
    this.#open = txn
    this.#step('begin', txn)()
    world.beginTransaction(txn)
    const recs = this.#poll(txn)
    for (const [tp, list] of Object.entries(recs.found)) {
      for (let at = 0; at < list.length; at += 3) {
        const target = this.#to[(list[at + 1] as number) % this.#to.length] as string
        world.send(inc, target, { isSure: true, txn, src: `${tp}@${list[at]}` })
      }
    }
    this.#between()
    if (ending === 'crash') {
      world.crash(inc)
      this.#begin()
      return
    }
    this.#step('offsets', txn, { offs: { ...recs.next }, group: this.name })()
    this.#finish(txn, ending, recs.next)
  }

  #finish(txn: string, ending: Exclude<Ending, 'crash'>, next: Record<string, number>): void {
    const world = this.#world
    const isCommit = ending === 'commit' || ending === 'unknown commit'
    const isUnknown = ending === 'unknown commit' || ending === 'unknown abort'
    const done = this.#step(isCommit ? 'commit' : 'abort', txn)
    const isCarriedOut = !isUnknown || world.draw(2) === 0
    if (isCarriedOut) {
      world.endTransaction(txn, !isCommit)
      if (isCommit) Object.assign(this.#committed, next)
    }
    this.#between()
    done(isUnknown ? 'unk' : 'ok')
    if (isUnknown) this.succeed()
    else if (isCommit) Object.assign(this.#position, next)
    else {
      // What was read comes again: a copier goes back by itself.
      const back = Object.fromEntries(this.#from.map((tp) => [tp, this.#position[tp] ?? 0]))
      if (world.draw(2)) world.moment({ f: 'seek', offs: back }, whoOf(this.#inc), this.#inc)
    }
  }

  #begin(): void {
    this.#inc = this.#world.openClient('copier-0')
    const done = this.#step('init', '')
    if (this.#open !== undefined) this.#world.endTransaction(this.#open, true)
    done()
    this.#position = { ...this.#committed }
  }

  #poll(txn: string): { found: Record<string, number[]>; next: Record<string, number> } {
    const stamp = this.#world.stamp(this.#inc)
    this.#world.push({ ...stamp, ph: 'b', f: 'poll', iso: 'read_committed', txn })
    const found: Record<string, number[]> = {}
    const next: Record<string, number> = {}
    for (const tp of this.#from) {
      const seen = this.#world.visible(tp, this.#position[tp] ?? 0, 'read_committed', 2)
      if (seen.recs.length > 0) found[tp] = seen.recs
      next[tp] = seen.next
    }
    this.#world.push({ ...stamp, ph: 'e', f: 'poll', recs: found })
    return { found, next }
  }

  #step(step: string, txn: string, more: object = {}): (r?: 'ok' | 'unk') => void {
    const stamp = { ...this.#world.stamp(this.#inc), f: 'txn', step, tid: this.#tid, txn }
    this.#world.push({ ...stamp, ph: 'b', ...more })
    return (r = 'ok') => this.#world.push({ ...stamp, ph: 'e', r })
  }

  askCommitted(): void {
    const stamp = this.#world.stamp('judge')
    this.#world.push({ ...stamp, ph: 'b', f: 'committed', group: this.name })
    this.#world.push({ ...stamp, ph: 'e', f: 'committed', r: 'ok', offs: { ...this.#committed } })
  }
}
