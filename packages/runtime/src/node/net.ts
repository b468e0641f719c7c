import * as net from 'node:net'
import * as tls from 'node:tls'
import { formatAddress } from '../address.ts'
import type { DialTarget, Listener, ListenTarget, Sink, Transport } from '../runtime.ts'
import { NetworkError } from '../runtime.ts'
import { deliver, Inlet } from './inlet.ts'

const KEEP_ALIVE_MS = 30_000
/** Pieces below this are joined before they are written: each piece of a vectored write costs more than its copy. */
const JOIN_BELOW_BYTES = 4096
/** setTimeout takes 31 bits and would fire a longer wait at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1
/** How long an orderly close waits for the other side. */
const CLOSE_LIMIT_MS = 5000

/** Opens a TCP or TLS connection to one address. */
export function dial(target: DialTarget): Promise<Transport> {
  const { host, port, timeoutMs, signal } = target
  const address = formatAddress(host, port)
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const inlet = target.tls ? undefined : new Inlet()
    // The types name `onread` for net.connect only, which hands it to this constructor.
    const reading: net.ConnectOpts = inlet ? { onread: inlet } : {}
    const socket = new net.Socket(reading as net.SocketConstructorOpts)
    let secure: tls.TLSSocket | undefined
    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.removeListener('error', fail)
      secure?.removeListener('error', fail)
    }
    const give = (error: unknown) => {
      settle()
      socket.on('error', () => {})
      secure?.on('error', () => {})
      ;(secure ?? socket).destroy()
      reject(error)
    }
    const abort = () => give(signal?.reason)
    const fail = (error: NodeJS.ErrnoException) =>
      give(failure(secure ? 'handshake' : 'connect', address, error))
    const timer = setTimeout(
      () => {
        const what = secure ? 'the TLS handshake' : 'the connection'
        const why = `${what} to ${address} took longer than ${Math.round(timeoutMs)} ms`
        give(new NetworkError('timeout', 'ETIMEDOUT', address, why))
      },
      Math.min(timeoutMs, LONGEST_TIMEOUT_MS),
    )
    signal?.addEventListener('abort', abort)
    socket.on('error', fail)
    socket.connect(
      { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      () => {
        if (!target.tls) {
          settle()
          resolve(new SocketTransport(socket, address, inlet))
          return
        }
        const { servername, ca, ...rest } = target.tls
        // A name, not an address, may go into the handshake (RFC 6066).
        const name = servername && net.isIP(servername) === 0 ? { servername } : {}
        try {
          secure = tls.connect({
            ...rest,
            ...name,
            ...(ca ? { ca: [ca].flat() } : {}),
            socket,
            ...identity(servername),
          })
        } catch (error) {
          // A certificate or key that cannot be read; nobody else would catch it here.
          give(failure('handshake', address, error as NodeJS.ErrnoException))
          return
        }
        secure.on('error', fail)
        secure.once('secureConnect', () => {
          settle()
          resolve(new SocketTransport(secure as tls.TLSSocket, address))
        })
      },
    )
  })
}

/** Where the certificate must be valid for an address, node:tls would check the name it was not given. */
function identity(servername: string | undefined): tls.ConnectionOptions {
  if (!servername || net.isIP(servername) === 0) return {}
  return { checkServerIdentity: (_, certificate) => tls.checkServerIdentity(servername, certificate) }
}

/** Listens for TCP or TLS connections. */
export function listen(target: ListenTarget, accept: (transport: Transport) => void): Promise<Listener> {
  const { host, port } = target
  const take = (socket: net.Socket) => {
    socket.setNoDelay(true)
    accept(new SocketTransport(socket, formatAddress(socket.remoteAddress ?? '?', socket.remotePort ?? 0)))
  }
  const { ca, servername: _, ...rest } = target.tls ?? {}
  const server = target.tls
    ? tls.createServer({ ...rest, ...(ca ? { ca: [ca].flat() } : {}) }, take)
    : net.createServer({ noDelay: true }, take)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? ''
      const address = formatAddress(host, port)
      reject(new NetworkError('listen', code, address, notListening(host, port, error), { cause: error }))
    })
    server.listen({ host, port }, () => {
      server.removeAllListeners('error')
      server.on('error', () => {})
      const bound = server.address() as net.AddressInfo
      resolve({
        host,
        port: bound.port,
        close: () => new Promise((closed) => server.close(() => closed())),
      })
    })
  })
}

/** Why nobody can listen there, with what to change. */
function notListening(host: string, port: number, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken by another program; choose another port, or 0 for any free one`
    case 'EACCES':
      return `this user may not listen on port ${port} of ${host}; choose one above 1023`
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine (${code}); listen on one of its own, or on 0.0.0.0 for all`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} is not known (${code}); listen on an address of this machine`
    default:
      return `cannot listen on ${formatAddress(host, port)} (${message})`
  }
}

class SocketTransport implements Transport {
  readonly remote: string
  readonly local: string
  readonly #socket: net.Socket
  readonly #inlet: Inlet | undefined
  #sink: Sink | undefined
  #written = 0
  #over = false

  /** @param inlet what the socket reads into; without it the socket gives `data` events */
  constructor(socket: net.Socket, remote: string, inlet?: Inlet) {
    this.#socket = socket
    this.#inlet = inlet
    this.remote = remote
    this.local = formatAddress(socket.localAddress ?? '?', socket.localPort ?? 0)
    // An error always comes with 'close', where it is reported; without a listener it would end the process.
    let cause: NetworkError | undefined
    socket.on('error', (error: NodeJS.ErrnoException) => {
      cause ??= failure(error.syscall === 'write' ? 'write' : 'read', remote, error)
    })
    socket.on('close', () => {
      this.#over = true
      this.#sink?.ended(cause)
    })
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  get sentBytes(): number {
    return this.#written - this.#socket.writableLength
  }

  attach(sink: Sink): void {
    this.#sink = sink
    if (this.#inlet) this.#inlet.attach(sink)
    else this.#socket.on('data', (chunk: Uint8Array) => deliver(sink, chunk))
    this.#socket.on('drain', () => sink.drained())
    this.#socket.on('end', () => this.#socket.end())
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.#over || this.#socket.destroyed || this.#socket.writableEnded) return false
    for (const piece of pieces) this.#written += piece.length
    if (pieces.length === 1) return this.#socket.write(pieces[0] as Uint8Array)
    this.#socket.cork()
    let roomy = true
    for (const piece of joined(pieces)) roomy = this.#socket.write(piece)
    this.#socket.uncork()
    return roomy
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    if (this.#over) return
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_LIMIT_MS)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** The same bytes with runs of small pieces made into one. */
function joined(pieces: readonly Uint8Array[]): Uint8Array[] {
  const result: Uint8Array[] = []
  let run: Uint8Array[] = []
  const flush = () => {
    if (run.length > 0) result.push(run.length === 1 ? (run[0] as Uint8Array) : Buffer.concat(run))
    run = []
  }
  for (const piece of pieces) {
    if (piece.length < JOIN_BELOW_BYTES) run.push(piece)
    else {
      flush()
      result.push(piece)
    }
  }
  flush()
  return result
}

function failure(stage: NetworkError['stage'], address: string, error: NodeJS.ErrnoException): NetworkError {
  return new NetworkError(stage, error.code ?? '', address, `${address}: ${error.message}`, { cause: error })
}
