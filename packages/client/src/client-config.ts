import type { TlsOptions } from '@samsa/runtime'
import type { BootstrapAddress, Parsed, Setting } from './config.ts'
import { custom, flag, milliseconds, oneOf, parseBootstrapServers, text, whole } from './config.ts'

const bootstrapServers: Setting<readonly BootstrapAddress[] | string | readonly string[]> = {
  default: [{ host: 'localhost', port: 9092 }],
  parse: parseBootstrapServers,
}

/**
 * Settings that every client has. Names and defaults are Kafka's (`CommonClientConfigs`), names in camelCase.
 */
export const clientSettings = {
  /** Addresses to begin with; some may be dead. `host:port`, several with commas or as a list. Default localhost:9092. */
  bootstrapServers,
  /** Name shown in the broker's logs, metrics and quotas. */
  clientId: text('samsa'),
  /** How long one request may wait for its answer. */
  requestTimeoutMs: milliseconds(30_000, 1),
  /** How long a call that needs several requests may take. */
  defaultApiTimeoutMs: milliseconds(60_000, 1),
  /** First pause before a request is tried again, doubled up to `retryBackoffMaxMs` (KIP-580). */
  retryBackoffMs: milliseconds(100),
  retryBackoffMaxMs: milliseconds(1_000),
  /** First pause before a broker is dialled again, doubled up to `reconnectBackoffMaxMs`. */
  reconnectBackoffMs: milliseconds(50),
  reconnectBackoffMaxMs: milliseconds(1_000),
  /** Metadata older than this is asked for again even if nothing went wrong. */
  metadataMaxAgeMs: milliseconds(300_000),
  /** A connection that carried nothing for so long is closed; -1: never. */
  connectionsMaxIdleMs: milliseconds(540_000, -1),
  /** How long opening a connection may take (KIP-601). */
  socketConnectionSetupTimeoutMs: milliseconds(10_000, 1),
  socketConnectionSetupTimeoutMaxMs: milliseconds(30_000, 1),
  /** An answer that announces more is refused before memory is taken. Bytes. */
  receiveMessageMaxBytes: whole(1_000_000_000, 1),
  /** `SSL` encrypts; SASL is not there yet. */
  securityProtocol: oneOf('PLAINTEXT', ['PLAINTEXT', 'SSL']),
  /** PEM texts for `securityProtocol: 'SSL'`: `{ ca, cert, key, passphrase, servername, rejectUnauthorized }`. */
  ssl: custom<TlsOptions>('must be an object with PEM texts: { ca, cert, key, passphrase }', isObject),
  /** Whether asking for a topic that is missing may create it, where the broker allows that. */
  allowAutoCreateTopics: flag(true),
}

function isObject(value: unknown): value is TlsOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export type ClientConfig = Parsed<typeof clientSettings>
