import type { Runtime } from '@samsa/runtime'
import { NetworkError } from '@samsa/runtime'
import type { ClientConfig } from './client-config.ts'
import { Connection } from './connection.ts'
import { within } from './deadline.ts'
import { AuthenticationError, ConnectionError, closedError, KafkaError, TimeoutError } from './errors.ts'

/** A broker as it is to be dialled. */
export interface Endpoint {
  /** Broker id; negative for a bootstrap address whose id is not known. */
  node: number
  host: string
  port: number
  /** The address that told us of this one; undefined for a bootstrap address. */
  advertisedBy: string | undefined
}

export interface DialOptions {
  runtime: Runtime
  config: ClientConfig
  endpoint: Endpoint
  timeoutMs: number
  signal: AbortSignal
  /** Called once for each connection that was made, also for one whose handshake failed. */
  onEnd: (cause: KafkaError) => void
}

/**
 * Opens a connection to a broker and learns what it speaks. Every address that the host name has is tried in turn
 * (KIP-302), so one dead address of several costs time but not the broker.
 * @throws ConnectionError or AuthenticationError that says what was tried, what came back and what to change.
 */
export async function openConnection(options: DialOptions): Promise<Connection> {
  const { runtime, endpoint, timeoutMs, signal } = options
  const address = `${endpoint.host}:${endpoint.port}`
  const broker =
    endpoint.node >= 0 ? `broker ${endpoint.node} at ${address}` : `the bootstrap server ${address}`
  const deadline = runtime.now() + timeoutMs
  const hosts = await resolved(options, broker, address, deadline)
  let last: unknown
  for (const [index, host] of hosts.entries()) {
    const left = deadline - runtime.now()
    if (left <= 0) break
    try {
      // A dead address takes its share of the time, not all of it.
      return await connected(options, host, broker, left / (hosts.length - index))
    } catch (error) {
      if (signal.aborted) throw closedError('the client')
      last = error
      const isElsewhere =
        error instanceof NetworkError || error instanceof ConnectionError || error instanceof TimeoutError
      if (!isElsewhere) throw error
    }
  }
  throw last instanceof KafkaError ? last : unreachable(endpoint, broker, address, last)
}

/** One attempt at one address; whatever goes wrong, nothing of it stays open. */
async function connected(
  { runtime, config, endpoint, signal, onEnd }: DialOptions,
  host: string,
  broker: string,
  timeoutMs: number,
): Promise<Connection> {
  const started = runtime.now()
  const { port } = endpoint
  const tls = config.securityProtocol === 'SSL' ? { servername: endpoint.host, ...config.ssl } : undefined
  const transport = await runtime.dial({ host, port, timeoutMs, signal, ...(tls ? { tls } : {}) })
  const idleMs = config.connectionsMaxIdleMs
  const connection = new Connection({
    runtime,
    transport,
    broker,
    address: `${endpoint.host}:${port}`,
    clientId: config.clientId,
    receiveMessageMaxBytes: config.receiveMessageMaxBytes,
    idleMs: idleMs < 0 ? Number.POSITIVE_INFINITY : idleMs,
    onEnd,
  })
  const abort = () => connection.close(closedError('the client'))
  signal.addEventListener('abort', abort)
  try {
    if (signal.aborted) abort()
    await connection.handshake(Math.max(1, timeoutMs - (runtime.now() - started)))
    return connection
  } catch (error) {
    connection.close(error instanceof KafkaError ? error : new KafkaError('UNEXPECTED', String(error)))
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function resolved(
  { runtime, endpoint }: DialOptions,
  broker: string,
  address: string,
  deadline: number,
): Promise<readonly string[]> {
  const started = runtime.now()
  const expire = () => new TimeoutError(`the addresses of the host ${endpoint.host}`, runtime.now() - started)
  try {
    return await within(runtime, runtime.resolve(endpoint.host), deadline, expire)
  } catch (error) {
    throw unreachable(endpoint, broker, address, error)
  }
}

function unreachable(endpoint: Endpoint, broker: string, address: string, cause: unknown): KafkaError {
  const network = cause instanceof NetworkError ? cause : undefined
  const why = network
    ? network.code || network.message
    : cause
      ? String((cause as Error).message ?? cause)
      : 'timed out'
  if (network?.stage === 'handshake') {
    return new AuthenticationError(
      `TLS with ${broker} failed: ${network.message}. Check the ssl settings (ca, servername), ` +
        "or use securityProtocol: 'PLAINTEXT' if the port does not speak TLS",
      { cause },
    )
  }
  if (endpoint.advertisedBy === undefined) {
    return new ConnectionError(`cannot reach ${broker} (${why})`, address, false, { cause })
  }
  return new ConnectionError(
    `cannot reach ${broker} (${why}). The bootstrap server ${endpoint.advertisedBy} answered and advertised this ` +
      "address: make it reachable from here, or correct the broker's advertised.listeners",
    address,
    false,
    { cause },
  )
}
