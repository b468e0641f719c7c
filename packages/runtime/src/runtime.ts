/**
 * The world, behind one interface: clock, timers, randomness, network, disk, names.
 *
 * `node.ts` implements it with the real thing and is the only file of the four libraries that may touch it;
 * `sim.ts` implements it with a seeded, virtual one. Everything else takes a `Runtime` and can therefore be
 * replayed from a seed.
 */
export interface Runtime {
  /** Monotonic milliseconds since some fixed point; never goes back. Deadlines are counted on this clock. */
  now(): number
  /** Milliseconds since the Unix epoch, for record timestamps. May jump. */
  wallTime(): number
  /** Calls `fire` once, when `now()` has reached `at` (monotonic). A time in the past fires on the next turn. */
  timer(at: number, fire: () => void): Timer
  /** Resolves on the next turn of the event loop: everything that is ready now, timers and sockets too, has its turn before. */
  turn(): Promise<void>
  /** A number in [0, 1). */
  random(): number
  /** `length` random bytes, fit for ids (cryptographic in node.ts, seeded in sim.ts). */
  randomBytes(length: number): Uint8Array
  /** Resolves a host name to its addresses, in the resolver's order. Rejects with a `NetworkError`. */
  resolve(host: string): Promise<readonly string[]>
  /**
   * Opens a connection. Resolves once it is established (TLS: once the handshake is done); rejects with a
   * `NetworkError` that says at which stage it failed, at the latest after `timeoutMs`.
   */
  dial(target: DialTarget): Promise<Transport>
  /** Listens; `port: 0` picks a free one. Rejects with a `NetworkError` when the port is taken. */
  listen(target: ListenTarget, accept: (transport: Transport) => void): Promise<Listener>
  /** Files below one data directory. */
  readonly disk: Disk
  /**
   * Told each step of the state machines that run here, where somebody counts them, as the simulated world does: where
   * the machine was and what came.
   */
  readonly observe?: ((machine: string, state: string, event: string) => void) | undefined
}

export interface Timer {
  /** Legal at any time, also after it fired. */
  cancel(): void
}

export interface DialTarget {
  host: string
  port: number
  /** How long connecting, with the TLS handshake, may take. Milliseconds. */
  timeoutMs: number
  /** TLS when present. */
  tls?: TlsOptions
  /** Aborts the attempt; `dial` then rejects with the signal's reason. */
  signal?: AbortSignal
}

/** PEM texts. Field meanings are those of node:tls. */
export interface TlsOptions {
  ca?: string | readonly string[]
  cert?: string
  key?: string
  passphrase?: string
  /** Name checked against the certificate; default: the host that is dialled. */
  servername?: string
  /** Default true. */
  rejectUnauthorized?: boolean
}

export interface ListenTarget {
  host: string
  port: number
  tls?: TlsOptions
}

export interface Listener {
  readonly host: string
  /** The real port, also when 0 was asked for. */
  readonly port: number
  /** Stops accepting. Connections that are open stay open: whoever accepted them closes them. */
  close(): Promise<void>
}

/** An ordered stream of bytes in both directions: a TCP or TLS connection, or a simulated one. */
export interface Transport {
  /** `host:port` of the other side, for messages and logs. */
  readonly remote: string
  readonly local: string
  /** Attaches the receiving end; must be called once, in the same turn in which the transport was obtained. */
  attach(sink: Sink): void
  /**
   * Queues bytes. The transport may keep a reference until they have left: the caller must not change them until
   * `drained` (or forever). Returns false when so much is queued that the caller should wait for `sink.drained`.
   * After the end it does nothing and returns false.
   */
  write(pieces: readonly Uint8Array[]): boolean
  /** Bytes queued and not yet handed to the operating system. */
  readonly queuedBytes: number
  /** Bytes handed to the operating system since the beginning. */
  readonly sentBytes: number
  /** Stops reading until `resume`; the other side then feels back-pressure. */
  pause(): void
  resume(): void
  /** Sends what is queued, then closes. `sink.ended` follows. */
  close(): void
  /** Drops everything at once. `sink.ended` follows, on a later turn. */
  destroy(): void
}

/**
 * The receiving end of a transport. Bytes are read straight into the sink's own memory, so a frame can be read
 * into its final place without a copy.
 */
export interface Sink {
  /** Memory that the next bytes may be written to. Never empty. */
  room(): Uint8Array
  /** `length` bytes of the last `room()` were filled. */
  filled(length: number): void
  /** The queue of written bytes is short again after `write` returned false. */
  drained(): void
  /** The connection is over; called exactly once. `cause` is undefined when the other side closed in order. */
  ended(cause: NetworkError | undefined): void
}

/** At which stage the network failed. */
export type NetworkStage =
  | 'resolve'
  | 'connect'
  | 'handshake'
  | 'listen'
  | 'read'
  | 'write'
  | 'timeout'
  | 'aborted'

/** A failure of the network below Kafka, with the system's own code (`ECONNREFUSED`, `ENOTFOUND`, ...). */
export class NetworkError extends Error {
  override readonly name = 'NetworkError'
  readonly stage: NetworkStage
  /** The system's or TLS library's error code; '' when it gave none. */
  readonly code: string
  /** `host:port`. */
  readonly address: string

  constructor(stage: NetworkStage, code: string, address: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.stage = stage
    this.code = code
    this.address = address
  }
}

/**
 * Files. Reads and writes are synchronous: on cached data a call costs 1-5 us, a trip through a thread pool 35-60.
 * Only forcing to the medium waits, so it alone returns a promise. Paths use '/' and are given whole.
 * Failures throw a `DiskError`.
 */
export interface Disk {
  /** Opens for reading and writing; `create` makes the file when it is missing. */
  open(path: string, options?: { create?: boolean }): DiskFile
  /** Names in a directory, sorted; `undefined` when there is no such directory. */
  list(path: string): readonly string[] | undefined
  /** Makes a directory with its parents; does nothing when it exists. */
  makeDirectory(path: string): void
  exists(path: string): boolean
  /** A whole small file; `undefined` when it is missing. */
  read(path: string): Uint8Array | undefined
  /** Replaces a whole small file atomically and durably: write beside, force, rename, force the directory. */
  replace(path: string, bytes: Uint8Array): void
  rename(from: string, to: string): void
  remove(path: string): void
  /** Removes a directory and everything in it; does nothing when it is missing. */
  removeDirectory(path: string): void
  /** Forces a directory's entries (created, renamed, removed names) to the medium. */
  syncDirectory(path: string): void
  /**
   * Takes an exclusive lock on a directory for this process, by a lock file that a dead owner cannot keep.
   * Throws a `DiskError` with code `ELOCKED` that names the owner's process id while a live one holds it.
   */
  lock(path: string): { release(): void }
}

export interface DiskFile {
  size(): number
  /** Reads up to `into.length` bytes at `position`; returns how many there were. */
  read(position: number, into: Uint8Array): number
  /** Writes all pieces, one after the other, at `position`. */
  write(position: number, pieces: readonly Uint8Array[]): void
  truncate(size: number): void
  /** Forces written bytes to the medium (fdatasync). Rejects with a `DiskError`. */
  sync(): Promise<void>
  /** The same, blocking; for recovery and shutdown. */
  syncNow(): void
  close(): void
}

/** A failure of the disk, with the system's own code (`ENOSPC`, `EIO`, `ENOENT`, ...). */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: string
  readonly path: string

  constructor(code: string, path: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.path = path
  }
}
