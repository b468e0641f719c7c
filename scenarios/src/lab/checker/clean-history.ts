import type { Ending } from './clean-copier.ts'
import { CleanCopier } from './clean-copier.ts'
import { CleanGroup } from './clean-group.ts'
import { CleanWorld } from './clean-world.ts'
import type { HistoryEvent, Isolation } from './history.ts'
import type { Mode } from './mode.ts'

const INPUT = ['in-0', 'in-1']
const OUTPUT = ['out-0', 'out-1']
/** In so many-th histories members only come and leave in order. */
const ORDERLY_ONE_IN = 5
const mode: Partial<Mode> = {
  ...{ expectedOps: 5, expectedFaults: 1, deliveryMs: 1000, callMs: 1000 },
  ...{ progressMs: 500, lagMs: 2000, stableMs: 1 },
}

/**
 * A history in which nothing is wrong, as a right Kafka would give it: producers whose calls succeed, are refused or stay
 * unknown (and may be stored all the same, later), some killed on the way; a group whose members come and go, are killed,
 * stall and seek; a copier in transactions of which some are aborted and some end nobody knows how; readers of both
 * isolations beside it; faults, healing, a drain. For the checker to stay silent on, and for mutators to break.
 */
export function cleanHistory(seed: number, steps = 60): HistoryEvent[] {
  const history = new CleanHistory(seed)
  history.run(steps)
  history.finish()
  return history.events
}

interface Auditor {
  inc: string
  iso: Isolation
  position: Record<string, number>
}

class CleanHistory {
  readonly #world: CleanWorld
  readonly #group: CleanGroup
  readonly #isOrderly: boolean
  readonly #copier: CleanCopier
  readonly #producers: string[]
  readonly #auditors: readonly Auditor[]

  constructor(seed: number) {
    const world = new CleanWorld(seed, [...INPUT, ...OUTPUT])
    this.#world = world
    this.#isOrderly = seed % ORDERLY_ONE_IN === 0
    world.moment({ f: 'mode', mode: { ...mode, orderly: this.#isOrderly } })
    this.#group = new CleanGroup(world, 'group', INPUT, this.#isOrderly)
    this.#group.join('reader-0')
    this.#group.join('reader-1')
    this.#producers = [world.openClient('producer-0'), world.openClient('producer-1')]
    this.#auditors = (['read_committed', 'read_uncommitted'] as const).map((iso) => {
      const inc = world.openClient(`auditor-${iso}`)
      world.moment({ f: 'assign', tps: OUTPUT }, `auditor-${iso}`, inc)
      return { inc, iso, position: {} }
    })
    this.#copier = new CleanCopier(world, INPUT, OUTPUT, () => this.#between())
  }

  get events(): HistoryEvent[] {
    return this.#world.events
  }

  run(steps: number): void {
    const { draw } = this.#world
    this.#sendSurely()
    for (let step = 0; step < steps; step++) {
      const at = draw(26)
      if (at < 8) this.#send()
      else if (at < 11) this.#world.getOn()
      else if (at < 15) this.#group.read()
      else if (at < 18) this.#copier.copy(this.#ending())
      else if (at < 19) this.#group.beat()
      else if (at < 20) this.#world.ends(draw(2) ? 'read_committed' : 'read_uncommitted')
      else if (at < 21) this.#world.moment({ f: 'fault', text: 'a broker was killed' })
      else if (at < 22) this.#group.rebalance()
      else if (at < 23) this.#audit()
      else this.#rarely()
    }
  }

  finish(): void {
    const world = this.#world
    this.#sendSurely()
    this.#copier.copy('abort')
    this.#copier.copy('commit')
    this.#copier.copy('commit')
    this.#copier.succeed()
    this.#sendSurely()
    this.#copier.copy('commit')
    world.moment({ f: 'fault', text: 'the network was cut' })
    world.moment({ f: 'heal' })
    this.#sendSurely()
    this.#group.readAll()
    this.#group.commitAll()
    this.#group.rebalance()
    this.#sendSurely()
    this.#group.readAll()
    world.settle()
    this.#group.close()
    this.#copier.close()
    for (const inc of [...this.#producers, ...this.#auditors.map((auditor) => auditor.inc)]) world.close(inc)
    for (const iso of ['read_uncommitted', 'read_committed'] as const) world.drain(iso)
    for (const iso of ['read_uncommitted', 'read_committed'] as const) world.ends(iso, 'auditor#0')
    this.#group.askCommitted()
    this.#copier.askCommitted()
  }

  #ending(): Ending {
    const at = this.#world.draw(16)
    if (at < 3) return 'abort'
    return (['unknown commit', 'unknown abort', 'crash'] as const)[at - 3] ?? 'commit'
  }

  #rarely(): void {
    const world = this.#world
    const at = this.#isOrderly ? world.draw(2) + 3 : world.draw(4)
    if (at === 0) this.#group.kill()
    else if (at === 1) this.#group.stall()
    else if (at === 2) this.#group.seek()
    else if (at === 4) this.#group.replace()
    else {
      const number = world.draw(2)
      world.crash(this.#producers[number] as string)
      this.#producers[number] = world.openClient(`producer-${number}`)
    }
  }

  #between(): void {
    if (this.#world.draw(3) === 0) this.#send()
    if (this.#world.draw(3) === 0) this.#audit()
    if (this.#world.draw(3) === 0) this.#group.read()
  }

  #send(): void {
    const { draw } = this.#world
    this.#world.send(this.#producers[draw(2)] as string, INPUT[draw(2)] as string)
  }

  #sendSurely(): void {
    for (const inc of this.#producers) for (const tp of INPUT) this.#world.send(inc, tp, { isSure: true })
  }

  #audit(): void {
    const world = this.#world
    const { inc, iso, position } = this.#auditors[world.draw(2)] as Auditor
    const stamp = world.stamp(inc)
    world.push({ ...stamp, ph: 'b', f: 'poll', iso })
    const recs: Record<string, number[]> = {}
    for (const tp of OUTPUT) {
      const seen = world.visible(tp, position[tp] ?? 0, iso, 4)
      if (seen.recs.length > 0) recs[tp] = seen.recs
      position[tp] = seen.next
    }
    world.push({ ...stamp, ph: 'e', f: 'poll', recs })
  }
}
