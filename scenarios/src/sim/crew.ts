import type { Host, SimWorld } from '@samsa/runtime'
import type { ClientPlan } from './client-plan.ts'
import { ConsumerTask } from './consumer-task.ts'
import { ProducerTask } from './producer-task.ts'
import type { Surroundings } from './surroundings.ts'
import { WorkerTask } from './worker-task.ts'

type Task = ProducerTask | ConsumerTask | WorkerTask

/** A host of a client: its plan, and the incarnation that runs there. */
interface Seat {
  readonly plan: ClientPlan
  incarnations: number
  /** Whoever was there is closing. */
  isLeaving: boolean
  task: Task | undefined
}

/** The clients of a run: producers, members of groups, and readers that have all partitions to themselves. */
export class Crew {
  /** How often a member of a group was assigned partitions, by those that are gone. */
  #pastAssignments = 0
  #isCalm = false
  readonly #world: SimWorld
  readonly #surroundings: Surroundings
  readonly #seats: ReadonlyMap<string, Seat>
  /** Producers that run; looked at after every step. */
  producers: readonly ProducerTask[] = []

  constructor(world: SimWorld, plans: readonly ClientPlan[], surroundings: Surroundings) {
    this.#world = world
    this.#surroundings = surroundings
    this.#seats = new Map(
      plans.map((plan) => [plan.name, { plan, incarnations: 0, isLeaving: false, task: undefined }]),
    )
    this.heal()
  }

  get consumers(): (ConsumerTask | WorkerTask)[] {
    return this.#tasks.filter((task): task is ConsumerTask | WorkerTask => !(task instanceof ProducerTask))
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

  /** Lets a client stand still for a while. */
  freeze(name: string, ms: number): void {
    const task = this.#seats.get(name)?.task
    if (!task) return
    this.#world.freeze(name, ms)
    if (task instanceof ConsumerTask) task.frozen(ms)
  }

  /** Closes a client in order. */
  async leave(name: string): Promise<void> {
    const seat = this.#seats.get(name)
    const task = this.#rise(name)
    if (!seat || !task) return
    // Whoever comes next on the seat waits until it is free.
    seat.isLeaving = true
    try {
      await task.close()
    } finally {
      seat.isLeaving = false
    }
  }

  /** Starts the next incarnation of a client where none runs. */
  start(name: string): void {
    const seat = this.#seats.get(name)
    if (!seat || seat.task || seat.isLeaving) return
    const { plan } = seat
    const inc = `${name}.${++seat.incarnations}`
    const host = this.#world.host(name)
    const task = taskOf(plan, host, inc, this.#surroundings)
    if (!(task instanceof ProducerTask)) task.isCalm = this.#isCalm
    seat.task = task
    this.#count()
  }

  /** Starts every client that does not run. */
  heal(): void {
    for (const name of this.#seats.keys()) this.start(name)
  }

  /** From now on members stay with what they have subscribed: what is to be done gets done. */
  calm(): void {
    this.#isCalm = true
    for (const consumer of this.consumers) consumer.isCalm = true
  }

  /** How many records of a partition members of a group may leave uncommitted while they go on. */
  slackOf(group: string): number {
    return Math.max(...this.workers.filter((worker) => worker.group === group).map(({ slack }) => slack))
  }

  get workers(): WorkerTask[] {
    return this.#tasks.filter((task) => task instanceof WorkerTask)
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
    if (!(task instanceof ProducerTask)) this.#pastAssignments += task.assignments
    return task
  }
}

function taskOf(plan: ClientPlan, host: Host, inc: string, surroundings: Surroundings): Task {
  if (plan.role === 'producer') return new ProducerTask(host, inc, plan, surroundings)
  if (plan.role === 'worker') return new WorkerTask(host, inc, plan, surroundings)
  return new ConsumerTask(host, inc, plan, surroundings)
}
