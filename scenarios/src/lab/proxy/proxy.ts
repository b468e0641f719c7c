import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { Random } from '@samsa/runtime'
import type { ProxyEvent } from './core.ts'
import { ProxyCore } from './core.ts'
import type { FaultRule } from './fault.ts'
import { Fault, hiddenFrames, ProxyError } from './fault.ts'
import type { Effect, Side } from './state.ts'
import type { TraceEntry } from './trace.ts'
import { traceText } from './trace.ts'

export interface ProxyOptions {
  /** Of the cluster itself. */
  readonly bootstrapServers: string
  /** From it come jitter, chances and times drawn from a range. */
  readonly seed: number
  /** Entries that the trace keeps. Default 2000; 0 keeps none. */
  readonly trace?: number
  /** Where it listens, and what clients are told as the host of every broker. Default 127.0.0.1. */
  readonly host?: string
  /** The ports for `bootstrapServers`, in their order, where brokers advertise them. Default: free ones. */
  readonly listenPorts?: readonly number[]
  /** The cluster speaks TLS: addresses cannot be rewritten, so the brokers advertise the proxy, and faults of frames are refused. */
  readonly tls?: boolean
}

/** A fault that was injected. */
export interface InjectedFault {
  /** How many frames or connections it has met. */
  readonly hits: number
  readonly isOver: boolean
  /** Whether it keeps a frame back at this moment. */
  readonly isHolding: boolean
  /** Lets go of what it holds back; it stays for others. */
  release(): void
  /** Ends it. */
  heal(): void
  /**
   * Resolves when it has met so many. Default 1, within 30 s.
   * @throws ProxyError PROXY_TIMEOUT with the last of the trace, or why it can never be met
   */
  hit(options?: { readonly count?: number; readonly timeoutMs?: number }): Promise<void>
  /** One line for people. */
  toString(): string
}

const HIT_LIMIT_MS = 30_000
/** What is still unsent when a side is to be reset gets this long. Milliseconds. */
const FLUSH_LIMIT_MS = 2_000
/** Times that a port that was closed for a while is tried again, and how long in between. */
const LISTEN_TRIES = 20
const LISTEN_RETRY_MS = 100
const TRACE_SHOWN = 40

/** One client's way to every broker of a cluster. */
export class FaultProxy {
  readonly #core: ProxyCore
  readonly #host: string
  readonly #sockets = new Map<number, { readonly [side in Side]: Socket | undefined }>()
  readonly #servers = new Map<string, Server>()
  readonly #ports = new Map<string, number>()
  readonly #bootstrap: readonly string[]
  readonly #isTls: boolean
  /** Told after every step. */
  readonly #watchers = new Set<() => void>()
  readonly #queue: ProxyEvent[] = []
  #isStepping = false
  #timer: { readonly at: number; readonly handle: NodeJS.Timeout } | undefined
  #connectionCount = 0
  #faultCount = 0
  #isClosed = false

  constructor(options: ProxyOptions) {
    const { bootstrapServers, seed, trace = 2000, host = '127.0.0.1', tls = false } = options
    this.#host = host
    this.#isTls = tls
    this.#bootstrap = bootstrapServers.split(',').map((address) => address.trim())
    const random = new Random(`proxy ${seed}`)
    this.#core = new ProxyCore({ host, random, traceLimit: trace, isTls: tls })
  }

