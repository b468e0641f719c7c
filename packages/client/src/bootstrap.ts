import type { KafkaError } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import { NetworkError } from '@samsa/runtime'
import type { ClientConfig } from './client-config.ts'
import { Connection } from './connection.ts'
import { AuthenticationError, ConnectionError } from './errors.ts'

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
  onEnd: (cause: KafkaError) => void
}

/**
 * Opens a connection to a broker and learns what it speaks. Every address that the host name has is tried in turn
 * (KIP-302), so one dead address of several costs time but not the broker.
 * @throws ConnectionError or AuthenticationError that says what was tried, what came back and what to change.
 */
export async function openConnection(options: DialOptions): Promise<Connection> {
  const { runtime, config, endpoint, timeoutMs, signal } = options
  const address = `${endpoint.host}:${endpoint.port}`
  const broker =
    endpoint.node >= 0 ? `broker ${endpoint.node} at ${address}` : `the bootstrap server ${address}`
  const tls = config.securityProtocol === 'SSL' ? { servername: endpoint.host, ...config.ssl } : undefined
  const deadline = runtime.now() + timeoutMs
  let last: unknown
  for (const host of await resolved(options, broker, address)) {
    const left = deadline - runtime.now()
    if (left <= 0) break
    try {
      const transport = await runtime.dial({
        host,
        port: endpoint.port,
        timeoutMs: left,
        signal,
        ...(tls ? { tls } : {}),
      })
      const connection = new Connection({
        runtime,
        transport,
        broker,
        address,
        clientId: config.clientId,
        receiveMessageMaxBytes: config.receiveMessageMaxBytes,
        idleMs: config.connectionsMaxIdleMs,
        onEnd: options.onEnd,
      })
      await connection.handshake(Math.max(1, deadline - runtime.now()))
      return connection
    } catch (error) {
      last = error
      if (!(error instanceof NetworkError)) throw error
    }
  }
  throw unreachable(endpoint, broker, address, last)
}

async function resolved(options: DialOptions, broker: string, address: string): Promise<readonly string[]> {
  try {
    return await options.runtime.resolve(options.endpoint.host)
  } catch (error) {
    throw unreachable(options.endpoint, broker, address, error)
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
