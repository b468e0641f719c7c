import { readFileSync } from 'node:fs'

/** What a peer's program is told to do; as JSON in its one argument. The Go and Python peers read the same. */
export interface Order {
  workload: Workload
  /** How samsa's consumer is read: record by record, or by `poll`. */
  reading: 'each' | 'poll'
  bootstrapServers: string
  topic: string
  /** Another filled topic, which a consumer of its own reads before the clock runs. */
  warmTopic: string
  /** Begin of the names of the groups, unique to this run. */
  group: string
  messages: number
  /** Done before the clock runs. */
  warmMessages: number
  /** Values one after the other, each of `valueSize` bytes. */
  valuesFile: string
  valueSize: number
  /** Sends that are awaited at the same time. */
  window: number
  lingerMs: number
  batchSize: number
  idempotence: boolean
  fetchMinBytes: number
  fetchMaxWaitMs: number
  fetchMaxBytes: number
  partitionBytes: number
  /** Where the packages of a JavaScript peer are installed. */
  home: string
}

export type Workload = 'produce' | 'produce-awaited' | 'consume'

/** What a peer's program prints, as one line of JSON. */
export interface Result {
  /** User and system time of the process between the marks. */
  cpuNs: number
  wallNs: number
  /** Name and version of the client. */
  client: string
  runtime: string
}

/** A client as the bench drives it. Every step fails loudly: a run with an error is void. */
export interface Driver {
  client: string
  producer(order: Order): Promise<DriverProducer>
  /** Reads exactly `count` records of a group of one from the topic's start; gives what closes the consumer. */
  consume(order: Order, topic: string, count: number): Promise<() => Promise<unknown>>
}

export interface DriverProducer {
  /** In the way the client is fastest. */
  send(values: readonly Buffer[], count: number): Promise<void>
  /** One record, awaited. */
  sendOne(value: Buffer): Promise<unknown>
  close(): Promise<unknown>
}

/** Counts what a consumer reads. */
export class Tally {
  #seen = 0
  readonly #wanted: number
  readonly #valueSize: number
  readonly done: Promise<void>
  #resolve: () => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(wanted: number, valueSize: number) {
    this.#wanted = wanted
    this.#valueSize = valueSize
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Counts a value; true when it was the last one. */
  add(value: Uint8Array | null): boolean {
    const length = value?.length ?? -1
    if (length !== this.#valueSize) this.#reject(new Error(`a value has ${length} bytes`))
    this.#seen++
    if (this.#seen < this.#wanted) return false
    if (this.#seen === this.#wanted) this.#resolve()
    else this.#reject(new Error(`more than ${this.#wanted} records were read`))
    return true
  }
}

/** Runs the order in this process's argument and prints what it cost. */
export async function drive(driver: Driver): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '') as Order
  const isProducing = order.workload.startsWith('produce')
  const cost = await (isProducing ? produce(driver, order) : consume(driver, order))
  const result: Result = { ...cost, client: driver.client, runtime: `Node ${process.versions.node}` }
  // Some clients leave handles open; what counts is over.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
}

type Cost = Pick<Result, 'cpuNs' | 'wallNs'>

async function produce(driver: Driver, order: Order): Promise<Cost> {
  const values = valuesOf(order)
  const producer = await driver.producer(order)
  const send = (count: number) =>
    order.workload === 'produce' ? producer.send(values, count) : awaited(producer, values, count, order)
  await send(order.warmMessages)
  const cost = clock()
  await send(order.messages)
  const spent = cost()
  await producer.close()
  return spent
}

/** So many sends at a time, each awaited by itself. */
async function awaited(producer: DriverProducer, values: readonly Buffer[], count: number, order: Order) {
  let next = 0
  const worker = async () => {
    while (next < count) await producer.sendOne(values[next++ % values.length] as Buffer)
  }
  await Promise.all(Array.from({ length: Math.min(order.window, count) }, worker))
}

async function consume(driver: Driver, order: Order): Promise<Cost> {
  const closeWarm = await driver.consume(order, order.warmTopic, order.warmMessages)
  await closeWarm()
  // Before the consumer exists, so that what it fetches ahead is counted.
  const cost = clock()
  const close = await driver.consume(order, order.topic, order.messages)
  const spent = cost()
  await close()
  return spent
}

function valuesOf({ valuesFile, valueSize }: Order): Buffer[] {
  const all = readFileSync(valuesFile)
  const values: Buffer[] = []
  for (let at = 0; at + valueSize <= all.length; at += valueSize)
    values.push(all.subarray(at, at + valueSize))
  return values
}

function clock(): () => Cost {
  const cpu = process.cpuUsage()
  const wall = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { cpuNs: (user + system) * 1000, wallNs: Math.round((performance.now() - wall) * 1e6) }
  }
}
