import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { goProgram } from '../../foreign/tools.ts'
import { repository } from '../cluster/surroundings.ts'

const SOURCE = join(repository, 'scenarios/src/lab/judge/kfake')
const ANSWER_LIMIT_MS = 40_000

/** What a request to produce has met with. */
export interface Fate {
  /** e.g. `hangs` or `refused`. */
  readonly fate: string
  readonly partition: number
  /** With `refused`: Kafka's name of the error. */
  readonly code?: string
}

export interface FakeOptions {
  readonly seed: number
  readonly topic: string
  readonly partitions: number
  /** After which the client gives a request up: some come later than that. */
  readonly requestTimeoutMs: number
  /** As Kafka 4.5, which takes no first sequence but 0 into an empty log (KAFKA-15591); else as 4.2. */
  readonly isNewest: boolean
}

interface Told {
  readonly bootstrapServers?: readonly string[]
  readonly held?: readonly (readonly string[] | null)[]
  readonly fate?: string
}

/** franz-go's fake cluster in a process of its own; what becomes of first requests is drawn from the seed. */
export class FakeKafka {
  readonly fates: Fate[] = []
  readonly #child: ChildProcess
  readonly #waiting: ((told: Told) => void)[] = []
  #bootstrapServers = ''

  static async start(options: FakeOptions): Promise<FakeKafka> {
    const { seed, topic, partitions, requestTimeoutMs, isNewest } = options
    const program = await goProgram(SOURCE, 'kfake-judge')
    const numbers = ['-seed', `${seed}`, '-partitions', `${partitions}`]
    const named = ['-topic', topic, '-request-timeout', `${requestTimeoutMs}ms`]
    const fake = new FakeKafka(program, [...numbers, ...named, `-newest=${isNewest}`])
    const { bootstrapServers = [] } = await fake.#next()
    fake.#bootstrapServers = bootstrapServers.join(',')
    return fake
  }

  private constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child.stdin?.on('error', () => {})
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })
    lines.on('line', (line) => {
      const told = JSON.parse(line) as Told
      if (told.fate !== undefined) this.fates.push(told as Fate)
      else this.#waiting.shift()?.(told)
    })
  }

  get bootstrapServers(): string {
    return this.#bootstrapServers
  }

  /** The values of each partition, in the order of the log, as franz-go's client reads them. */
  async read(): Promise<readonly (readonly string[])[]> {
    this.#child.stdin?.write('read\n')
    const { held = [] } = await this.#next()
    return held.map((values) => values ?? [])
  }

  stop(): void {
    this.#child.kill('SIGKILL')
  }

  #next(): Promise<Told> {
    return new Promise((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`kfake's program ${what}`))
      const ended = (code: number | null) => fail(`ended with ${code}`)
      const limit = setTimeout(() => fail(`said nothing for ${ANSWER_LIMIT_MS} ms`), ANSWER_LIMIT_MS)
      this.#child.once('close', ended)
      this.#child.once('error', (error) => fail(`could not be started: ${error.message}`))
      this.#waiting.push((told) => {
        clearTimeout(limit)
        this.#child.removeListener('close', ended)
        resolve(told)
      })
    })
  }
}
