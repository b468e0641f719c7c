import type { ApiName } from './bodies.ts'

interface Refusal {
  /** Kafka's name of the error; the only one in the answer. */
  readonly error: string
  /** First and last version that refuses; all of them when left out. */
  readonly versions?: readonly [number, number]
}

const noToken = { error: 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED' }
const noProducer = { error: 'INVALID_PRODUCER_ID_MAPPING' }
const noGroup = { error: 'GROUP_ID_NOT_FOUND' }
const noMember = { error: 'UNKNOWN_MEMBER_ID' }
// KIP-932: the session begins with epoch 0.
const noShareSession = { error: 'SHARE_SESSION_NOT_FOUND' }
// State that was never initialized (ShareCoordinatorShard).
const noShareState = { error: 'INVALID_REQUEST' }
const noTopic = { error: 'UNKNOWN_TOPIC_OR_PARTITION' }
const noSecurity = { error: 'SECURITY_DISABLED' }
const notAskedForSasl = { error: 'ILLEGAL_SASL_STATE' }
const otherCluster = { error: 'INCONSISTENT_CLUSTER_ID' }

/** How a broker without security refuses the bodies that it should refuse; it accepts all others. */
const refusals: { readonly [Name in ApiName]?: Refusal } = {
  AddOffsetsToTxn: noProducer,
  AddPartitionsToTxn: noProducer,
  AddRaftVoter: otherCluster,
  AlterPartitionReassignments: { error: 'NO_REASSIGNMENT_IN_PROGRESS' },
  AlterReplicaLogDirs: { error: 'LOG_DIR_NOT_FOUND' },
  AlterUserScramCredentials: { error: 'RESOURCE_NOT_FOUND' },
  ConsumerGroupDescribe: noGroup,
  CreateAcls: noSecurity,
  CreateDelegationToken: noToken,
  DeleteAcls: noSecurity,
  DeleteGroups: noGroup,
  DeleteShareGroupOffsets: noGroup,
  DeleteTopics: noTopic,
  DescribeAcls: noSecurity,
  DescribeDelegationToken: noToken,
  // Before KIP-1043 a group that does not exist was described as dead.
  DescribeGroups: { ...noGroup, versions: [6, 6] },
  DescribeTransactions: { error: 'TRANSACTIONAL_ID_NOT_FOUND' },
  ElectLeaders: { error: 'ELECTION_NOT_NEEDED' },
  EndTxn: noProducer,
  ExpireDelegationToken: noToken,
  Heartbeat: noMember,
  // KIP-394; from version 5 on the body names an instance, which needs no second attempt (KIP-345).
  JoinGroup: { error: 'MEMBER_ID_REQUIRED', versions: [4, 4] },
  LeaveGroup: noMember,
  OffsetDelete: noGroup,
  ReadShareGroupState: noShareState,
  RemoveRaftVoter: otherCluster,
  RenewDelegationToken: noToken,
  SaslAuthenticate: notAskedForSasl,
  SaslHandshake: notAskedForSasl,
  ShareAcknowledge: noShareSession,
  ShareFetch: noShareSession,
  ShareGroupDescribe: noGroup,
  StreamsGroupDescribe: noGroup,
  SyncGroup: noMember,
  TxnOffsetCommit: noProducer,
  UnregisterBroker: { error: 'BROKER_ID_NOT_REGISTERED' },
  UpdateFeatures: { error: 'INVALID_UPDATE_VERSION' },
  WriteShareGroupState: noShareState,
  WriteTxnMarkers: noTopic,
}

/** The error that the body of the table has to meet; '' when it has to be accepted. */
export function refusalOf(name: string, version: number): string {
  const refusal = refusals[name as ApiName]
  if (!refusal) return ''
  const [first, last] = refusal.versions ?? [0, Number.POSITIVE_INFINITY]
  return version >= first && version <= last ? refusal.error : ''
}
