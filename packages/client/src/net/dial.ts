import { KafkaError } from '@samsa/protocol'
import type { Runtime } from '@samsa/runtime'
import { formatAddress, NetworkError } from '@samsa/runtime'
import type { ClientConfig } from '../config/client-settings.ts'
import { ConnectionError, closedError, TimeoutError } from '../errors.ts'
import { within } from '../time/deadline.ts'
import { Connection } from './connection.ts'
import type { Endpoint } from './endpoint.ts'
import { brokerName } from './endpoint.ts'
import { handshake } from './handshake.ts'
import { unreachable } from './unreachable.ts'

export interface DialOptions {
  runtime: Runtime
  config: ClientConfig
  endpoint: Endpoint
  timeoutMs: number
  /** The cluster that the broker has to belong to; null: any. */
  clusterId: string | null
  signal: AbortSignal
  /** Called once for each connection that was made, also for one whose handshake failed. */
  onEnd: (cause: KafkaError) => void
}

/**
 * Opens a connection to a broker and learns what it speaks. Every address that the host name has is tried in turn
 * (KIP-302), each for its share of the time, so that one dead or mute address of several does not cost the broker.
 * @throws ConnectionError or AuthenticationError that says what was tried, what came back and what to change.
 */
export async function openConnection(options: DialOptions): Promise<Connection> {
  const { runtime, endpoint, timeoutMs, signal } = options
  const broker = brokerName(endpoint)
  const deadline = runtime.now() + timeoutMs
  const hosts = await resolved(options, broker, deadline)
  const failures: unknown[] = []
  for (const [index, host] of hosts.entries()) {
    const left = deadline - runtime.now()
    if (left <= 0) break
    try {
      // A dead address takes its share of the time, not all of it.
      return await openAddress(options, host, broker, left / (hosts.length - index))
    } catch (error) {
      if (signal.aborted) throw closedError('the client')
      if (!isAboutAddress(error)) throw error
      failures.push(error)
    }
  }
  const last = failures.at(-1)
  if (last instanceof KafkaError) throw last
  throw unreachable(endpoint, broker, failures)
}

/** Whether another address of the same name may do better. */
function isAboutAddress(error: unknown): boolean {
  return error instanceof NetworkError || error instanceof ConnectionError || error instanceof TimeoutError
}

/** One attempt at one address; whatever goes wrong, nothing of it stays open. */
async function openAddress(
  { runtime, config, endpoint, clusterId, signal, onEnd }: DialOptions,
  host: string,
  broker: string,
  timeoutMs: number,
): Promise<Connection> {
  const deadline = runtime.now() + timeoutMs
  const { port } = endpoint
  const address = formatAddress(endpoint.host, port)
  const tls = config.securityProtocol === 'SSL' ? { servername: endpoint.host, ...config.ssl } : undefined
  const transport = await runtime.dial({ host, port, timeoutMs, signal, ...(tls ? { tls } : {}) })
  const idleMs = config.connectionsMaxIdleMs
  let isTaken = false
  let ended: KafkaError | undefined
  const connection = new Connection({
    runtime,
    transport,
    broker,
    address,
    clientId: config.clientId,
    receiveMessageMaxBytes: config.receiveMessageMaxBytes,
    idleMs: idleMs < 0 ? Number.POSITIVE_INFINITY : idleMs,
    isTls: tls !== undefined,
    // The end of one that was never taken into use is told by the error alone.
    onEnd: (cause) => {
      ended = cause
      if (isTaken) onEnd(cause)
    },
  })
  const abandon = () => connection.close(closedError('the client'))
  signal.addEventListener('abort', abandon)
  try {
    if (signal.aborted) abandon()
    const timeLeft = () => Math.max(1, deadline - runtime.now())
    await handshake(connection, { broker, address, timeLeft, clusterId })
  } catch (error) {
    connection.close(error instanceof KafkaError ? error : new KafkaError('UNEXPECTED', String(error)))
    throw error
  } finally {
    signal.removeEventListener('abort', abandon)
  }
  if (ended) throw ended
  isTaken = true
  return connection
}

async function resolved(
  { runtime, endpoint }: DialOptions,
  broker: string,
  deadline: number,
): Promise<readonly string[]> {
  const started = runtime.now()
  const expire = () => new TimeoutError(`the addresses of the host ${endpoint.host}`, runtime.now() - started)
  try {
    return await within(runtime, runtime.resolve(endpoint.host), deadline, expire)
  } catch (error) {
    if (error instanceof KafkaError) throw error
    throw unreachable(endpoint, broker, [error])
  }
}
