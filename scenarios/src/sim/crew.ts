import type { SimWorld } from '@samsa/runtime'
import type { Surroundings } from './clients.ts'
import { ConsumerTask, ProducerTask } from './clients.ts'
import { MEMBERS, PRODUCERS, READER } from './plan.ts'

/** The clients of a run: producers, the members of a group, and a reader that has all partitions to itself. */
export class Crew {
  readonly producers: readonly ProducerTask[]
  readonly #world: SimWorld
  readonly #surroundings: Surroundings
  readonly #members = new Map<string, ConsumerTask>()
  /** Assignments that the members of each host had, also those that were killed. */
  readonly #stints = new Map<string, number>()
  readonly #reader: ConsumerTask
  /** What each reader is at, by host; the dead are at nothing. */
  readonly #reading = new Map<string, Promise<void>>()

  constructor(world: SimWorld, surroundings: Surroundings) {
    this.#world = world
    this.#surroundings = surroundings
    this.producers = PRODUCERS.map(
      (name) => new ProducerTask(world.host(name), this.#random(name), surroundings),
    )
    for (const name of MEMBERS) this.startMember(name)
    const reader = new ConsumerTask(world.host(READER), this.#random(READER), surroundings)
    this.#reader = reader
    this.#reading.set(READER, reader.read())
  }

  get assignments(): number {
    return [...this.#stints.values()].reduce((sum, stints) => sum + stints, 0)
  }

  /** Ends a member without a word; call it while nothing runs, from an event of the world. */
  killMember(name: string): void {
    if (!this.#members.delete(name)) return
    this.#world.kill(name)
  }

  /** Starts a new member where none runs. */
  startMember(name: string): void {
    if (this.#members.has(name)) return
    const nextStint = () => {
      const stint = (this.#stints.get(name) ?? 0) + 1
      this.#stints.set(name, stint)
      return stint
    }
    const member = new ConsumerTask(this.#world.host(name), this.#random(name), this.#surroundings, nextStint)
    this.#members.set(name, member)
    this.#reading.set(name, member.read())
  }

  /** Starts every member that was killed. */
  heal(): void {
    for (const name of MEMBERS) this.startMember(name)
  }

  endOffsets(): Promise<number[]> {
    return this.#reader.endOffsets()
  }

  /** Closes everybody; resolves when all are closed and nobody reads any more. */
  async close(): Promise<void> {
    const tasks = [...this.producers, ...this.#members.values(), this.#reader]
    await Promise.all(tasks.map((task) => task.close()))
    await Promise.all(this.#reading.values())
  }

  #random(name: string) {
    return this.#world.random.fork(`task ${name} ${this.#stints.get(name) ?? 0}`)
  }
}
