import type { Api } from '@samsa/protocol'
import { apiOf, decodeResponse, encodeResponse, errorNamed } from '@samsa/protocol'
import type { FaultRule, Place } from './fault.ts'
import { errorField, isStruct, partsOf } from './parts.ts'

const UNSUPPORTED_VERSION = 35
const API_VERSIONS = 18
/** Size prefix, then the correlation id. */
const BODY_AT = 8

/** A decoded answer. */
export interface Answer {
  readonly api: Api
  readonly version: number
  readonly correlationId: number
  /** Decoded; changed in place. */
  readonly body: Record<string, unknown>
}

/** A broker as an answer names it. */
export interface Endpoint {
  /** Absent where the answer names no id. */
  readonly id: number | undefined
  /** The struct whose `host` and `port` are to be rewritten. */
  readonly at: { host: string; port: number }
}

/** Where answers name the brokers that a client may connect to: a list, or '' for the answer itself. */
const ENDPOINTS: { readonly [api: string]: readonly string[] } = {
  Metadata: ['brokers'],
  DescribeCluster: ['brokers'],
  FindCoordinator: ['', 'coordinators'],
  Produce: ['nodeEndpoints'],
  Fetch: ['nodeEndpoints'],
  ShareFetch: ['nodeEndpoints'],
  ShareAcknowledge: ['nodeEndpoints'],
}

/** Whether answers of this API may name brokers in this version. */
export function namesBrokers(api: Api, version: number): boolean {
  return (ENDPOINTS[api.name] ?? []).some((list) => {
    const spec = api.response.shape[list === '' ? 'host' : list]?.spec
    return spec !== undefined && version >= spec.since && version <= spec.until
  })
}

/**
 * @param frame with its size prefix
 * @throws MalformedError or UnsupportedVersionError when it cannot be read
 */
export function readAnswer(api: Api, asked: number, frame: Buffer): Answer {
  const correlationId = frame.readInt32BE(4)
  // A broker that does not know the asked version of ApiVersions answers in version 0 (KIP-511).
  const isRefusal =
    api.key === API_VERSIONS &&
    frame.length >= BODY_AT + 2 &&
    frame.readInt16BE(BODY_AT) === UNSUPPORTED_VERSION
  const version = isRefusal ? 0 : asked
  return { api, version, correlationId, body: decodeResponse(api, version, frame.subarray(4)) }
}

/** With its size prefix. */
export function writeAnswer({ api, version, correlationId, body }: Answer): Buffer {
  return Buffer.concat(encodeResponse(api, version, correlationId, body))
}

/** The brokers that an answer names, without those that are none. */
export function endpointsOf({ api, body }: Answer): Endpoint[] {
  const found: Endpoint[] = []
  for (const list of ENDPOINTS[api.name] ?? []) {
    const named = list === '' ? [body] : body[list]
    for (const each of Array.isArray(named) ? named : []) {
      if (!isStruct(each)) continue
      const { host, port } = each
      if (typeof host !== 'string' || host === '' || typeof port !== 'number' || port <= 0) continue
      const id = each['nodeId'] ?? each['brokerId']
      found.push({ id: typeof id === 'number' ? id : undefined, at: each as unknown as Endpoint['at'] })
    }
  }
  return found
}

/** Topics by id, where an answer tells both. */
export function topicNamesOf({ body }: Answer): [id: string, name: string][] {
  const topics = body['topics']
  if (!Array.isArray(topics)) return []
  return topics.flatMap((topic) => {
    if (!isStruct(topic)) return []
    const { topicId, name } = topic
    return typeof topicId === 'string' && typeof name === 'string'
      ? [[topicId, name] as [string, string]]
      : []
  })
}

/**
 * Lets an answer to ApiVersions offer nothing that cannot be read here: newer versions are cut, APIs that are not known
 * are taken out. The lower ends stay, since clients take them as signs (librdkafka looks for Produce 0).
 * @returns what was changed, in words
 */
export function cutToKnown({ body }: Answer): string[] {
  const ranges = body['apiKeys'] as { apiKey: number; minVersion: number; maxVersion: number }[]
  const changes: string[] = []
  body['apiKeys'] = ranges.filter((range) => {
    const api = apiOf(range.apiKey)
    if (api === undefined || range.minVersion > api.maxVersion) {
      changes.push(`${api?.name ?? `API key ${range.apiKey}`} taken out`)
      return false
    }
    if (range.maxVersion > api.maxVersion) {
      changes.push(`${api.name} cut from ${range.maxVersion} to ${api.maxVersion}`)
      range.maxVersion = api.maxVersion
    }
    return true
  })
  return changes
}

/** @returns whether the answer offers that API at all */
export function changeVersions({ body }: Answer, rule: FaultRule & { action: 'versions' }): boolean {
  const ranges = body['apiKeys'] as { apiKey: number; minVersion: number; maxVersion: number }[]
  const range = ranges.find(({ apiKey }) => apiOf(apiKey)?.name === rule.of)
  if (range === undefined) return false
  if (rule.remove) body['apiKeys'] = ranges.filter((each) => each !== range)
  range.minVersion = rule.min ?? range.minVersion
  range.maxVersion = rule.max ?? range.maxVersion
  return true
}

/** @returns whether the version of the answer can say it */
export function changeThrottle({ api, version, body }: Answer, ms: number): boolean {
  const spec = api.response.shape['throttleTimeMs']?.spec
  if (spec === undefined || version < spec.since || version > spec.until) return false
  body['throttleTimeMs'] = ms
  return true
}

/**
 * Writes an error code where the answer has its place.
 * @returns how many places there were
 */
export function changeErrorCode(
  answer: Answer,
  rule: FaultRule & { action: 'errorCode' },
  names: ReadonlyMap<string, string>,
): number {
  const code = typeof rule.code === 'number' ? rule.code : (errorNamed(rule.code)?.code ?? -1)
  const isPart = rule.topic !== undefined || rule.partition !== undefined
  const place: Place = rule.place ?? (isPart ? 'inner' : hasOwnError(answer) ? 'top' : 'outer')
  if (place === 'top') {
    if (!hasOwnError(answer)) return 0
    answer.body['errorCode'] = code
    return 1
  }
  const parts = [...partsOf(answer.body, names)].filter(({ value, depth }) => depth > 0 && errorField(value))
  const depths = parts.map(({ depth }) => depth)
  const wanted = place === 'inner' ? Math.max(...depths) : Math.min(...depths)
  const meant = parts.filter(
    ({ depth, topic, partition }) =>
      depth === wanted &&
      (rule.topic === undefined || topic === rule.topic) &&
      (rule.partition === undefined || partition === rule.partition),
  )
  for (const { value } of meant) value[errorField(value) as string] = code
  return meant.length
}

/** Whether this version of the answer has an error code of its own. */
function hasOwnError({ api, version }: Answer): boolean {
  const spec = api.response.shape['errorCode']?.spec
  return spec !== undefined && version >= spec.since && version <= spec.until
}
