import type { CleanWorld } from './clean-world.ts'
import { whoOf } from './clean-world.ts'

interface Member {
  inc: string
  owned: string[]
  position: Record<string, number>
  done: Record<string, number>
}

/**
 * A group whose members come and go, are killed, stall, seek, and whose commits get lost or come late; or an orderly one,
 * whose members come and go and whose commits all succeed.
 */
export class CleanGroup {
  readonly name: string
  readonly #world: CleanWorld
  /** No commit gets lost. */
  readonly #isOrderly: boolean
  readonly #partitions: readonly string[]
  readonly #committed: Record<string, number> = {}
  readonly #late: Record<string, number>[] = []
  #members: Member[] = []
  #generation = 0

  constructor(world: CleanWorld, name: string, partitions: readonly string[], isOrderly = false) {
    this.name = name
    this.#isOrderly = isOrderly
    this.#world = world
    this.#partitions = partitions
  }

  join(who: string): void {
    const inc = this.#world.openClient(who)
    this.#members.push({ inc, owned: [], position: {}, done: {} })
    this.rebalance()
  }

  /** One member leaves in order, and another one comes. */
  replace(): void {
    const world = this.#world
    const leaver = this.#one()
    this.#giveBack(leaver, 'revoked')
    world.close(leaver.inc)
    this.#members = this.#members.filter((member) => member !== leaver)
    this.join(whoOf(leaver.inc))
  }

