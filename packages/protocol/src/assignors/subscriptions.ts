import type { AssignorMember } from './assignor.ts'

/** Members that list the same topics in the same way. */
interface Kin {
  listed: readonly string[]
  names: ReadonlySet<string>
  members: number[]
}

/**
 * Who subscribed to what. Members that list the same topics are kept as one, and topics with the same subscribers share
 * one list of them, since in most groups all members subscribe alike: the work is then not members times topics.
 */
export class Subscriptions {
  /** By topic: who subscribed, in ascending order; topics with the same subscribers have the same array. */
  readonly subscribers = new Map<string, readonly number[]>()
  readonly #kinOf: readonly Kin[]

  constructor(members: readonly AssignorMember[]) {
    const kins: Kin[] = []
    const alike = new Map<string, Kin[]>()
    this.#kinOf = members.map(({ topics }, member) => {
      const key = JSON.stringify([topics.length, topics[0], topics.at(-1)])
      const candidates = alike.get(key) ?? []
      let kin = candidates.find(({ listed }) => listed.every((name, at) => name === topics[at]))
      if (!kin) {
        kin = { listed: topics, names: new Set(topics), members: [] }
        alike.set(key, [...candidates, kin])
        kins.push(kin)
      }
      kin.members.push(member)
      return kin
    })
    const kinsOfTopic = new Map<string, number[]>()
    kins.forEach(({ names }, kin) => {
      for (const name of names) {
        const known = kinsOfTopic.get(name)
        if (known) known.push(kin)
        else kinsOfTopic.set(name, [kin])
      }
    })
    const shared = new Map<string, readonly number[]>()
    for (const [name, numbers] of kinsOfTopic) {
      const key = numbers.join()
      let list = shared.get(key)
      if (!list) {
        list = numbers.flatMap((kin) => kins[kin]?.members ?? []).sort((a, b) => a - b)
        shared.set(key, list)
      }
      this.subscribers.set(name, list)
    }
  }

  has(member: number, topic: string): boolean {
    return this.#kinOf[member]?.names.has(topic) ?? false
  }
}
