import type { ErrorName } from './error-table.ts'

/** What each error means and what to do about it: one sentence, the remedy behind a semicolon. */
export const advice: Readonly<Record<ErrorName, string>> = {
  UNKNOWN_SERVER_ERROR: "The broker met an error it has no code for; see the broker's log.",
  NONE: 'No error; nothing to do.',
  OFFSET_OUT_OF_RANGE:
    'The offset is outside of what the partition holds; read from another one, or set autoOffsetReset.',
  CORRUPT_MESSAGE:
    'The bytes of a batch do not match their checksum, or the batch is too large for its segment; send it again.',
  UNKNOWN_TOPIC_OR_PARTITION:
    'The broker does not know this topic or partition; create it, or check its name.',
  INVALID_FETCH_SIZE: 'The fetch size is negative; set a positive one.',
  LEADER_NOT_AVAILABLE:
    'The partition has no leader at the moment; an election is under way, so ask for metadata again shortly.',
  NOT_LEADER_OR_FOLLOWER:
    'The broker does not lead this partition any more; ask for metadata again and go to the new leader.',
  REQUEST_TIMED_OUT:
    'The broker could not finish within the time given in the request and may still do so; try again, or allow more time.',
  BROKER_NOT_AVAILABLE: 'The broker is not there; see whether it runs, then ask for metadata again.',
  REPLICA_NOT_AVAILABLE: 'The replica is not there, or not yet; ask the leader.',
  MESSAGE_TOO_LARGE:
    'A batch is larger than the topic takes; lower maxRequestSize and batchSize, or raise max.message.bytes of the topic.',
  STALE_CONTROLLER_EPOCH: 'A controller that has been replaced sent this; nothing to do, the new one will.',
  OFFSET_METADATA_TOO_LARGE:
    'The text that goes with a committed offset is too long; shorten it, or raise offset.metadata.max.bytes of the broker.',
  NETWORK_EXCEPTION: 'The connection broke before the answer came; connect again and try again.',
  COORDINATOR_LOAD_IN_PROGRESS: 'The coordinator is still reading its state; ask again shortly.',
  COORDINATOR_NOT_AVAILABLE: 'There is no coordinator yet, or its topic has no leader; ask again shortly.',
  NOT_COORDINATOR:
    'This broker does not look after the group or transactional id any more; look its coordinator up again.',
  INVALID_TOPIC_EXCEPTION:
    "The topic's name is not legal, or the topic is internal; use letters, digits, '.', '_' and '-', 249 at most.",
  RECORD_LIST_TOO_LARGE:
    'The batch is larger than a segment of the topic; send less at once, or raise segment.bytes.',
  NOT_ENOUGH_REPLICAS:
    'Too few replicas are in sync to accept a write with acks=all; bring brokers back, or lower min.insync.replicas.',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    "The write is in the leader's log, but too few replicas were in sync to call it safe; send it again, which an idempotent producer does without a duplicate.",
  INVALID_REQUIRED_ACKS: 'acks has a value that is none; it must be all, 0 or 1.',
  ILLEGAL_GENERATION: 'The group has moved on to another generation; rejoin.',
  INCONSISTENT_GROUP_PROTOCOL:
    "The member's protocol type or assignors have nothing in common with the group's; use the same assignors everywhere.",
  INVALID_GROUP_ID: 'The group id is empty or not legal; set groupId.',
  UNKNOWN_MEMBER_ID:
    'The coordinator does not know this member, or has removed it; rejoin without a member id.',
  INVALID_SESSION_TIMEOUT:
    "The session timeout is outside of the broker's group.min.session.timeout.ms to group.max.session.timeout.ms; set sessionTimeoutMs within them.",
  REBALANCE_IN_PROGRESS: 'The group is rebalancing; rejoin, then try again.',
  INVALID_COMMIT_OFFSET_SIZE:
    "The commit is too large for the broker's log; commit fewer partitions at once.",
  TOPIC_AUTHORIZATION_FAILED: 'The user may not do this with the topic; add an access rule for it.',
  GROUP_AUTHORIZATION_FAILED: 'The user may not do this with the group; add an access rule for it.',
  CLUSTER_AUTHORIZATION_FAILED: 'The user may not do this with the cluster; add an access rule for it.',
  INVALID_TIMESTAMP:
    "The record's timestamp is outside of what the topic takes; correct it, or see message.timestamp.before.max.ms and after.max.ms.",
  UNSUPPORTED_SASL_MECHANISM: 'The broker does not offer this SASL mechanism; choose one that it lists.',
  ILLEGAL_SASL_STATE:
    'The request does not fit the state of the SASL exchange; configure security the same on both sides.',
  UNSUPPORTED_VERSION:
    'The broker does not speak this version of the request; one of the two sides is too old.',
  TOPIC_ALREADY_EXISTS: 'A topic of this name exists already; use it, or choose another name.',
  INVALID_PARTITIONS: 'The number of partitions is not legal; it must be positive, and can only grow.',
  INVALID_REPLICATION_FACTOR:
    'The replication factor is not positive, or larger than the number of brokers; choose one in between.',
  INVALID_REPLICA_ASSIGNMENT:
    'The assignment of replicas to brokers is not legal; name known brokers, each once for a partition.',
  INVALID_CONFIG: 'A setting is not known or has a value it cannot have; the detail says which, correct it.',
  NOT_CONTROLLER: 'This broker is not the controller; ask for metadata again.',
  INVALID_REQUEST: "The request is malformed or contradicts itself; see the broker's log.",
  UNSUPPORTED_FOR_MESSAGE_FORMAT:
    "The topic's message format is too old for this request; raise it, or do without the feature.",
  POLICY_VIOLATION:
    'A policy of the broker forbids this; the detail says what it asks for, or ask whoever runs the cluster.',
  OUT_OF_ORDER_SEQUENCE_NUMBER:
    'A batch did not follow the one before, so the sequence of this producer has a gap; records may be lost: close the producer and look at what was stored.',
  DUPLICATE_SEQUENCE_NUMBER:
    'The batch is in the log already, its offset is not known any more; take it as stored.',
  INVALID_PRODUCER_EPOCH:
    'A newer producer with the same id has taken over, or its epoch was raised; abort the transaction, or stop this producer.',
  INVALID_TXN_STATE:
    'The transaction is not in a state in which this can be done; abort it, and look for calls in the wrong order.',
  INVALID_PRODUCER_ID_MAPPING:
    'The producer id does not belong to this transactional id, or it has expired; close the producer and start another.',
  INVALID_TRANSACTION_TIMEOUT:
    "The transaction timeout is larger than the broker's transaction.max.timeout.ms; lower transactionTimeoutMs.",
  CONCURRENT_TRANSACTIONS: 'The previous transaction of this id is still being ended; try again shortly.',
  TRANSACTION_COORDINATOR_FENCED:
    'The coordinator has been replaced; nothing to do, the new one will finish the transaction.',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    'The user may not use this transactional id; add an access rule for it.',
  SECURITY_DISABLED:
    'Access rules are switched off in this cluster; there is nothing to change, or set authorizer.class.name on the brokers.',
  OPERATION_NOT_ATTEMPTED:
    'This part was not tried because another part of the same request failed; correct that one and send both again.',
  KAFKA_STORAGE_ERROR:
    'The broker cannot read or write its disk; another replica will take over, so ask for metadata again.',
  LOG_DIR_NOT_FOUND:
    "The directory is not one of the broker's log directories; choose one that it describes, or repair its disk.",
  SASL_AUTHENTICATION_FAILED:
    'The broker refused the credentials; check the user name, the password and the mechanism.',
  UNKNOWN_PRODUCER_ID:
    'The broker has forgotten this producer, because its records were deleted or it was idle for too long; start with a new producer id.',
  REASSIGNMENT_IN_PROGRESS: 'Replicas of the partition are being moved; wait until that is done.',
  DELEGATION_TOKEN_AUTH_DISABLED:
    'Delegation tokens are switched off in this cluster; set delegation.token.secret.key on all brokers.',
  DELEGATION_TOKEN_NOT_FOUND: 'There is no such delegation token; get another one.',
  DELEGATION_TOKEN_OWNER_MISMATCH:
    'The delegation token belongs to somebody else; use the name of its owner or of a renewer.',
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED:
    'Delegation tokens can only be asked for over SASL or two-way TLS, and not by somebody who used one; log in with other credentials.',
  DELEGATION_TOKEN_AUTHORIZATION_FAILED:
    'The user may not do this with the delegation token; add an access rule for it.',
  DELEGATION_TOKEN_EXPIRED: 'The delegation token has expired; get another one.',
  INVALID_PRINCIPAL_TYPE: "The principal's type is not one that can own delegation tokens; it must be User.",
  NON_EMPTY_GROUP: 'The group has members; stop them first.',
  GROUP_ID_NOT_FOUND: 'There is no such group; check its name.',
  FETCH_SESSION_ID_NOT_FOUND: 'The broker has dropped this fetch session; begin another.',
  INVALID_FETCH_SESSION_EPOCH: 'The fetch session is out of step; begin another.',
  LISTENER_NOT_FOUND:
    'The leader has no listener of the name that this connection came in on; give all brokers the same listeners.',
  TOPIC_DELETION_DISABLED: 'Deleting topics is switched off; set delete.topic.enable on the brokers.',
  FENCED_LEADER_EPOCH: "The client's leader epoch is older than the broker's; ask for metadata again.",
  UNKNOWN_LEADER_EPOCH:
    "The client's leader epoch is newer than the broker's, which will catch up; try again shortly.",
  UNSUPPORTED_COMPRESSION_TYPE:
    "The broker or the topic's format does not take this compression; choose another compressionType.",
  STALE_BROKER_EPOCH:
    'The broker was restarted and its registration is out of date; nothing to do, it registers anew.',
  OFFSET_NOT_AVAILABLE:
    'The leader has just changed and does not yet know how far all replicas are; ask again shortly.',
  MEMBER_ID_REQUIRED: 'The coordinator gave a member id; join again with it.',
  PREFERRED_LEADER_NOT_AVAILABLE:
    'The preferred leader is not alive; bring that broker back, then elect again.',
  GROUP_MAX_SIZE_REACHED:
    'The group has as many members as group.max.size allows; run fewer, or raise it on the brokers.',
  FENCED_INSTANCE_ID: 'Another member uses the same groupInstanceId; each needs one of its own.',
  ELIGIBLE_LEADERS_NOT_AVAILABLE: 'No replica that could lead is alive; bring its brokers back.',
  ELECTION_NOT_NEEDED: 'The partition has the wanted leader already; nothing to do.',
  NO_REASSIGNMENT_IN_PROGRESS: 'Nothing is being reassigned here; there is nothing to cancel.',
  GROUP_SUBSCRIBED_TO_TOPIC: 'The group reads this topic at the moment; stop its members first.',
  INVALID_RECORD:
    'The broker refused a record; the detail says which and why (often: a compacted topic needs a key).',
  UNSTABLE_OFFSET_COMMIT: "A transaction's offsets are not decided yet; ask again shortly.",
  THROTTLING_QUOTA_EXCEEDED: 'A quota was exceeded; wait as long as the answer says and try again.',
  PRODUCER_FENCED: 'Another producer with the same transactionalId has started; this one must stop.',
  RESOURCE_NOT_FOUND: 'There is no such resource; check its name.',
  DUPLICATE_RESOURCE:
    'The resource exists already, or is named twice; name it once, or change the one that is there.',
  UNACCEPTABLE_CREDENTIAL:
    'The credential is not acceptable; give a user name, and as many iterations as the mechanism asks for.',
  INCONSISTENT_VOTER_SET: 'The sets of voters do not agree; give all controllers the same quorum.',
  INVALID_UPDATE_VERSION: 'The version of the update is not legal; read the present state and update that.',
  FEATURE_UPDATE_FAILED:
    'The features could not be updated; the detail says which brokers or levels stand in the way.',
  PRINCIPAL_DESERIALIZATION_FAILURE:
    'The forwarded principal could not be read; use the same principal.builder.class on brokers and controllers.',
  SNAPSHOT_NOT_FOUND: 'The snapshot is not there, a newer one has replaced it; ask for the latest.',
  POSITION_OUT_OF_RANGE: 'The position is beyond the end of the snapshot; begin it again.',
  UNKNOWN_TOPIC_ID: 'No topic has this id: it was deleted, perhaps created anew; ask for metadata again.',
  DUPLICATE_BROKER_REGISTRATION: 'The broker id is registered already; give each broker its own node.id.',
  BROKER_ID_NOT_REGISTERED: 'The broker id is not registered; check the id, or start the broker.',
  INCONSISTENT_TOPIC_ID: "The topic's id does not fit its name: it was created anew; ask for metadata again.",
  INCONSISTENT_CLUSTER_ID:
    'The cluster id is another one, so this is the wrong cluster; check the addresses.',
  TRANSACTIONAL_ID_NOT_FOUND: 'The transactional id is not known, or has expired; check it.',
  FETCH_SESSION_TOPIC_ID_ERROR: 'The fetch session mixes topic names and ids; begin another.',
  INELIGIBLE_REPLICA:
    'The replica may not join those in sync; nothing to do, its broker is fenced or shutting down.',
  NEW_LEADER_ELECTED: 'A new leader has been elected meanwhile; nothing to do, the broker learns of it.',
  OFFSET_MOVED_TO_TIERED_STORAGE:
    'The offset has moved to tiered storage; a follower builds its state from there.',
  FENCED_MEMBER_EPOCH: 'The group has fenced this member; it must give everything up and rejoin.',
  UNRELEASED_INSTANCE_ID:
    'Another member still holds this groupInstanceId; stop it, or wait for its session to end.',
  UNSUPPORTED_ASSIGNOR:
    "The group's assignor is not one that the broker offers; choose one of group.consumer.assignors.",
  STALE_MEMBER_EPOCH: "The member's epoch is out of date; take the newest one from a heartbeat.",
  MISMATCHED_ENDPOINT_TYPE:
    'The request went to a broker where a controller was meant, or the other way round; use the other address.',
  UNSUPPORTED_ENDPOINT_TYPE: 'The type of endpoint is not supported; ask for brokers, or use a newer broker.',
  UNKNOWN_CONTROLLER_ID: "The controller's id is not known; check it against the quorum.",
  UNKNOWN_SUBSCRIPTION_ID: 'The subscription to metrics is out of date; ask for it again.',
  TELEMETRY_TOO_LARGE:
    'The metrics are too large to be taken; send less at once, or raise telemetry.max.bytes of the broker.',
  INVALID_REGISTRATION: "The registration of the broker is not legal; see the controller's log.",
  TRANSACTION_ABORTABLE: 'The transaction cannot be committed; abort it and go on.',
  INVALID_RECORD_STATE:
    'The record is not held by this member, or its delivery was decided already; go on, it may come again.',
  SHARE_SESSION_NOT_FOUND: 'The broker has dropped this share session; begin another.',
  INVALID_SHARE_SESSION_EPOCH: 'The share session is out of step; begin another.',
  FENCED_STATE_EPOCH:
    "The share state's epoch is older than the stored one; nothing to do, the broker reads it again.",
  INVALID_VOTER_KEY:
    "The voter's key is not legal; give its id and directory id as the quorum describes them.",
  DUPLICATE_VOTER: 'The voter is part of the quorum already; nothing to do.',
  VOTER_NOT_FOUND: 'The voter is not part of the quorum; check its id and directory id.',
  INVALID_REGULAR_EXPRESSION: 'The regular expression is not legal; Kafka uses RE2 syntax.',
  REBOOTSTRAP_REQUIRED:
    'The broker does not belong to the cluster any more; begin again at the bootstrap servers.',
  STREAMS_INVALID_TOPOLOGY:
    'The topology of the streams group is not legal; the detail says what is wrong with it.',
  STREAMS_INVALID_TOPOLOGY_EPOCH:
    "The topology's epoch is not legal; send the topology with the epoch of the group.",
  STREAMS_TOPOLOGY_FENCED:
    "The topology's epoch is out of date; bring the application up to the version of the others.",
  SHARE_SESSION_LIMIT_REACHED:
    'The broker holds as many share sessions as it may; wait, or raise group.share.max.share.sessions of the broker.',
}
