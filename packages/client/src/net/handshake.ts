import type { VersionRange } from '@samsa/protocol'
import { ApiVersions, MalformedError, Metadata } from '@samsa/protocol'
import { ConfigError, ConnectionError, ServerError } from '../errors.ts'
import type { Connection } from './connection.ts'

/** Whether a connection reaches who it is meant for. */
export interface HandshakeOptions {
  /** How the broker is named in messages. */
  broker: string
  address: string
  /** What is left of the time for all of it. Milliseconds. */
  timeLeft: () => number
  /** The cluster that the broker has to belong to; null: any. */
  clusterId: string | null
}

const SOFTWARE = { clientSoftwareName: 'samsa', clientSoftwareVersion: '0.1.0' }
const SETTING = 'socketConnectionSetupTimeoutMs'
const UNSUPPORTED_VERSION = 35
/** Key of the API that only members of a quorum offer: controllers. */
const VOTE = 52

/**
 * Asks the broker what it speaks, and makes sure that it is a broker, and of the cluster that the client works with.
 * @throws ConfigError for a controller; ConnectionError for another cluster; whatever a request throws
 */
export async function handshake(connection: Connection, options: HandshakeOptions): Promise<void> {
  const versions = await askVersions(connection, options)
  checkIsBroker(versions, options)
  connection.trust(versions)
  await checkCluster(connection, options)
  connection.taken()
}

/** An address may have come to belong to another cluster since it was learned, so nothing is sent there before. */
async function checkCluster(connection: Connection, options: HandshakeOptions): Promise<void> {
  const { clusterId, timeLeft } = options
  if (clusterId === null) return
  const body = { topics: [], includeTopicAuthorizedOperations: false }
  const answer = await connection.request(Metadata, body, { timeoutMs: timeLeft(), setting: SETTING })
  if (answer.clusterId === null || answer.clusterId === clusterId) return
  throw anotherCluster(options, answer.clusterId)
}

/** An address that belongs to another cluster than the one that is worked with. */
export class OtherClusterError extends ConnectionError {}

export function anotherCluster(
  { broker, address, clusterId }: Pick<HandshakeOptions, 'broker' | 'address' | 'clusterId'>,
  found: string,
): OtherClusterError {
  const what =
    `${broker} belongs to another cluster, ${found}, while this client works with ${clusterId}: nothing is sent there. ` +
    'Correct the address, or make the client anew to work with the other cluster; while nobody of its own answers, ' +
    'it goes there by itself after metadataRecoveryRebootstrapTriggerMs. ' +
    "metadataRecoveryStrategy 'none' looks at no cluster id"
  return new OtherClusterError(what, address, false)
}

/** A broker that does not know our version of the question answers in version 0 and names its own (KIP-511). */
async function askVersions(
  connection: Connection,
  { broker, timeLeft }: HandshakeOptions,
): Promise<ReadonlyMap<number, VersionRange>> {
  let version = ApiVersions.maxVersion
  for (;;) {
    const frame = await connection.exchange(ApiVersions, version, SOFTWARE, timeLeft(), SETTING)
    // The correlation id, then the error code: that much is the same in every version.
    if (frame.length < 6)
      throw connection.unreadable(ApiVersions, version, new MalformedError('no error code', 4))
    const isRefused = new DataView(frame.buffer, frame.byteOffset).getInt16(4) === UNSUPPORTED_VERSION
    const { errorCode, apiKeys } = connection.decoded(ApiVersions, isRefused ? 0 : version, frame)
    const ranges = new Map(apiKeys.map(({ apiKey, ...range }) => [apiKey, range]))
    if (isRefused && version > 0) {
      version = Math.max(0, Math.min(version - 1, ranges.get(ApiVersions.key)?.maxVersion ?? 0))
      continue
    }
    if (errorCode !== 0) throw new ServerError(errorCode, { api: 'ApiVersions', about: broker })
    return ranges
  }
}

/** A controller of KRaft speaks Kafka too, on a port of its own that is easily taken for a broker's. */
function checkIsBroker(
  versions: ReadonlyMap<number, VersionRange>,
  { broker, address }: HandshakeOptions,
): void {
  if (!versions.has(VOTE) || versions.has(Metadata.key)) return
  const what =
    `${broker} is a KRaft controller, not a broker: it takes part in votes and has no metadata for clients. ` +
    "Give the port of a broker's listener in bootstrapServers, which is mostly 9092"
  throw new ConfigError('bootstrapServers', address, what)
}
