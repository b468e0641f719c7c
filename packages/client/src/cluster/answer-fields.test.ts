import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { Api, Shape, WireType } from '@samsa/protocol'
import * as protocol from '@samsa/protocol'

const SOURCES = new URL('../../src/', import.meta.url).pathname

const echo = '- it repeats what was asked'
const throttled = 'net'
const operations = '- nobody asks for operations'
const features = '- they matter to transactions only (KIP-890)'
const quorum = '- only replicas and voters fetch by it'
const prepared = '- of a prepared transaction (KIP-939), which nobody keeps here'
const leaving = '- a member that has left does not come back to it; its session ends by itself'

/**
 * For each API that the client asks for and each field of its answer: the folder in which it is read, or behind a dash why
 * it is not, and with it what is in it.
 */
const fields: Record<string, Record<string, string>> = {
  ApiVersions: {
    errorCode: 'net',
    apiKeys: 'net',
    'apiKeys.apiKey': 'net',
    'apiKeys.minVersion': 'protocol',
    'apiKeys.maxVersion': 'net',
    throttleTimeMs: throttled,
    supportedFeatures: '- what is supported but not switched on changes nothing',
    finalizedFeaturesEpoch: features,
    finalizedFeatures: features,
    zkMigrationReady: '- a matter between brokers and controllers',
  },
  Metadata: {
    throttleTimeMs: throttled,
    brokers: 'cluster',
    'brokers.nodeId': 'cluster',
    'brokers.host': 'cluster',
    'brokers.port': 'cluster',
    'brokers.rack': 'cluster',
    clusterId: 'cluster',
    controllerId: 'cluster',
    topics: 'cluster',
    'topics.errorCode': 'cluster',
    'topics.name': 'cluster',
    'topics.topicId': 'cluster',
    'topics.isInternal': 'cluster',
    'topics.partitions': 'cluster',
    'topics.partitions.errorCode': 'cluster',
    'topics.partitions.partitionIndex': 'cluster',
    'topics.partitions.leaderId': 'cluster',
    'topics.partitions.leaderEpoch': 'cluster',
    'topics.partitions.replicaNodes': 'cluster',
    'topics.partitions.isrNodes': 'cluster',
    'topics.partitions.offlineReplicas':
      '- whoever is offline does not lead, and brokers offer no such replica to read from',
    'topics.topicAuthorizedOperations': operations,
    clusterAuthorizedOperations: operations,
    errorCode: 'cluster',
  },
  FindCoordinator: {
    throttleTimeMs: throttled,
    errorCode: 'cluster',
    errorMessage: 'cluster',
    nodeId: 'cluster',
    host: 'cluster',
    port: 'cluster',
    coordinators: 'cluster',
    'coordinators.key': echo,
    'coordinators.nodeId': 'cluster',
    'coordinators.host': 'cluster',
    'coordinators.port': 'cluster',
    'coordinators.errorCode': 'cluster',
    'coordinators.errorMessage': 'cluster',
  },
  InitProducerId: {
    throttleTimeMs: throttled,
    errorCode: 'producer',
    producerId: 'producer',
    producerEpoch: 'producer',
    ongoingTxnProducerId: prepared,
    ongoingTxnProducerEpoch: prepared,
  },
  Produce: {
    responses: 'producer',
    'responses.name': 'producer',
    'responses.topicId': 'producer',
    'responses.partitionResponses': 'producer',
    'responses.partitionResponses.index': 'producer',
    'responses.partitionResponses.errorCode': 'producer',
    'responses.partitionResponses.baseOffset': 'producer',
    'responses.partitionResponses.logAppendTimeMs': 'producer',
    'responses.partitionResponses.logStartOffset':
      '- whether records are gone is of use where a broker lost its producer state',
    'responses.partitionResponses.recordErrors': 'producer',
    'responses.partitionResponses.recordErrors.batchIndex': 'producer',
    'responses.partitionResponses.recordErrors.batchIndexErrorMessage': 'producer',
    'responses.partitionResponses.errorMessage': 'producer',
    'responses.partitionResponses.currentLeader': 'producer',
    'responses.partitionResponses.currentLeader.leaderId': 'producer',
    'responses.partitionResponses.currentLeader.leaderEpoch': 'producer',
    throttleTimeMs: throttled,
    nodeEndpoints: 'producer',
    'nodeEndpoints.nodeId': 'producer',
    'nodeEndpoints.host': 'producer',
    'nodeEndpoints.port': 'producer',
    'nodeEndpoints.rack': 'producer',
  },
  Fetch: {
    throttleTimeMs: throttled,
    errorCode: 'consumer',
    sessionId: '- there are no fetch sessions (KIP-227) yet',
    responses: 'consumer',
    'responses.topic': 'consumer',
    'responses.topicId': 'consumer',
    'responses.partitions': 'consumer',
    'responses.partitions.partitionIndex': 'consumer',
    'responses.partitions.errorCode': 'consumer',
    'responses.partitions.highWatermark': 'consumer',
    'responses.partitions.lastStableOffset': 'consumer',
    'responses.partitions.logStartOffset': 'consumer',
    'responses.partitions.divergingEpoch': 'consumer',
    'responses.partitions.divergingEpoch.epoch': 'consumer',
    'responses.partitions.divergingEpoch.endOffset': 'consumer',
    'responses.partitions.currentLeader': 'consumer',
    'responses.partitions.currentLeader.leaderId': 'consumer',
    'responses.partitions.currentLeader.leaderEpoch': 'consumer',
    'responses.partitions.snapshotId': quorum,
    'responses.partitions.abortedTransactions': 'consumer',
    'responses.partitions.abortedTransactions.producerId': 'consumer',
    'responses.partitions.abortedTransactions.firstOffset': 'consumer',
    'responses.partitions.preferredReadReplica': 'consumer',
    'responses.partitions.records': 'consumer',
    nodeEndpoints: 'consumer',
    'nodeEndpoints.nodeId': 'consumer',
    'nodeEndpoints.host': 'consumer',
    'nodeEndpoints.port': 'consumer',
    'nodeEndpoints.rack': 'consumer',
  },
  OffsetForLeaderEpoch: {
    throttleTimeMs: throttled,
    topics: 'consumer',
    'topics.topic': 'consumer',
    'topics.partitions': 'consumer',
    'topics.partitions.errorCode': 'consumer',
    'topics.partitions.partition': 'consumer',
    'topics.partitions.leaderEpoch': 'consumer',
    'topics.partitions.endOffset': 'consumer',
  },
  ListOffsets: {
    throttleTimeMs: throttled,
    topics: 'consumer',
    'topics.name': 'consumer',
    'topics.partitions': 'consumer',
    'topics.partitions.partitionIndex': 'consumer',
    'topics.partitions.errorCode': 'consumer',
    'topics.partitions.timestamp': 'consumer',
    'topics.partitions.offset': 'consumer',
    'topics.partitions.leaderEpoch': 'consumer',
  },
  JoinGroup: {
    throttleTimeMs: throttled,
    errorCode: 'group',
    generationId: 'group',
    protocolType: echo,
    protocolName: 'group',
    leader: 'group',
    skipAssignment: 'group',
    memberId: 'group',
    members: 'group',
    'members.memberId': 'group',
    'members.groupInstanceId': 'group',
    'members.metadata': 'group',
  },
  SyncGroup: {
    throttleTimeMs: throttled,
    errorCode: 'group',
    protocolType: echo,
    protocolName: echo,
    assignment: 'group',
  },
  Heartbeat: { throttleTimeMs: throttled, errorCode: 'group' },
  LeaveGroup: {
    throttleTimeMs: throttled,
    errorCode: leaving,
    members: leaving,
  },
  OffsetCommit: {
    throttleTimeMs: throttled,
    topics: 'consumer',
    'topics.name': 'consumer',
    'topics.topicId': '- versions by name are asked for',
    'topics.partitions': 'consumer',
    'topics.partitions.partitionIndex': 'consumer',
    'topics.partitions.errorCode': 'consumer',
  },
  OffsetFetch: {
    throttleTimeMs: throttled,
    topics: 'consumer',
    'topics.name': 'consumer',
    'topics.partitions': 'consumer',
    'topics.partitions.partitionIndex': 'consumer',
    'topics.partitions.committedOffset': 'consumer',
    'topics.partitions.committedLeaderEpoch': 'consumer',
    'topics.partitions.metadata': 'consumer',
    'topics.partitions.errorCode': 'consumer',
    errorCode: 'consumer',
    groups: 'consumer',
    'groups.groupId': echo,
    'groups.topics': 'consumer',
    'groups.topics.name': 'consumer',
    'groups.topics.topicId': '- versions by name are asked for',
    'groups.topics.partitions': 'consumer',
    'groups.topics.partitions.partitionIndex': 'consumer',
    'groups.topics.partitions.committedOffset': 'consumer',
    'groups.topics.partitions.committedLeaderEpoch': 'consumer',
    'groups.topics.partitions.metadata': 'consumer',
    'groups.topics.partitions.errorCode': 'consumer',
    'groups.errorCode': 'consumer',
  },
}

