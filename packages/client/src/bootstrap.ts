import type { KafkaError } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import { NetworkError } from '@samsa/runtime'
import type { ClientConfig } from './client-config.ts'
import { Connection } from './connection.ts'
import { unreachable } from './unreachable.ts'

/** A broker as it is to be dialled. */
export interface Endpoint {
  /** Broker id; negative for a bootstrap address whose id is not known. */
  node: number
  host: string
  port: number
  /** Who told us of this address, as named in messages; undefined for a bootstrap address. */
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
  const broker = brokerName(endpoint)
  const tls = config.securityProtocol === 'SSL' ? { servername: endpoint.host, ...config.ssl } : undefined
  const deadline = runtime.now() + timeoutMs
  const failures: unknown[] = []
  for (const host of await resolved(options, broker)) {
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
        isTls: tls !== undefined,
        onEnd: options.onEnd,
      })
      try {
        await connection.handshake(Math.max(1, deadline - runtime.now()))
      } catch (error) {
        connection.close(error as KafkaError)
        throw error
      }
      return connection
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      failures.push(error)
    }
  }
  throw unreachable(endpoint, broker, failures)
}

/** How a broker is named in messages. */
export function brokerName({ node, host, port }: Endpoint): string {
  return node >= 0 ? `broker ${node} at ${host}:${port}` : `the bootstrap server ${host}:${port}`
}

async function resolved(options: DialOptions, broker: string): Promise<readonly string[]> {
  try {
    return await options.runtime.resolve(options.endpoint.host)
  } catch (error) {
    throw unreachable(options.endpoint, broker, [error])
  }
}
