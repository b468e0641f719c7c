import { spawn } from 'node:child_process'
import type { ClientName } from './clients.ts'
import { clients } from './clients.ts'
import type { DriverOptions } from './options.ts'
import { flagOf } from './options.ts'

/** A driver ends by itself so long after it was told to; then it is killed. Milliseconds. */
const STOP_LIMIT_MS = 35_000
const MOST_SAID = 100_000

export interface DriverOrder extends Partial<Omit<DriverOptions, 'topics' | 'from' | 'to'>> {
  client: ClientName
  role: DriverOptions['role']
  bootstrapServers: string
  run: string
  who: string
  /** Where the history is written; it is appended to. */
  history: string
  /** `name:partitions`, several with commas. */
  topics?: string
  from?: string
  to?: string
}

export interface RunningDriver {
  readonly pid: number | undefined
  /** The file of its history. */
  readonly history: string
  /** Ends it in order; the history is whole when `done` resolves. */
  stop(): Promise<Ended>
  /** As a power cut of the process: what it had not written down yet is lost. */
  kill9(): void
  /** SIGSTOP and SIGCONT. */
  freeze(): void
  thaw(): void
  /** Never rejects. */
  readonly done: Promise<Ended>
}

export interface Ended {
  /** 0 done, 1 failed, 2 wrong arguments, 3 role not possible with this client; null after a kill. */
  exitCode: number | null
  /** The driver's last line; undefined when it could not say it. */
  summary: Record<string, unknown> | undefined
  /** The end of what it said on stderr. */
  complaints: string
}

/** A driver must not outlive who started it. */
const running = new Set<() => void>()
const killAll = () => {
  for (const kill of running) kill()
}

/** Starts a driver in a process of its own; what it needs is installed or compiled before. */
export async function startDriver(order: DriverOrder): Promise<RunningDriver> {
  const { client, role, ...options } = order
  const { program, args, env } = await clients[client].prepare()
  const flags = Object.entries(options).flatMap(([key, value]) => [flagOf(key), String(value)])
  const child = spawn(program, [...args, role, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let said = ''
  let complaints = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-MOST_SAID)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk).slice(-MOST_SAID)
  })
  const killNow = () => child.kill('SIGKILL')
  if (running.size === 0) process.once('exit', killAll)
  running.add(killNow)
  const done = new Promise<Ended>((resolve) => {
    const end = (exitCode: number | null, more = '') => {
      running.delete(killNow)
      if (running.size === 0) process.removeListener('exit', killAll)
      resolve({ exitCode, summary: lastLine(said), complaints: complaints + more })
    }
    child.once('error', (error) => end(null, error.message))
    child.once('close', (code) => end(code))
  })
  return {
    pid: child.pid,
    history: order.history,
    done,
    async stop() {
      child.kill('SIGTERM')
      const tooLong = setTimeout(killNow, STOP_LIMIT_MS)
      const ended = await done
      clearTimeout(tooLong)
      return ended
    },
    kill9: () => void killNow(),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  }
}

function lastLine(said: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(said.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  } catch {
    return undefined
  }
}
