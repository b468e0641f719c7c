import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrokerOptions } from '@samsa/broker'
import { coordinatorPartition } from '@samsa/protocol'
import { atTheEnd } from './at-the-end.ts'
import type { ControlledCluster, ControlledNode, Coordinated, UncleanElection } from './controlled-cluster.ts'
import { NotPossible } from './controlled-cluster.ts'
import type { ProcessState } from './node-process.ts'
import { NodeProcess } from './node-process.ts'
import { freePorts } from './ports.ts'
import type { Order } from './samsa-program.ts'
import { SmallDisk } from './small-disk.ts'
import { waitUntil } from './wait-until.ts'
import { WireCluster } from './wire-cluster.ts'

const PROGRAM = fileURLToPath(new URL('./samsa-program.js', import.meta.url))
const MOVE_LIMIT_MS = 10_000
const OFFSETS_TOPIC = '__consumer_offsets'

interface SamsaOptions {
  /** Listeners of the one process, with the leaders spread over them. Default 3. */
  readonly nodes?: number
  /** Of the disk for the data directory, in MiB; left out: an ordinary directory. */
  readonly diskMegabytes?: number
  /** Other settings of the broker. */
  readonly settings?: Partial<BrokerOptions>
}

/**
 * Starts our broker as a process of its own with a data directory.
 * @throws NotPossible when the disk is to be limited and this machine does not allow it
 */
export async function controlSamsa(options: SamsaOptions = {}): Promise<ControlledCluster> {
  const ports = await freePorts(options.nodes ?? 3)
  const disk = options.diskMegabytes === undefined ? undefined : new SmallDisk(options.diskMegabytes)
  const cluster = new SamsaCluster(ports, disk, options.settings ?? {})
  try {
    await cluster.start()
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

class SamsaCluster extends WireCluster implements ControlledCluster {
  readonly kind = 'samsa'
  readonly nodes: readonly ControlledNode[]
  readonly #process: NodeProcess
  readonly #disk: SmallDisk | undefined
  #isFull = false
  readonly #directory = mkdtempSync(join(tmpdir(), 'samsa-broker-'))
  readonly #forget = atTheEnd(() => rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 }))

  constructor(ports: readonly number[], disk: SmallDisk | undefined, settings: Partial<BrokerOptions>) {
    super()
    this.#disk = disk
    const given: Partial<BrokerOptions> = {
      numPartitions: 3,
      messageMaxBytes: 25_000_000,
      ...settings,
      brokers: ports.length,
      port: ports[0] as number,
      dataDirectory: join(disk?.directory ?? this.#directory, 'data'),
    }
    this.#process = new NodeProcess({
      name: "samsa's broker",
      command: process.execPath,
      args: ['--enable-source-maps', PROGRAM, JSON.stringify(given)],
      log: join(this.#directory, 'broker.log'),
      ready: 'listens on',
      takesOrders: true,
    })
    this.nodes = ports.map((port, index) => new SamsaNode(index + 1, port, this.#process))
  }

  start(): Promise<void> {
    return this.#process.start()
  }

  async moveLeader(topic: string, partition: number, node: number): Promise<void> {
    const order: Omit<Order, 'id'> = { topic, partition, node }
    await this.#process.order(order)
    await waitUntil(`node ${node} leads ${topic}-${partition}`, MOVE_LIMIT_MS, async () => {
      const leader = await this.leaderOf(topic, partition)
      return leader === node ? undefined : `node ${leader} does`
    })
  }

  async moveCoordinator(key: string, kind: Coordinated = 'group'): Promise<number> {
    if (kind !== 'group') throw new NotPossible('the broker has no transactions')
    const from = await this.coordinatorOf(key)
    const to = this.nodes.find(({ id }) => id !== from)
    if (!to) throw new NotPossible('there is no other node')
    const partition = coordinatorPartition(key, await this.partitionsOf(OFFSETS_TOPIC))
    await this.moveLeader(OFFSETS_TOPIC, partition, to.id)
    return to.id
  }

  electUnclean(): Promise<UncleanElection> {
    return Promise.reject(new NotPossible('the broker has no replication: every partition has one replica'))
  }

  setQuota(): Promise<void> {
    return Promise.reject(new NotPossible('the broker has no quotas'))
  }

  async fillDisk(): Promise<void> {
    this.#limited.fill()
    this.#isFull = true
  }

  /** A log that could not be written to refuses everything until it is opened anew. */
  async freeDisk(): Promise<void> {
    this.#limited.free()
    if (!this.#isFull) return
    this.#isFull = false
    await this.#process.stop()
    await this.#process.start()
  }

  get #limited(): SmallDisk {
    if (!this.#disk) throw new NotPossible('its disk is not limited; start it with diskMegabytes')
    return this.#disk
  }

  async stop(): Promise<void> {
    await this.#process.kill9()
    this.#disk?.unmount()
    rmSync(this.#directory, { recursive: true, force: true })
    this.#forget()
  }
}

/** A listener; all of them share the process. */
class SamsaNode implements ControlledNode {
  readonly id: number
  readonly port: number
  readonly #process: NodeProcess

  constructor(id: number, port: number, process: NodeProcess) {
    this.id = id
    this.port = port
    this.#process = process
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get state(): ProcessState {
    return this.#process.state
  }

  kill9(): Promise<void> {
    return this.#process.kill9()
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }

  start(): Promise<void> {
    return this.#process.start()
  }

  freeze(): void {
    this.#process.freeze()
  }

  thaw(): void {
    this.#process.thaw()
  }
}
