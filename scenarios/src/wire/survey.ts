import { randomBytes } from 'node:crypto'
import type { Api, Field, Request, Shape, WireType } from '@samsa/protocol'
import * as protocol from '@samsa/protocol'
import {
  ApiVersions,
  CreateTopics,
  decodeResponse,
  errorOf,
  FindCoordinator,
  Metadata,
  zeroUuid,
} from '@samsa/protocol'
import { delay } from '../lab/cluster/surroundings.ts'
import { Asker } from './asker.ts'
import type { ApiName } from './bodies.ts'
import { bodies } from './bodies.ts'
import type { Ground } from './ground.ts'

/** How long a cluster that has just started may say that it is not ready. */
const READY_LIMIT_MS = 15_000
const notReady = new Set([
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'UNKNOWN_TOPIC_OR_PARTITION',
])

/** What came of one API in one version. */
export interface Finding {
  readonly api: Api
  readonly version: number
  /** Names of the errors that the answer holds, in order and each once; empty when all was accepted. */
  readonly errors: readonly string[]
  /** Why there is no answer that can be read. */
  readonly failure: string | undefined
}

export interface Survey {
  readonly findings: readonly Finding[]
  /** Advertised and not declared here: `key v0-v3`. */
  readonly undeclared: readonly string[]
}

/** Every API that this library declares, by its key. */
export const declared: ReadonlyMap<number, Api> = new Map(
  (Object.values(protocol) as unknown[]).filter(isApi).map((api) => [api.key, api]),
)

function isApi(value: unknown): value is Api {
  return typeof value === 'object' && value !== null && 'key' in value && 'request' in value
}

/** Asks a broker for every API in every version that both sides have. */
export async function survey(host: string, port: number): Promise<Survey> {
  let asker = await Asker.dial(host, port)
  try {
    const topic = 'survey.topic'
    const topicId = await createTopic(asker, topic)
    await awakenCoordinators(asker, topicId)
    const { apiKeys } = decodeResponse(
      ApiVersions,
      3,
      await asker.ask(ApiVersions, 3, { clientSoftwareName: 'samsa', clientSoftwareVersion: '0.1.0' }),
    )
    const findings: Finding[] = []
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      const api = declared.get(apiKey)
      if (!api) continue
      const last = Math.min(maxVersion, api.maxVersion)
      for (let version = Math.max(minVersion, api.minVersion); version <= last; version++) {
        const finding = await findingOf(asker, api, version, { topic, topicId })
        findings.push(finding)
        if (finding.failure === undefined) continue
        asker.close()
        asker = await Asker.dial(host, port)
      }
    }
    return { findings, undeclared: apiKeys.flatMap(undeclaredOf) }
  } finally {
    asker.close()
  }
}

function undeclaredOf(range: { apiKey: number; minVersion: number; maxVersion: number }): string[] {
  const api = declared.get(range.apiKey)
  if (!api) return [`API ${range.apiKey} v${range.minVersion}-v${range.maxVersion}`]
  const missing: string[] = []
  for (let version = range.minVersion; version <= range.maxVersion; version++) {
    if (version < api.minVersion || version > api.maxVersion) missing.push(`${api.name} v${version}`)
  }
  return missing
}

async function createTopic(asker: Asker, name: string): Promise<string> {
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  await asker.ask(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000 })
  const deadline = performance.now() + READY_LIMIT_MS
  for (;;) {
    const asked = { topics: [{ name, topicId: zeroUuid }], allowAutoTopicCreation: false }
    const { topics } = decodeResponse(Metadata, 12, await asker.ask(Metadata, 12, asked))
    const [found] = topics
    if (found?.errorCode === 0 && found.partitions[0]?.errorCode === 0) return found.topicId
    if (performance.now() > deadline)
      throw new Error(`${name} is not there: ${errorOf(found?.errorCode ?? 0).name}`)
    await delay(100)
  }
}

/** A broker creates the topics of its coordinators when one is first looked for. */
async function awakenCoordinators(asker: Asker, topicId: string): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS
  for (const [keyType, key] of ['group', 'transaction', `group:${topicId}:0`].entries()) {
    for (;;) {
      const asked = { keyType, coordinatorKeys: [key] }
      const { coordinators } = decodeResponse(FindCoordinator, 6, await asker.ask(FindCoordinator, 6, asked))
      const code = coordinators[0]?.errorCode ?? 0
      if (errorOf(code).name !== 'COORDINATOR_NOT_AVAILABLE' || performance.now() > deadline) break
      await delay(100)
    }
  }
}

async function findingOf(
  asker: Asker,
  api: Api,
  version: number,
  ground: Omit<Ground, 'fresh' | 'freshId'>,
): Promise<Finding> {
  const deadline = performance.now() + READY_LIMIT_MS
  const fresh = `${api.name}-v${version}`
  const freshId = randomBytes(16).toString('base64url')
  const body = bodyFor(api, version, { ...ground, fresh, freshId })
  for (;;) {
    try {
      const answer = decodeResponse(api, version, await asker.ask(api, version, body as Request<Api>))
      const errors = errorsIn(answer)
      const isLate = performance.now() > deadline
      if (isLate || !isWaitedFor(api, errors)) return { api, version, errors, failure: undefined }
    } catch (error) {
      return { api, version, errors: [], failure: (error as Error).message }
    }
    await delay(100)
  }
}

/** Errors of a cluster that is still becoming ready; but a topic that is not there by intent never will be. */
function isWaitedFor(api: Api, errors: readonly string[]): boolean {
  const namesNoTopic = ['DeleteTopics', 'WriteTxnMarkers'].includes(api.name)
  return !namesNoTopic && errors.some((name) => notReady.has(name))
}

/** The body of the table without what the version lacks. */
function bodyFor(api: Api, version: number, ground: Ground): unknown {
  const make = bodies[api.name as ApiName] as ((ground: Ground) => unknown) | undefined
  if (!make) throw new Error(`no body is known for ${api.name}`)
  return shapeOnly(make(ground) as Record<string, unknown>, api.request.shape, version)
}

function shapeOnly(value: Record<string, unknown>, shape: Shape, version: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [name, { spec }] of Object.entries(shape) as [string, Field<unknown>][]) {
    if (version < spec.since || version > spec.until || value[name] === undefined) continue
    kept[name] = typeOnly(value[name], spec.type, version)
  }
  return kept
}

function typeOnly(value: unknown, type: WireType, version: number): unknown {
  if (value === null) return null
  if (type.kind === 'struct') return shapeOnly(value as Record<string, unknown>, type.shape, version)
  if (type.kind !== 'array') return value
  return (value as unknown[]).map((element) => typeOnly(element, type.element.spec.type, version))
}

/** Names of the errors that an answer holds, at any depth. */
function errorsIn(answer: unknown): string[] {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return
    for (const [name, content] of Object.entries(value)) {
      if (/errorCode$/i.test(name) && typeof content === 'number' && content !== 0)
        found.add(errorOf(content).name)
      else visit(content)
    }
  }
  visit(answer)
  return [...found].sort()
}
