import type { TlsOptions } from '@samsa/runtime'
import { ConfigError } from '../errors.ts'
import type { BootstrapAddress, Parsed, Setting } from './setting.ts'
import { flag, LONG_MAX, milliseconds, oneOf, parseBootstrapServers, text, whole } from './setting.ts'

const bootstrapServers: Setting<readonly BootstrapAddress[] | string | readonly string[]> = {
  type: 'LIST',
  default: [{ host: 'localhost', port: 9092 }],
  parse: parseBootstrapServers,
}

const TLS_FIELDS = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized']

const ssl: Setting<TlsOptions | undefined> = {
  type: 'FUNCTION',
  default: undefined,
  parse: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error('must be an object with PEM texts: { ca, cert, key, passphrase }')
    for (const [name, part] of Object.entries(value)) {
      if (!TLS_FIELDS.includes(name))
        throw new ConfigError('ssl', undefined, `ssl has no ${name}; it has ${TLS_FIELDS.join(', ')}`)
      const isPem = [part].flat().every((text) => typeof text === 'string' && text.includes('-----BEGIN '))
      if (['ca', 'cert', 'key'].includes(name) && part !== undefined && !isPem) {
        const form = `ssl: { ${name}: readFileSync('${name}.pem', 'utf8') }`
        throw new ConfigError(
          'ssl',
          undefined,
          `ssl.${name} must be PEM text, not the name of its file: ${form}`,
        )
      }
    }
    return value as TlsOptions
  },
}

/**
 * Settings that every client has. Names and defaults are Kafka's (`CommonClientConfigs`), names in camelCase.
 */
export const clientSettings = {
  /** Addresses to begin with; some may be dead. `host:port`, several with commas or as a list. Default localhost:9092. */
  bootstrapServers,
  /** Name shown in the broker's logs, metrics and quotas. Default `samsa`. */
  clientId: text('samsa'),
  /** How long one request may wait for its answer; then its connection is given up. Milliseconds, default 30,000. */
  requestTimeoutMs: milliseconds(30_000, 1),
  /** How long a call that needs several requests may take (`commit`, `position`, ...). Milliseconds, default 60,000. */
  defaultApiTimeoutMs: milliseconds(60_000, 1),
  /** First pause before a request is tried again, doubled up to `retryBackoffMaxMs` (KIP-580). Milliseconds, default 100. */
  retryBackoffMs: milliseconds(100, 0, LONG_MAX),
  /** Longest such pause. Milliseconds, default 1,000. */
  retryBackoffMaxMs: milliseconds(1_000, 0, LONG_MAX),
  /** First pause before a broker is dialled again, doubled up to `reconnectBackoffMaxMs`. Milliseconds, default 50. */
  reconnectBackoffMs: milliseconds(50, 0, LONG_MAX),
  /** Longest such pause. Milliseconds, default 1,000. */
  reconnectBackoffMaxMs: milliseconds(1_000, 0, LONG_MAX),
  /** Metadata older than this is asked for again even if nothing went wrong. Milliseconds, default 5 minutes. */
  metadataMaxAgeMs: milliseconds(300_000, 0, LONG_MAX),
  /**
   * What to do when no broker that is known answers: `rebootstrap` asks the bootstrap addresses again, `none` only ever
   * asks those that are known (KIP-899), and then does not look whether an address has come to belong to another cluster
   * (KIP-1242). Default `rebootstrap`.
   */
  metadataRecoveryStrategy: oneOf('rebootstrap', ['rebootstrap', 'none']),
  /**
   * Where no broker has answered for so long, the client begins anew at its bootstrap addresses, also in another cluster
   * if they belong to one by then (KIP-1102). Milliseconds, default 5 minutes.
   */
  metadataRecoveryRebootstrapTriggerMs: milliseconds(300_000, 0, LONG_MAX),
  /** A connection that carried nothing for so long is closed; -1: never. Milliseconds, default 9 minutes: before the broker's 10. */
  connectionsMaxIdleMs: milliseconds(540_000, -1, LONG_MAX),
  /**
   * How long opening a connection may take, TLS and the first exchange included; doubled with each failure up to
   * `socketConnectionSetupTimeoutMaxMs` (KIP-601). Milliseconds, default 10,000.
   */
  socketConnectionSetupTimeoutMs: milliseconds(10_000, 1, LONG_MAX),
  /** Its upper end. Milliseconds, default 30,000. */
  socketConnectionSetupTimeoutMaxMs: milliseconds(30_000, 1, LONG_MAX),
  /** An answer that announces more is refused before memory is taken. Bytes, default 1,000,000,000. */
  receiveMessageMaxBytes: whole(1_000_000_000, 1),
  /** `SSL` encrypts; SASL is not there yet. Default `PLAINTEXT`. */
  securityProtocol: oneOf('PLAINTEXT', ['PLAINTEXT', 'SSL']),
  /** PEM texts for `securityProtocol: 'SSL'`: `{ ca, cert, key, passphrase, servername, rejectUnauthorized }`. */
  ssl,
  /** Whether asking for a topic that is missing may create it, where the broker allows that. Default true. */
  allowAutoCreateTopics: flag(true),
}

export type ClientConfig = Parsed<typeof clientSettings>