  /** Everybody gives back what it has, then gets its part. */
  rebalance(): void {
    for (const member of this.#members) this.#giveBack(member, 'revoked')
    this.#assign(this.#members)
  }

  /** One member is killed in the middle of a record; its heir begins where the group has committed. */
  kill(): void {
    const world = this.#world
    const victim = this.#one()
    const tp = victim.owned.find(
      (each) => world.visible(each, victim.position[each] ?? 0, 'read_committed', 1).recs[0],
    )
    if (tp !== undefined) {
      const [off] = this.#poll(victim, [tp])[tp] ?? []
      if (off !== undefined) world.push({ ...world.stamp(victim.inc), ph: 'b', f: 'handed', tp, off })
    }
    // A poll that it never came back from.
    world.push({ ...world.stamp(victim.inc), ph: 'b', f: 'poll', iso: 'read_committed', group: this.name })
    world.crash(victim.inc)
    this.#members = this.#members.filter((member) => member !== victim)
    for (const member of this.#members) this.#giveBack(member, 'revoked')
    this.#members.push({ inc: world.openClient(whoOf(victim.inc)), owned: [], position: {}, done: {} })
    this.#assign(this.#members)
  }

  /** One member stalls: the others share what it has; it goes on with what it holds until it is told. */
  stall(): void {
    const world = this.#world
    const sleeper = this.#one()
    const recs = this.#poll(sleeper, sleeper.owned)
    const others = this.#members.filter((member) => member !== sleeper)
    for (const member of others) this.#giveBack(member, 'revoked')
    this.#assign(others)
    for (const member of others) this.read(member)
    for (const [tp, list] of Object.entries(recs)) this.#handle(sleeper, tp, list)
    sleeper.done = {}
    world.moment({ f: 'beat' }, whoOf(sleeper.inc), sleeper.inc)
    this.#giveBack(sleeper, 'lost')
    this.rebalance()
  }

  /** A member goes back, or is told that its position is gone and begins anew. */
  seek(): void {
    const world = this.#world
    const member = this.#one()
    const tp = member.owned[0]
    if (tp === undefined) return
    const isReset = world.draw(2) === 0
    const to = isReset ? 0 : world.draw((member.position[tp] ?? 0) + 1)
    const event = isReset ? { f: 'reset', tp, why: 'out of range' } : { f: 'seek', offs: { [tp]: to } }
    world.moment(event, whoOf(member.inc), member.inc)
    member.position[tp] = to
    delete member.done[tp]
  }

  /** Whether there was something. */
  read(member: Member = this.#one()): boolean {
    const recs = this.#poll(member, member.owned)
    for (const [tp, list] of Object.entries(recs)) this.#handle(member, tp, list)
    if (this.#world.draw(2)) this.#commit(member)
    return Object.keys(recs).length > 0
  }

  /** Everybody reads what there is. */
  readAll(): void {
    for (const member of this.#members) while (this.read(member)) {}
  }

  commitAll(): void {
    for (const member of this.#members) this.#commit(member, true)
  }

  beat(): void {
    for (const { inc } of this.#members) this.#world.moment({ f: 'beat' }, whoOf(inc), inc)
  }

  close(): void {
    for (const member of this.#members) {
      this.#giveBack(member, 'revoked', true)
      this.#world.close(member.inc)
    }
  }

  askCommitted(): void {
    const stamp = this.#world.stamp('judge')
    this.#world.push({ ...stamp, ph: 'b', f: 'committed', group: this.name })
    this.#world.push({ ...stamp, ph: 'e', f: 'committed', r: 'ok', offs: { ...this.#committed } })
  }

  #one(): Member {
    return this.#members[this.#world.draw(this.#members.length)] as Member
  }

  #giveBack(member: Member, kind: 'revoked' | 'lost', isSure = false): void {
    if (member.owned.length === 0) return
    const { inc, owned: tps } = member
    const stamp = { ...this.#world.stamp(inc), f: 'reb', group: this.name, kind, tps, gen: this.#generation }
    this.#world.push({ ...stamp, ph: 'b' })
    if (kind === 'revoked') this.#commit(member, isSure)
    this.#world.push({ ...stamp, ph: 'e' })
    member.owned = []
    member.done = {}
  }

  #assign(members: readonly Member[]): void {
    // An attempt of an older commit that nobody waits for comes last.
    if (this.#late.length > 0 && this.#world.draw(3) === 0) Object.assign(this.#committed, this.#late.pop())
    this.#generation++
    const shift = this.#world.draw(2)
    members.forEach((member, number) => {
      const tps = this.#partitions.filter((_, index) => (index + shift) % members.length === number)
      const { inc } = member
      const event = { f: 'reb', group: this.name, kind: 'assigned', tps, gen: this.#generation }
      const stamp = { ...this.#world.stamp(inc), ...event }
      this.#world.push({ ...stamp, ph: 'b' })
      this.#world.push({ ...stamp, ph: 'e' })
      member.owned = [...tps]
      member.done = {}
      member.position = Object.fromEntries(tps.map((tp) => [tp, this.#committed[tp] ?? 0]))
    })
  }

  #poll(member: Member, tps: readonly string[]): Record<string, number[]> {
    const stamp = this.#world.stamp(member.inc)
    this.#world.push({ ...stamp, ph: 'b', f: 'poll', iso: 'read_committed', group: this.name })
    const recs: Record<string, number[]> = {}
    const pos: Record<string, [number, number]> = {}
    for (const tp of tps) {
      const from = member.position[tp] ?? 0
      const { recs: found, next } = this.#world.visible(tp, from, 'read_committed', 5)
      if (found.length > 0) recs[tp] = found
      pos[tp] = [from, next]
      member.position[tp] = next
    }
    this.#world.push({ ...stamp, ph: 'e', f: 'poll', recs, pos })
    return recs
  }

  #handle(member: Member, tp: string, records: readonly number[]): void {
    for (let at = 0; at < records.length; at += 3) {
      const off = records[at] as number
      const stamp = this.#world.stamp(member.inc)
      this.#world.push({ ...stamp, ph: 'b', f: 'handed', tp, off })
      this.#world.push({ ...stamp, ph: 'e', f: 'handed' })
      member.done[tp] = off + 1
    }
  }

  #commit(member: Member, isSure = false): void {
    const offs: Record<string, number> = {}
    for (const tp of member.owned) {
      const done = member.done[tp]
      const least = (this.#committed[tp] ?? 0) + (isSure ? 0 : 1)
      if (done !== undefined && done >= least) offs[tp] = done
    }
    if (Object.keys(offs).length === 0) return
    const stamp = this.#world.stamp(member.inc)
    this.#world.push({ ...stamp, ph: 'b', f: 'commit', group: this.name, offs })
    const isLost = !isSure && !this.#isOrderly && this.#world.draw(8) === 0
    // Of what was lost on its way half was carried out, a quarter comes late, a quarter never.
    const fate = isLost ? this.#world.draw(4) : 0
    if (fate < 2) Object.assign(this.#committed, offs)
    else if (fate === 2) this.#late.push(offs)
    this.#world.push({ ...stamp, ph: 'e', f: 'commit', r: isLost ? 'unk' : 'ok' })
  }
}
