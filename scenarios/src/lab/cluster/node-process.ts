import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { atTheEnd } from './at-the-end.ts'
import { delay } from './surroundings.ts'

const START_LIMIT_MS = 120_000
const STOP_LIMIT_MS = 20_000
const ANSWER_LIMIT_MS = 10_000
/** How much of what it said goes into the error of a process that does not start. */
const MOST_SHOWN = 2000

/** A program that is started again and again. */
interface Program {
  /** As people call it. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The file that gets everything it says. */
  readonly log: string
  /** What it says when it is ready. */
  readonly ready: string
  /** Whether it takes orders over Node's channel between processes. */
  readonly takesOrders?: boolean
}

export type ProcessState = 'up' | 'down' | 'starting' | 'frozen'

/** What a program that takes orders says to one. */
export interface Answer {
  readonly id: number
  readonly error?: string
}

/** A process under control: it can be killed, stopped, frozen and started again, and never outlives this one. */
export class NodeProcess {
  readonly #program: Program
  #child: ChildProcess | undefined
  #isFrozen = false
  #starting: Promise<void> | undefined
  #orders = 0
  #forget: (() => void) | undefined

  constructor(program: Program) {
    this.#program = program
  }

  /** undefined while it is down. */
  get pid(): number | undefined {
    return this.#alive?.pid
  }

  get state(): ProcessState {
    if (!this.#alive) return 'down'
    if (this.#starting) return 'starting'
    return this.#isFrozen ? 'frozen' : 'up'
  }

  get #alive(): ChildProcess | undefined {
    const child = this.#child
    return child && child.exitCode === null && child.signalCode === null ? child : undefined
  }

  /**
   * Starts it and waits until it says that it is ready; nothing happens when it runs.
   * @throws Error with the end of what it said when it ends or is not ready within two minutes
   */
  async start(): Promise<void> {
    if (this.#alive && !this.#starting) return
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined))
    await this.#starting
  }

  async #start(): Promise<void> {
    const { name, command, args, log, ready, takesOrders = false } = this.#program
    const before = existsSync(log) ? statSync(log).size : 0
    const output = openSync(log, 'a')
    const child = spawn(command, args, {
      stdio: ['ignore', output, output, ...(takesOrders ? (['ipc'] as const) : [])],
    })
    closeSync(output)
    child.on('error', () => {})
    this.#child = child
    this.#isFrozen = false
    this.#forget ??= atTheEnd(() => this.#child?.kill('SIGKILL'))
    const deadline = performance.now() + START_LIMIT_MS
    for (;;) {
      const said = textFrom(log, before)
      if (said.includes(ready)) return
      if (child !== this.#alive || child.pid === undefined) {
        throw new Error(`${name} ended while starting:\n${said.slice(-MOST_SHOWN)}`)
      }
      if (performance.now() > deadline) {
        await this.kill9()
        throw new Error(`${name} did not start in ${START_LIMIT_MS} ms:\n${said.slice(-MOST_SHOWN)}`)
      }
      await delay(50)
    }
  }

  /** Hard, by SIGKILL. */
  async kill9(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** In order, by SIGTERM; by SIGKILL when that takes longer than 20 s. */
  async stop(): Promise<void> {
    this.thaw()
    await this.#end('SIGTERM')
  }

  /** By SIGSTOP: its connections stay open and nobody answers. */
  freeze(): void {
    const child = this.#alive
    if (!child) throw new Error(`${this.#program.name} is down and cannot be frozen`)
    child.kill('SIGSTOP')
    this.#isFrozen = true
  }

  /** By SIGCONT; nothing happens when it is not frozen. */
  thaw(): void {
    if (!this.#isFrozen) return
    this.#isFrozen = false
    this.#alive?.kill('SIGCONT')
  }

  /**
   * Has it carry something out.
   * @throws Error when it refuses, is not there or says nothing within 10 s
   */
  order(what: object): Promise<void> {
    const child = this.#alive
    const { name } = this.#program
    if (!child?.connected) return Promise.reject(new Error(`${name} is down and takes no orders`))
    const id = ++this.#orders
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => {
        clearTimeout(limit)
        child.off('message', take)
        child.off('exit', gone)
        if (error) reject(error)
        else resolve()
      }
      const take = (answer: Answer) => {
        if (answer.id === id)
          end(answer.error === undefined ? undefined : new Error(`${name}: ${answer.error}`))
      }
      const gone = () => end(new Error(`${name} ended before it answered`))
      const limit = setTimeout(() => end(new Error(`${name} did not answer in time`)), ANSWER_LIMIT_MS)
      child.on('message', take)
      child.once('exit', gone)
      child.send({ ...what, id }, (error) => {
        if (error) end(error)
      })
    })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#alive
    if (child) {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill(signal)
      const tooLong = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
      await ended
      clearTimeout(tooLong)
    }
    this.#child = undefined
    this.#isFrozen = false
    this.#forget?.()
    this.#forget = undefined
  }
}

/** What a file holds from a place on. */
function textFrom(file: string, start: number): string {
  const bytes = Buffer.alloc(Math.max(0, statSync(file).size - start))
  const descriptor = openSync(file, 'r')
  try {
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, start))
  } finally {
    closeSync(descriptor)
  }
}