  /** Opens the listeners of the bootstrap servers. */
  async listen(ports: readonly number[] = []): Promise<void> {
    this.#bootstrap.forEach((address, index) => {
      this.#carryOut(this.#core.listen(address, ports[index]))
    })
    await this.#until(
      () => this.#bootstrap.every((address) => this.#ports.has(address)),
      HIT_LIMIT_MS,
      () => new ProxyError('PROXY_TIMEOUT', 'the listeners of the bootstrap servers could not be opened'),
    )
  }

  /** What the client is given. */
  get bootstrapServers(): string {
    return this.#bootstrap.map((address) => `${this.#host}:${this.#ports.get(address)}`).join(',')
  }

  /** Where a broker is found here; undefined while no answer has named it. */
  portOf(address: string): number | undefined {
    return this.#ports.get(address)
  }

  /** Connections that are under way. */
  get connections(): number {
    return this.#core.connections
  }

  /**
   * Begins a fault; it ends by its count, its time, or `heal`.
   *
   *   const lost = proxy.inject({ api: 'Produce', action: 'drop', nth: 3 })
   *   await lost.hit()
   *
   * @throws ProxyError PROXY_FAULT for a rule that makes no sense, PROXY_FRAMES_HIDDEN where TLS hides the frames
   */
  inject(rule: FaultRule): InjectedFault {
    const fault = new Fault(++this.#faultCount, rule)
    if (fault.level === 'frames' && (this.#isTls || this.#core.isHidden)) throw hiddenFrames(rule)
    this.#step({ kind: 'inject', fault })
    return this.#handle(fault)
  }

  /** Ends every fault. What was held is let go; what was late is delivered now. */
  heal(): void {
    this.#step({ kind: 'heal' })
  }

  /** Resets every connection. */
  cutAll(): void {
    this.#step({ kind: 'cutAll' })
  }

  /** The last frames and events, oldest first. */
  trace(): readonly TraceEntry[] {
    return this.#core.trace
  }

  /** The last of the trace for people, a line each; with `isFull` the fields of each frame. */
  traceText(last = TRACE_SHOWN, isFull = false): string {
    return traceText(this.#core.trace.slice(-last), isFull)
  }

  /** How often each fault has met something. */
  counts(): readonly { readonly fault: string; readonly hits: number }[] {
    return this.#core.faults.map((fault) => ({ fault: String(fault), hits: fault.hits }))
  }

  /** Ends all connections and stops listening. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer?.handle)
    const closed = [...this.#servers.values()].map(
      (server) => new Promise((resolve) => server.close(resolve)),
    )
    for (const { client, server } of this.#sockets.values()) {
      client?.destroy()
      server?.destroy()
    }
    for (const watch of this.#watchers) watch()
    await Promise.all(closed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #handle(fault: Fault): InjectedFault {
    const core = this.#core
    const step = (event: ProxyEvent) => this.#step(event)
    return {
      get hits() {
        return fault.hits
      },
      get isOver() {
        return fault.isOver
      },
      get isHolding() {
        return core.isHolding(fault)
      },
      release: () => step({ kind: 'release', fault }),
      heal: () => step({ kind: 'heal', faults: [fault] }),
      hit: ({ count = 1, timeoutMs = HIT_LIMIT_MS } = {}) =>
        this.#until(
          () => {
            if (fault.hits >= count) return true
            if (fault.refusal) throw fault.refusal
            return false
          },
          timeoutMs,
          () => {
            const what = `${fault} has met ${fault.hits} of ${count} within ${timeoutMs} ms`
            return new ProxyError('PROXY_TIMEOUT', `${what}; ${fault.seen} matched\n${this.traceText()}`)
          },
        ),
      toString: () => String(fault),
    }
  }

  #until(isSo: () => boolean, timeoutMs: number, late: () => ProxyError): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(limit)
        this.#watchers.delete(watch)
        then()
      }
      const watch = () => {
        try {
          if (isSo()) settle(resolve)
          else if (this.#isClosed)
            settle(() => reject(new ProxyError('PROXY_CLOSED', 'the proxy was closed')))
        } catch (error) {
          settle(() => reject(error))
        }
      }
      const limit = setTimeout(() => settle(() => reject(late())), timeoutMs)
      this.#watchers.add(watch)
      watch()
    })
  }

  /** Events that come while effects are carried out follow in their turn. */
  #step(event: ProxyEvent): void {
    if (this.#isClosed) return
    this.#queue.push(event)
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
        this.#carryOut(this.#core.step(next, performance.now()))
    } finally {
      this.#isStepping = false
    }
    this.#arm()
    for (const watch of [...this.#watchers]) watch()
  }

  #arm(): void {
    const at = this.#core.wakeAt
    if (this.#timer?.at === at) return
    clearTimeout(this.#timer?.handle)
    this.#timer = undefined
    if (!Number.isFinite(at)) return
    const wait = Math.max(0, Math.min(Math.ceil(at - performance.now()), 2 ** 31 - 1))
    const handle = setTimeout(() => {
      this.#timer = undefined
      this.#step({ kind: 'tick' })
    }, wait)
    this.#timer = { at, handle }
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'listen') this.#open(effect.address, effect.port)
      else if (effect.kind === 'unlisten') this.#shut(effect.address)
      else if (effect.kind === 'connect') this.#connect(effect.connection, effect.address)
      else this.#onSocket(effect, this.#sockets.get(effect.connection)?.[effect.side])
    }
  }

  #onSocket(effect: Extract<Effect, { side: Side }>, socket: Socket | undefined): void {
    if (!socket || socket.destroyed) return
    const { connection, side } = effect
    switch (effect.kind) {
      case 'write':
        if (!socket.write(effect.bytes)) this.#step({ kind: 'full', connection, side })
        return
      case 'end':
        socket.end()
        return
      case 'pause':
        socket.pause()
        return
      case 'resume':
        socket.resume()
        return
      case 'destroy':
        destroy(socket, effect.isReset)
        return
    }
  }

  #accept(socket: Socket, address: string): void {
    const connection = ++this.#connectionCount
    this.#sockets.set(connection, { client: socket, server: undefined })
    this.#watch(socket, connection, 'client')
    this.#step({ kind: 'accepted', connection, address })
  }

  #connect(connection: number, address: string): void {
    const colon = address.lastIndexOf(':')
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
    const server = connect({
      host,
      port: Number(address.slice(colon + 1)),
      allowHalfOpen: true,
      noDelay: true,
    })
    const client = this.#sockets.get(connection)?.client
    this.#sockets.set(connection, { client, server })
    server.once('connect', () => this.#step({ kind: 'opened', connection }))
    this.#watch(server, connection, 'server')
  }

  #watch(socket: Socket, connection: number, side: Side): void {
    socket.on('data', (bytes: Buffer) => this.#step({ kind: 'bytes', connection, side, bytes }))
    socket.on('drain', () => this.#step({ kind: 'writable', connection, side }))
    socket.once('end', () => this.#step({ kind: 'ended', connection, side }))
    // What went wrong is of no interest: the connection is gone.
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#step({ kind: 'gone', connection, side })
      const pair = this.#sockets.get(connection)
      if ((pair?.client?.destroyed ?? true) && (pair?.server?.destroyed ?? true))
        this.#sockets.delete(connection)
    })
  }

  #open(address: string, port: number | undefined, tries = LISTEN_TRIES): void {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket, address),
    )
    this.#servers.set(address, server)
    server.once('error', () => {
      // Somebody else may have the port for a moment.
      if (tries === 0 || this.#servers.get(address) !== server) return
      setTimeout(() => {
        if (!this.#isClosed && this.#servers.get(address) === server) this.#open(address, port, tries - 1)
      }, LISTEN_RETRY_MS)
    })
    server.listen(port ?? 0, this.#host, () => {
      const { port: opened } = server.address() as { port: number }
      this.#ports.set(address, opened)
      this.#step({ kind: 'listening', address, port: opened })
    })
  }

  #shut(address: string): void {
    this.#servers.get(address)?.close()
    this.#servers.delete(address)
  }
}

/** What was written goes out first, unless nobody takes it. */
function destroy(socket: Socket, isReset: boolean): void {
  const end = () => {
    clearTimeout(limit)
    if (isReset) socket.resetAndDestroy()
    else socket.destroySoon()
  }
  const limit = setTimeout(end, FLUSH_LIMIT_MS)
  socket.pause()
  if (socket.connecting || socket.writableLength === 0) end()
  else socket.once('drain', end).once('close', () => clearTimeout(limit))
}

/** Starts a proxy for one client; brokers that answers name are added as they come. */
export async function startProxy(options: ProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options)
  try {
    await proxy.listen(options.listenPorts)
  } catch (error) {
    await proxy.close()
    throw error
  }
  return proxy
}
