import type { ControlledCluster, ControlledNode } from './controlled-cluster.ts'
import { NotPossible } from './controlled-cluster.ts'
import type { ProcessState } from './node-process.ts'
import type { Clock } from './run-schedule.ts'

const START_MS = 1000

/** Time that passes only when somebody waits. */
class FakeClock implements Clock {
  #now = 0

  now(): number {
    return this.#now
  }

  async sleep(ms: number): Promise<void> {
    this.#now += ms
  }
}

/** A cluster that does nothing but write down, with the time, what it was told to do. */
export class FakeCluster implements ControlledCluster {
  readonly kind = 'kafka'
  readonly bootstrapServers = ''
  readonly told: string[] = []
  readonly nodes: readonly FakeNode[]
  readonly clock = new FakeClock()
  /** Nodes that will not start. */
  readonly broken = new Set<number>()

  constructor(processes = 3) {
    this.nodes = [1, 2, 3].map((id) => new FakeNode(id, Math.min(id, processes), this))
  }

  tell(what: string): void {
    this.told.push(`${this.clock.now()} ${what}`)
  }

  async createTopic(): Promise<void> {}
  async deleteTopic(): Promise<void> {}
  async recreateTopic(name: string): Promise<void> {
    this.tell(`recreate ${name}`)
  }
  async addPartitions(name: string, total: number): Promise<void> {
    this.tell(`${name} to ${total}`)
  }
  async partitionsOf(): Promise<number> {
    return 4
  }
  async leaderOf(_topic: string, partition: number): Promise<number> {
    return (partition % 3) + 1
  }
  async moveLeader(topic: string, partition: number, node: number): Promise<void> {
    this.tell(`move ${topic}-${partition} to ${node}`)
  }
  async coordinatorOf(): Promise<number> {
    return 1
  }
  async moveCoordinator(): Promise<number> {
    return 2
  }
  async endOffset(): Promise<number> {
    return 0
  }
  async electUnclean(): Promise<never> {
    throw new NotPossible('it has no replicas')
  }
  async setQuota(): Promise<void> {}
  async fillDisk(node?: number): Promise<void> {
    this.tell(`fill ${node}`)
  }
  async freeDisk(): Promise<void> {
    this.tell('free')
  }
  async waitUntilLed(): Promise<number> {
    return 0
  }
  async waitUntilInSync(): Promise<number> {
    return 0
  }
  async stop(): Promise<void> {}
}

class FakeNode implements ControlledNode {
  readonly id: number
  readonly port = 0
  readonly #process: number
  readonly #cluster: FakeCluster
  state: ProcessState = 'up'

  constructor(id: number, process: number, cluster: FakeCluster) {
    this.id = id
    this.#process = process
    this.#cluster = cluster
  }

  get pid(): number | undefined {
    return this.state === 'down' ? undefined : this.#process
  }

  async kill9(): Promise<void> {
    this.state = 'down'
    this.#cluster.tell(`kill ${this.id}`)
  }

  async stop(): Promise<void> {
    this.state = 'down'
    this.#cluster.tell(`stop ${this.id}`)
  }

  async start(): Promise<void> {
    if (this.state !== 'down') return
    if (this.#cluster.broken.has(this.id)) throw new Error(`node ${this.id} does not start`)
    await this.#cluster.clock.sleep(START_MS)
    this.state = 'up'
    this.#cluster.tell(`start ${this.id}`)
  }

  freeze(): void {
    this.state = 'frozen'
    this.#cluster.tell(`freeze ${this.id}`)
  }

  thaw(): void {
    if (this.state !== 'frozen') return
    this.state = 'up'
    this.#cluster.tell(`thaw ${this.id}`)
  }
}
