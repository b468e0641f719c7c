import type { SimWorld } from '@samsa/runtime'
import type { ClientPlan } from './client-plan.ts'
import { ConsumerTask } from './consumer-task.ts'
import { ProducerTask } from './producer-task.ts'
import type { Surroundings } from './surroundings.ts'

type Task = ProducerTask | ConsumerTask

/** A host of a client: its plan, and the incarnation that runs there. */
interface Seat {
  readonly plan: ClientPlan
  incarnations: number
  task: Task | undefined
}

/** The clients of a run: producers, members of groups, and readers that have all partitions to themselves. */
export class Crew {
  /** How often a member of a group was assigned partitions, by those that are gone. */
  #pastAssignments = 0
  readonly #world: SimWorld
  readonly #surroundings: Surroundings
  readonly #seats: ReadonlyMap<string, Seat>
  /** Producers that run; looked at after every step. */
  producers: readonly ProducerTask[] = []

  constructor(world: SimWorld, plans: readonly ClientPlan[], surroundings: Surroundings) {
    this.#world = world
    this.#surroundings = surroundings
    this.#seats = new Map(plans.map((plan) => [plan.name, { plan, incarnations: 0, task: undefined }]))
    this.heal()
  }

  get consumers(): ConsumerTask[] {
    return this.#tasks.filter((task) => task instanceof ConsumerTask)
  }

  get assignments(): number {
    return this.consumers.reduce((sum, { assignments }) => sum + assignments, this.#pastAssignments)
  }

  /** Ends a client without a word; call it while nothing runs, from an event of the world. */
  kill(name: string): void {
    const task = this.#rise(name)
    if (!task) return
    this.#world.kill(name)
    task.crash()
  }

  /** Closes a client in order. */
  async leave(name: string): Promise<void> {
    await this.#rise(name)?.close()
  }

  /** Starts the next incarnation of a client where none runs. */
  start(name: string): void {
    const seat = this.#seats.get(name)
    if (!seat || seat.task) return
    const { plan } = seat
    const inc = `${name}.${++seat.incarnations}`
    const host = this.#world.host(name)
    seat.task =
      plan.role === 'producer'
        ? new ProducerTask(host, inc, plan, this.#surroundings)
        : new ConsumerTask(host, inc, plan, this.#surroundings)
    this.#count()
  }

  /** Starts every client that does not run. */
  heal(): void {
    for (const name of this.#seats.keys()) this.start(name)
  }

  /** From now on members stay with what they have subscribed: what is to be done gets done. */
  calm(): void {
    for (const consumer of this.consumers) consumer.isCalm = true
  }

  /** Closes everybody; resolves when all are closed and nobody reads any more. */
  async close(): Promise<void> {
    await Promise.all([...this.#seats.keys()].map((name) => this.leave(name)))
  }

  #count(): void {
    this.producers = this.#tasks.filter((task) => task instanceof ProducerTask)
  }

  get #tasks(): Task[] {
    return [...this.#seats.values()].flatMap(({ task }) => task ?? [])
  }

  /** Takes a task off its seat. */
  #rise(name: string): Task | undefined {
    const seat = this.#seats.get(name)
    const task = seat?.task
    if (!seat || !task) return undefined
    seat.task = undefined
    this.#count()
    if (task instanceof ConsumerTask) this.#pastAssignments += task.assignments
    return task
  }
}