function paths(shape: Shape, before = ''): string[] {
  return Object.entries(shape).flatMap(([name, { spec }]) => {
    const type: WireType = spec.type
    const inner = type.kind === 'array' ? type.element.spec.type : type
    return [`${before}${name}`, ...(inner.kind === 'struct' ? paths(inner.shape, `${before}${name}.`) : [])]
  })
}

/** The text of a folder's sources, without tests. */
function sourceOf(folder: string): string {
  const root = folder === 'protocol' ? join(SOURCES, '../../protocol/src') : join(SOURCES, folder)
  const files = readdirSync(root, { encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.test/.test(file),
  )
  return files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
}

for (const [name, listed] of Object.entries(fields)) {
  test(`${name}: every field of the answer is read where the list says, or the list says why not`, () => {
    const api = (protocol as unknown as Record<string, Api>)[name] as Api
    const isLeftOut = (path: string) =>
      Object.keys(listed).some((each) => path.startsWith(`${each}.`) && listed[each]?.startsWith('- '))
    const all = paths(api.response.shape).filter((path) => !isLeftOut(path))
    assert.deepEqual(Object.keys(listed).sort(), all.sort())
    const texts = new Map<string, string>()
    for (const [path, where] of Object.entries(listed)) {
      const field = path.slice(path.lastIndexOf('.') + 1)
      if (where.startsWith('- not yet'))
        assert.doesNotMatch(sourceOf('consumer'), new RegExp(`\\b${field}\\b`), path)
      if (where.startsWith('- ')) continue
      if (!texts.has(where)) texts.set(where, sourceOf(where))
      assert.match(texts.get(where) as string, new RegExp(`\\b${field}\\b`), `${path} in ${where}`)
    }
  })
}

test('the list has every API that the client asks for', () => {
  const asked = ['net', 'cluster', 'producer', 'consumer', 'group'].flatMap((folder) =>
    [...sourceOf(folder).matchAll(/\.(?:request|exchange)\(\s*(\w+),/g)].map(([, name]) => name as string),
  )
  const apis = asked
    .filter((name) => /^[A-Z]/.test(name))
    .map((name) => name.replace(/^MetadataApi$/, 'Metadata'))
  assert.ok(apis.length > 0)
  for (const name of apis) assert.ok(fields[name], `the answer to ${name} is not in the list`)
})
