/** One of Kafka's error codes. */
export interface ErrorCode {
  readonly code: number
  /** Kafka's own name (`org.apache.kafka.common.protocol.Errors`). */
  readonly name: string
  /** Kafka's mark that the same request may succeed later; for people, not a policy. */
  readonly retriable: boolean
  /** Kafka's mark that the client's metadata is out of date (`InvalidMetadataException`). */
  readonly refreshesMetadata: boolean
  /** What it means and what to do, in one plain sentence. */
  readonly advice: string
}

/** The code of an error that this version knows by name. */
export function errorNamed(name: string): ErrorCode | undefined {
  return byName.get(name)
}

/** Everything known of a code; one that is not known keeps its number in its name. */
export function errorOf(code: number): ErrorCode {
  return (
    byCode.get(code) ?? {
      code,
      name: `UNKNOWN_CODE_${code}`,
      retriable: false,
      refreshesMetadata: false,
      advice: 'This version does not know the code; a newer Kafka or another product sent it.',
    }
  )
}

type Mark = '' | 'retriable' | 'metadata'

/** code, name, mark (`metadata` is retriable too), advice */
const table: readonly (readonly [number, string, Mark, string])[] = [
  [-1, 'UNKNOWN_SERVER_ERROR', '', 'The broker met an error it has no code for; its own log says more.'],
  [0, 'NONE', '', 'No error.'],
  [
    1,
    'OFFSET_OUT_OF_RANGE',
    '',
    'The offset is outside of what the partition holds; read from another one, or set autoOffsetReset.',
  ],
  [
    2,
    'CORRUPT_MESSAGE',
    'retriable',
    'The bytes of a batch do not match their checksum, or the batch is too large for its segment; send it again.',
  ],
  [
    3,
    'UNKNOWN_TOPIC_OR_PARTITION',
    'metadata',
    'The broker does not know this topic or partition; create it, or check its name.',
  ],
  [4, 'INVALID_FETCH_SIZE', '', 'The fetch size is negative; set a positive one.'],
  [
    5,
    'LEADER_NOT_AVAILABLE',
    'metadata',
    'The partition has no leader at the moment; an election is under way.',
  ],
  [
    6,
    'NOT_LEADER_OR_FOLLOWER',
    'metadata',
    'The broker does not lead this partition any more; the metadata was out of date.',
  ],
  [
    7,
    'REQUEST_TIMED_OUT',
    'retriable',
    'The broker could not finish within the time given in the request; it may still do so.',
  ],
  [8, 'BROKER_NOT_AVAILABLE', '', 'The broker is not there.'],
  [9, 'REPLICA_NOT_AVAILABLE', 'metadata', 'The replica is not there, or not yet; ask the leader.'],
  [
    10,
    'MESSAGE_TOO_LARGE',
    '',
    'A batch is larger than the topic takes; lower maxRequestSize and batchSize, or raise max.message.bytes of the topic.',
  ],
  [11, 'STALE_CONTROLLER_EPOCH', '', 'A controller that has been replaced sent this.'],
  [
    12,
    'OFFSET_METADATA_TOO_LARGE',
    '',
    'The text that goes with a committed offset is too long; shorten it, or raise offset.metadata.max.bytes of the broker.',
  ],
  [13, 'NETWORK_EXCEPTION', 'metadata', 'The connection broke before the answer came.'],
  [
    14,
    'COORDINATOR_LOAD_IN_PROGRESS',
    'retriable',
    'The coordinator is still reading its state; ask again shortly.',
  ],
  [
    15,
    'COORDINATOR_NOT_AVAILABLE',
    'retriable',
    'There is no coordinator yet, or its topic has no leader; ask again shortly.',
  ],
  [
    16,
    'NOT_COORDINATOR',
    'retriable',
    'This broker does not look after the group or transactional id any more; look its coordinator up again.',
  ],
  [
    17,
    'INVALID_TOPIC_EXCEPTION',
    '',
    "The topic's name is not legal, or the topic is internal; use letters, digits, '.', '_' and '-', 249 at most.",
  ],
  [
    18,
    'RECORD_LIST_TOO_LARGE',
    '',
    'The batch is larger than a segment of the topic; send less at once, or raise segment.bytes.',
  ],
  [
    19,
    'NOT_ENOUGH_REPLICAS',
    'retriable',
    'Too few replicas are in sync to accept a write with acks=all; bring brokers back, or lower min.insync.replicas.',
  ],
  [
    20,
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'retriable',
    "The write is in the leader's log, but too few replicas were in sync to call it safe; it may or may not last.",
  ],
  [21, 'INVALID_REQUIRED_ACKS', '', 'acks must be all, 0 or 1.'],
  [22, 'ILLEGAL_GENERATION', '', 'The group has moved on to another generation; rejoin.'],
  [
    23,
    'INCONSISTENT_GROUP_PROTOCOL',
    '',
    "The member's protocol type or assignors have nothing in common with the group's; use the same assignors everywhere.",
  ],
  [24, 'INVALID_GROUP_ID', '', 'The group id is empty or not legal; set groupId.'],
  [
    25,
    'UNKNOWN_MEMBER_ID',
    '',
    'The coordinator does not know this member, or has removed it; rejoin without a member id.',
  ],
  [
    26,
    'INVALID_SESSION_TIMEOUT',
    '',
    "The session timeout is outside of the broker's group.min.session.timeout.ms to group.max.session.timeout.ms.",
  ],
  [27, 'REBALANCE_IN_PROGRESS', '', 'The group is rebalancing; rejoin, then try again.'],
  [
    28,
    'INVALID_COMMIT_OFFSET_SIZE',
    '',
    "The commit is too large for the broker's log; commit fewer partitions at once.",
  ],
  [
    29,
    'TOPIC_AUTHORIZATION_FAILED',
    '',
    'The user may not do this with the topic; add an access rule for it.',
  ],
  [
    30,
    'GROUP_AUTHORIZATION_FAILED',
    '',
    'The user may not do this with the group; add an access rule for it.',
  ],
  [
    31,
    'CLUSTER_AUTHORIZATION_FAILED',
    '',
    'The user may not do this with the cluster; add an access rule for it.',
  ],
  [
    32,
    'INVALID_TIMESTAMP',
    '',
    "The record's timestamp is outside of what the topic takes; see message.timestamp.before.max.ms and after.max.ms.",
  ],
  [
    33,
    'UNSUPPORTED_SASL_MECHANISM',
    '',
    'The broker does not offer this SASL mechanism; choose one that it lists.',
  ],
  [
    34,
    'ILLEGAL_SASL_STATE',
    '',
    'The request does not fit the state of the SASL exchange; is security configured the same on both sides?',
  ],
  [
    35,
    'UNSUPPORTED_VERSION',
    '',
    'The broker does not speak this version of the request; one of the two sides is too old.',
  ],
  [36, 'TOPIC_ALREADY_EXISTS', '', 'A topic of this name exists already.'],
  [
    37,
    'INVALID_PARTITIONS',
    '',
    'The number of partitions is not legal: it must be positive, and can only grow.',
  ],
  [
    38,
    'INVALID_REPLICATION_FACTOR',
    '',
    'The replication factor is not positive, or larger than the number of brokers.',
  ],
  [39, 'INVALID_REPLICA_ASSIGNMENT', '', 'The assignment of replicas to brokers is not legal.'],
  [40, 'INVALID_CONFIG', '', 'A setting is not known or has a value it cannot have.'],
  [41, 'NOT_CONTROLLER', 'retriable', 'This broker is not the controller; ask for metadata again.'],
  [42, 'INVALID_REQUEST', '', "The request is malformed or contradicts itself; see the broker's log."],
  [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT', '', "The topic's message format is too old for this request."],
  [44, 'POLICY_VIOLATION', '', 'A policy of the broker forbids this.'],
  [
    45,
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    '',
    'A batch did not follow the one before: the sequence of this producer has a gap.',
  ],
  [46, 'DUPLICATE_SEQUENCE_NUMBER', '', 'The batch is in the log already; its offset is not known any more.'],
  [
    47,
    'INVALID_PRODUCER_EPOCH',
    '',
    'A newer producer with the same id has taken over, or its epoch was raised.',
  ],
  [48, 'INVALID_TXN_STATE', '', 'The transaction is not in a state in which this can be done.'],
  [
    49,
    'INVALID_PRODUCER_ID_MAPPING',
    '',
    'The producer id does not belong to this transactional id, or it has expired.',
  ],
  [
    50,
    'INVALID_TRANSACTION_TIMEOUT',
    '',
    "The transaction timeout is larger than the broker's transaction.max.timeout.ms.",
  ],
  [
    51,
    'CONCURRENT_TRANSACTIONS',
    'retriable',
    'The previous transaction of this id is still being ended; try again shortly.',
  ],
  [
    52,
    'TRANSACTION_COORDINATOR_FENCED',
    '',
    'The coordinator has been replaced; the new one will finish the transaction.',
  ],
  [
    53,
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    '',
    'The user may not use this transactional id; add an access rule for it.',
  ],
  [54, 'SECURITY_DISABLED', '', 'Security is switched off in this cluster; there is nothing to change.'],
  [
    55,
    'OPERATION_NOT_ATTEMPTED',
    '',
    'This part was not tried because another part of the same request failed.',
  ],
  [
    56,
    'KAFKA_STORAGE_ERROR',
    'metadata',
    'The broker cannot read or write its disk; another replica will take over.',
  ],
  [57, 'LOG_DIR_NOT_FOUND', '', "The directory is not one of the broker's log directories."],
  [
    58,
    'SASL_AUTHENTICATION_FAILED',
    '',
    'The broker refused the credentials; check the user name, the password and the mechanism.',
  ],
  [
    59,
    'UNKNOWN_PRODUCER_ID',
    '',
    'The broker has forgotten this producer, because its records were deleted or it was idle for too long.',
  ],
  [60, 'REASSIGNMENT_IN_PROGRESS', '', 'Replicas of the partition are being moved; wait until that is done.'],
  [61, 'DELEGATION_TOKEN_AUTH_DISABLED', '', 'Delegation tokens are switched off in this cluster.'],
  [62, 'DELEGATION_TOKEN_NOT_FOUND', '', 'There is no such delegation token.'],
  [63, 'DELEGATION_TOKEN_OWNER_MISMATCH', '', 'The delegation token belongs to somebody else.'],
  [
    64,
    'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED',
    '',
    'Delegation tokens can only be asked for over SASL or two-way TLS, and not by somebody who used one.',
  ],
  [65, 'DELEGATION_TOKEN_AUTHORIZATION_FAILED', '', 'The user may not do this with the delegation token.'],
  [66, 'DELEGATION_TOKEN_EXPIRED', '', 'The delegation token has expired; get another one.'],
  [67, 'INVALID_PRINCIPAL_TYPE', '', "The principal's type is not one that can own delegation tokens."],
  [68, 'NON_EMPTY_GROUP', '', 'The group has members; stop them first.'],
  [69, 'GROUP_ID_NOT_FOUND', '', 'There is no such group.'],
  [
    70,
    'FETCH_SESSION_ID_NOT_FOUND',
    'retriable',
    'The broker has dropped this fetch session; begin another.',
  ],
  [71, 'INVALID_FETCH_SESSION_EPOCH', 'retriable', 'The fetch session is out of step; begin another.'],
  [
    72,
    'LISTENER_NOT_FOUND',
    'metadata',
    'The leader has no listener of the name that this connection came in on.',
  ],
  [73, 'TOPIC_DELETION_DISABLED', '', 'Deleting topics is switched off; see delete.topic.enable.'],
  [
    74,
    'FENCED_LEADER_EPOCH',
    'metadata',
    "The client's leader epoch is older than the broker's; ask for metadata again.",
  ],
  [
    75,
    'UNKNOWN_LEADER_EPOCH',
    'retriable',
    "The client's leader epoch is newer than the broker's; it will catch up.",
  ],
  [
    76,
    'UNSUPPORTED_COMPRESSION_TYPE',
    '',
    "The broker or the topic's format does not take this compression; choose another compressionType.",
  ],
  [77, 'STALE_BROKER_EPOCH', '', 'The broker was restarted and its registration is out of date.'],
  [
    78,
    'OFFSET_NOT_AVAILABLE',
    'retriable',
    'The leader has just changed and does not yet know how far all replicas are; ask again shortly.',
  ],
  [79, 'MEMBER_ID_REQUIRED', '', 'The coordinator gave a member id; join again with it.'],
  [80, 'PREFERRED_LEADER_NOT_AVAILABLE', 'metadata', 'The preferred leader is not alive.'],
  [81, 'GROUP_MAX_SIZE_REACHED', '', 'The group has as many members as group.max.size allows.'],
  [82, 'FENCED_INSTANCE_ID', '', 'Another member uses the same groupInstanceId; each needs one of its own.'],
  [83, 'ELIGIBLE_LEADERS_NOT_AVAILABLE', 'metadata', 'No replica that could lead is alive.'],
  [84, 'ELECTION_NOT_NEEDED', 'metadata', 'The partition has the wanted leader already.'],
  [85, 'NO_REASSIGNMENT_IN_PROGRESS', '', 'Nothing is being reassigned here.'],
  [86, 'GROUP_SUBSCRIBED_TO_TOPIC', '', 'The group reads this topic at the moment; stop its members first.'],
  [87, 'INVALID_RECORD', '', 'The broker refused a record; the detail says which and why.'],
  [
    88,
    'UNSTABLE_OFFSET_COMMIT',
    'retriable',
    "A transaction's offsets are not decided yet; ask again shortly.",
  ],
  [89, 'THROTTLING_QUOTA_EXCEEDED', 'retriable', 'A quota was exceeded; wait and try again.'],
  [
    90,
    'PRODUCER_FENCED',
    '',
    'Another producer with the same transactionalId has started; this one must stop.',
  ],
  [91, 'RESOURCE_NOT_FOUND', '', 'There is no such resource.'],
  [92, 'DUPLICATE_RESOURCE', '', 'The resource exists already.'],
  [93, 'UNACCEPTABLE_CREDENTIAL', '', 'The credential is not acceptable.'],
  [94, 'INCONSISTENT_VOTER_SET', '', 'The sets of voters do not agree.'],
  [95, 'INVALID_UPDATE_VERSION', '', 'The version of the update is not legal.'],
  [96, 'FEATURE_UPDATE_FAILED', '', 'The features could not be updated.'],
  [97, 'PRINCIPAL_DESERIALIZATION_FAILURE', '', 'The forwarded principal could not be read.'],
  [98, 'SNAPSHOT_NOT_FOUND', '', 'The snapshot is not there.'],
  [99, 'POSITION_OUT_OF_RANGE', '', 'The position is beyond the end of the snapshot.'],
  [
    100,
    'UNKNOWN_TOPIC_ID',
    'metadata',
    'No topic has this id: it was deleted, perhaps created anew; ask for metadata again.',
  ],
  [101, 'DUPLICATE_BROKER_REGISTRATION', '', 'The broker id is registered already.'],
  [102, 'BROKER_ID_NOT_REGISTERED', '', 'The broker id is not registered.'],
  [
    103,
    'INCONSISTENT_TOPIC_ID',
    'metadata',
    "The topic's id does not fit its name: it was created anew; ask for metadata again.",
  ],
  [104, 'INCONSISTENT_CLUSTER_ID', '', 'The cluster id is another one: this is the wrong cluster.'],
  [105, 'TRANSACTIONAL_ID_NOT_FOUND', '', 'The transactional id is not known.'],
  [
    106,
    'FETCH_SESSION_TOPIC_ID_ERROR',
    'retriable',
    'The fetch session mixes topic names and ids; begin another.',
  ],
  [107, 'INELIGIBLE_REPLICA', '', 'The replica may not join those in sync.'],
  [108, 'NEW_LEADER_ELECTED', '', 'A new leader has been elected meanwhile.'],
  [109, 'OFFSET_MOVED_TO_TIERED_STORAGE', '', 'The offset has moved to tiered storage.'],
  [
    110,
    'FENCED_MEMBER_EPOCH',
    '',
    'The group has fenced this member; it must give everything up and rejoin.',
  ],
  [111, 'UNRELEASED_INSTANCE_ID', '', 'Another member still holds this groupInstanceId.'],
  [112, 'UNSUPPORTED_ASSIGNOR', '', "The group's assignor is not one that the broker offers."],
  [113, 'STALE_MEMBER_EPOCH', '', "The member's epoch is out of date; take the newest one from a heartbeat."],
  [
    114,
    'MISMATCHED_ENDPOINT_TYPE',
    '',
    'The request went to a broker where a controller was meant, or the other way round.',
  ],
  [115, 'UNSUPPORTED_ENDPOINT_TYPE', '', 'The type of endpoint is not supported.'],
  [116, 'UNKNOWN_CONTROLLER_ID', '', "The controller's id is not known."],
  [117, 'UNKNOWN_SUBSCRIPTION_ID', '', 'The subscription to metrics is out of date; ask for it again.'],
  [118, 'TELEMETRY_TOO_LARGE', '', 'The metrics are too large to be taken.'],
  [119, 'INVALID_REGISTRATION', '', 'The registration of the broker is not legal.'],
  [120, 'TRANSACTION_ABORTABLE', '', 'The transaction cannot be committed; abort it and go on.'],
  [
    121,
    'INVALID_RECORD_STATE',
    '',
    'The record is not held by this member, or its delivery was decided already.',
  ],
  [122, 'SHARE_SESSION_NOT_FOUND', 'retriable', 'The broker has dropped this share session; begin another.'],
  [123, 'INVALID_SHARE_SESSION_EPOCH', 'retriable', 'The share session is out of step; begin another.'],
  [124, 'FENCED_STATE_EPOCH', '', "The share state's epoch is older than the stored one."],
  [125, 'INVALID_VOTER_KEY', '', "The voter's key is not legal."],
  [126, 'DUPLICATE_VOTER', '', 'The voter is part of the quorum already.'],
  [127, 'VOTER_NOT_FOUND', '', 'The voter is not part of the quorum.'],
  [128, 'INVALID_REGULAR_EXPRESSION', '', 'The regular expression is not legal; Kafka uses RE2 syntax.'],
  [129, 'REBOOTSTRAP_REQUIRED', '', 'The client must begin again at its bootstrap servers.'],
  [130, 'STREAMS_INVALID_TOPOLOGY', '', 'The topology of the streams group is not legal.'],
  [131, 'STREAMS_INVALID_TOPOLOGY_EPOCH', '', "The topology's epoch is not legal."],
  [132, 'STREAMS_TOPOLOGY_FENCED', '', "The topology's epoch is out of date."],
  [133, 'SHARE_SESSION_LIMIT_REACHED', 'retriable', 'The broker holds as many share sessions as it may.'],
]

const all: readonly ErrorCode[] = table.map(([code, name, mark, advice]) => ({
  code,
  name,
  retriable: mark !== '',
  refreshesMetadata: mark === 'metadata',
  advice,
}))

const byCode = new Map(all.map((error) => [error.code, error]))
const byName = new Map(all.map((error) => [error.name, error]))

/** All of Kafka's codes, in order. */
export const errorCodes: readonly ErrorCode[] = all
