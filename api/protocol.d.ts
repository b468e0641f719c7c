// apis/classic-group
/** Enters a classic group, or its next generation. */
export declare const JoinGroup: Api; // key 11, versions 0 to 9, flexible from 6
/** Distributes the leader's assignment to the members of a classic group. */
export declare const SyncGroup: Api; // key 14, versions 0 to 5, flexible from 4
/** Keeps a member of a classic group alive. */
export declare const Heartbeat: Api; // key 12, versions 0 to 4, flexible from 4
/** Takes members out of a classic group. */
export declare const LeaveGroup: Api; // key 13, versions 0 to 5, flexible from 4

// apis/cluster
/** Moves replicas between the directories of a broker. */
export declare const AlterReplicaLogDirs: Api; // key 34, versions 1 to 2, flexible from 2
/** Directories of a broker and what they hold. */
export declare const DescribeLogDirs: Api; // key 35, versions 1 to 5, flexible from 2
/** State of the metadata quorum (KIP-595). */
export declare const DescribeQuorum: Api; // key 55, versions 0 to 2, flexible from 0
/** Changes feature levels (KIP-584). */
export declare const UpdateFeatures: Api; // key 57, versions 0 to 2, flexible from 0
/** Forgets a broker that will not come back. */
export declare const UnregisterBroker: Api; // key 64, version 0, flexible from 0
/** Adds a voter to the metadata quorum (KIP-853). */
export declare const AddRaftVoter: Api; // key 80, versions 0 to 1, flexible from 0
/** Removes a voter from the metadata quorum (KIP-853). */
export declare const RemoveRaftVoter: Api; // key 81, version 0, flexible from 0

// apis/configs
/** Settings of topics, brokers and groups. */
export declare const DescribeConfigs: Api; // key 32, versions 1 to 4, flexible from 4
/** Replaces all settings of a resource; IncrementalAlterConfigs changes single ones. */
export declare const AlterConfigs: Api; // key 33, versions 0 to 2, flexible from 2
/** Changes single settings (KIP-339). */
export declare const IncrementalAlterConfigs: Api; // key 44, versions 0 to 1, flexible from 1
/** Which resources have settings (KIP-1142). */
export declare const ListConfigResources: Api; // key 74, versions 0 to 1, flexible from 0

// apis/consumer-group
/** The one request of the next generation of consumer groups (KIP-848). */
export declare const ConsumerGroupHeartbeat: Api; // key 68, versions 0 to 1, flexible from 0
/** State and members of consumer groups (KIP-848). */
export declare const ConsumerGroupDescribe: Api; // key 69, versions 0 to 1, flexible from 0

// apis/coordinator
/** Which broker looks after a group, a transactional id or a share partition. */
export declare const FindCoordinator: Api; // key 10, versions 0 to 6, flexible from 3

// apis/group-offsets
/** Stores how far a group has read. */
export declare const OffsetCommit: Api; // key 8, versions 2 to 10, flexible from 8
/** How far groups have read. */
export declare const OffsetFetch: Api; // key 9, versions 1 to 10, flexible from 6
/** Removes committed offsets (KIP-496). */
export declare const OffsetDelete: Api; // key 47, version 0

// apis/groups
/** State and members of classic groups. */
export declare const DescribeGroups: Api; // key 15, versions 0 to 6, flexible from 5
/** Groups of a broker. */
export declare const ListGroups: Api; // key 16, versions 0 to 5, flexible from 3
/** Removes groups without members. */
export declare const DeleteGroups: Api; // key 42, versions 0 to 2, flexible from 2

// apis/log
/** Appends record batches to partitions. From v13 topics are named by id (KIP-516). */
export declare const Produce: Api; // key 0, versions 3 to 13, flexible from 9
/** Reads record batches; sessions from v7 (KIP-227), topic ids from v13 (KIP-516). */
export declare const Fetch: Api; // key 1, versions 4 to 18, flexible from 12
/** Offsets by time, or the ends of a partition. */
export declare const ListOffsets: Api; // key 2, versions 1 to 11, flexible from 6
/** Where a leader epoch ended: finds out whether a log was cut (KIP-320). */
export declare const OffsetForLeaderEpoch: Api; // key 23, versions 2 to 4, flexible from 4
/** Moves the beginning of partitions forward. */
export declare const DeleteRecords: Api; // key 21, versions 0 to 2, flexible from 2

// apis/metadata
/** What a broker speaks, and the features that are switched on (KIP-35, KIP-584). */
export declare const ApiVersions: Api; // key 18, versions 0 to 4, flexible from 3
/** Brokers, topics, and who leads which partition. */
export declare const Metadata: Api; // key 3, versions 0 to 13, flexible from 9
/** Brokers and id of the cluster (KIP-700). */
export declare const DescribeCluster: Api; // key 60, versions 0 to 2, flexible from 0
/** Partitions of topics, page by page (KIP-966). */
export declare const DescribeTopicPartitions: Api; // key 75, version 0, flexible from 0

// apis/quotas
/** Quotas that match a filter (KIP-546). */
export declare const DescribeClientQuotas: Api; // key 48, versions 0 to 1, flexible from 1
/** Changes quotas (KIP-546). */
export declare const AlterClientQuotas: Api; // key 49, versions 0 to 1, flexible from 1

// apis/security
/** Chooses a SASL mechanism. */
export declare const SaslHandshake: Api; // key 17, versions 0 to 1
/** Carries the tokens of a SASL mechanism (KIP-152), with the session's lifetime (KIP-368). */
export declare const SaslAuthenticate: Api; // key 36, versions 0 to 2, flexible from 2
/** Access rules that match a filter. */
export declare const DescribeAcls: Api; // key 29, versions 1 to 3, flexible from 2
/** Adds access rules. */
export declare const CreateAcls: Api; // key 30, versions 1 to 3, flexible from 2
/** Removes the access rules that match filters. */
export declare const DeleteAcls: Api; // key 31, versions 1 to 3, flexible from 2
/** Which SCRAM credentials users have (KIP-554). */
export declare const DescribeUserScramCredentials: Api; // key 50, version 0, flexible from 0
/** Sets and removes SCRAM credentials (KIP-554). */
export declare const AlterUserScramCredentials: Api; // key 51, version 0, flexible from 0
/** Creates a delegation token (KIP-48). */
export declare const CreateDelegationToken: Api; // key 38, versions 1 to 3, flexible from 2
/** Lengthens the life of a delegation token. */
export declare const RenewDelegationToken: Api; // key 39, versions 1 to 2, flexible from 2
/** Ends a delegation token. */
export declare const ExpireDelegationToken: Api; // key 40, versions 1 to 2, flexible from 2
/** Delegation tokens of owners. */
export declare const DescribeDelegationToken: Api; // key 41, versions 1 to 3, flexible from 2

// apis/share-fetch
/** Acquires records for a member of a share group (KIP-932). */
export declare const ShareFetch: Api; // key 78, versions 1 to 2, flexible from 0
/** Says what became of acquired records (KIP-932). */
export declare const ShareAcknowledge: Api; // key 79, versions 1 to 2, flexible from 0

// apis/share-group
/** Membership of share groups (KIP-932). */
export declare const ShareGroupHeartbeat: Api; // key 76, version 1, flexible from 0
/** State and members of share groups (KIP-932). */
export declare const ShareGroupDescribe: Api; // key 77, version 1, flexible from 0
/** Where share groups begin to read (KIP-932). */
export declare const DescribeShareGroupOffsets: Api; // key 90, versions 0 to 1, flexible from 0
/** Sets where share groups begin to read. */
export declare const AlterShareGroupOffsets: Api; // key 91, version 0, flexible from 0
/** Forgets where share groups begin to read. */
export declare const DeleteShareGroupOffsets: Api; // key 92, version 0, flexible from 0

// apis/share-state
/** Between brokers: begins the state of share partitions. */
export declare const InitializeShareGroupState: Api; // key 83, version 0, flexible from 0
/** Between brokers: state of share partitions. */
export declare const ReadShareGroupState: Api; // key 84, version 0, flexible from 0
/** Between brokers: stores the state of share partitions. */
export declare const WriteShareGroupState: Api; // key 85, versions 0 to 1, flexible from 0
/** Between brokers: removes the state of share partitions. */
export declare const DeleteShareGroupState: Api; // key 86, version 0, flexible from 0
/** Between brokers: the ends of the state of share partitions. */
export declare const ReadShareGroupStateSummary: Api; // key 87, versions 0 to 1, flexible from 0

// apis/streams
/** Membership of streams groups (KIP-1071). */
export declare const StreamsGroupHeartbeat: Api; // key 88, version 0, flexible from 0
/** State and members of streams groups (KIP-1071). */
export declare const StreamsGroupDescribe: Api; // key 89, version 0, flexible from 0

// apis/telemetry
/** Which metrics a broker wants from clients (KIP-714). */
export declare const GetTelemetrySubscriptions: Api; // key 71, version 0, flexible from 0
/** Metrics of a client (KIP-714). */
export declare const PushTelemetry: Api; // key 72, version 0, flexible from 0

// apis/topics
/** Creates topics. */
export declare const CreateTopics: Api; // key 19, versions 2 to 7, flexible from 5
/** Deletes topics, by name or from v6 by id. */
export declare const DeleteTopics: Api; // key 20, versions 1 to 6, flexible from 4
/** Adds partitions to topics. */
export declare const CreatePartitions: Api; // key 37, versions 0 to 3, flexible from 2
/** Moves leadership, to the preferred replica or an unclean one (KIP-460). */
export declare const ElectLeaders: Api; // key 43, versions 0 to 2, flexible from 2
/** Moves replicas to other brokers (KIP-455). */
export declare const AlterPartitionReassignments: Api; // key 45, versions 0 to 1, flexible from 0
/** Moves of replicas that are under way (KIP-455). */
export declare const ListPartitionReassignments: Api; // key 46, version 0, flexible from 0

// apis/transaction
/** Gives a producer its id and epoch (KIP-98, KIP-360). */
export declare const InitProducerId: Api; // key 22, versions 0 to 6, flexible from 2
/** Adds partitions to a transaction. */
export declare const AddPartitionsToTxn: Api; // key 24, versions 0 to 5, flexible from 3
/** Adds a group's offsets to a transaction. */
export declare const AddOffsetsToTxn: Api; // key 25, versions 0 to 4, flexible from 3
/** Commits or aborts a transaction. */
export declare const EndTxn: Api; // key 26, versions 0 to 5, flexible from 3
/** Writes the markers that end a transaction into partitions. */
export declare const WriteTxnMarkers: Api; // key 27, versions 0 to 2, flexible from 1
/** Commits offsets as part of a transaction. */
export declare const TxnOffsetCommit: Api; // key 28, versions 0 to 5, flexible from 3
/** Producers that are active on partitions (KIP-664). */
export declare const DescribeProducers: Api; // key 61, version 0, flexible from 0
/** State of transactions (KIP-664). */
export declare const DescribeTransactions: Api; // key 65, version 0, flexible from 0
/** Transactions of a broker (KIP-664). */
export declare const ListTransactions: Api; // key 66, versions 0 to 2, flexible from 0

// assignors/assignor
/** Partitions of one topic. */
export interface TopicPartitions {
    topic: string;
    partitions: readonly number[];
}
/** A member of a group as an assignor sees it. */
export interface AssignorMember {
    memberId: string;
    /** Of a static member (KIP-345). */
    groupInstanceId?: string | null;
    /** Where the member stands, as brokers name their racks (KIP-881). */
    rackId?: string | null;
    /** Topics it subscribed to; those that do not exist are passed over. */
    topics: readonly string[];
    /**
     * What it has at the moment: of a classic member what it says of itself (KIP-429), of a member of a consumer or share
     * group its current target.
     */
    ownedPartitions?: readonly TopicPartitions[];
    /** The generation in which a classic member got what it owns; absent or negative when it does not say (KIP-792). */
    generationId?: number;
    /** What the member's assignor put into its subscription, for `sticky` and `cooperativeSticky`. */
    userData?: Uint8Array | null;
}
/** What an assignor must know of a topic. */
export interface AssignorTopic {
    partitions: number;
    /** By partition: the racks of its replicas. Absent when the brokers do not say. */
    racks?: readonly (readonly string[])[];
    /** As Kafka prints it. The broker's `uniform` orders topics that are alike by it, and by name when it is absent. */
    id?: string;
}
/** Partitions by topic, in ascending order; a topic without partitions is absent. */
export type Assignment = Map<string, number[]>;
/**
 * Shares the partitions of topics out among members: a pure function, whose answer does not depend on the order in which
 * members and topics are given.
 * @param topics what exists, by name; a topic that is missing gives nothing
 * @returns an assignment for every member, by member id
 */
export type Assignor = (members: readonly AssignorMember[], topics: ReadonlyMap<string, AssignorTopic>) => Map<string, Assignment>;
/** UTF-16 order, which is that of Java's strings. */
export declare function compare(a: string, b: string): number;
/** Static members come first, by their instance ids, so that a restart does not change the order. Source: `MemberInfo`. */
export declare function staticFirst(members: readonly AssignorMember[]): AssignorMember[];

// assignors/broker-range
/**
 * The broker's `range` for consumer groups: topic by topic, each subscriber gets a run of neighbouring partitions, the
 * first ones one more where it does not come out even. Neither racks nor what members have counts.
 * Source: KIP-848, `org.apache.kafka.coordinator.group.assignor.RangeAssignor`.
 */
export declare const brokerRange: Assignor;

// assignors/range
/**
 * Topic by topic, each member gets a run of neighbouring partitions; the first members get one more where it does not
 * come out even. Where racks are known and partitions differ in theirs, partitions with a replica in the member's rack
 * are given out first (KIP-881); topics with the same members and the same number of partitions stay together then, so
 * that who has partition 0 of one has partition 0 of the other.
 * Source: `org.apache.kafka.clients.consumer.RangeAssignor`; goes by `range`.
 */
export declare const range: Assignor;

// assignors/round-robin
/**
 * All partitions of all topics are dealt out like cards, past members that did not subscribe to the topic.
 * Source: `org.apache.kafka.clients.consumer.RoundRobinAssignor`; goes by `roundrobin`.
 */
export declare const roundRobin: Assignor;

// assignors/share-simple
/**
 * The broker's `simple` for share groups, where a partition may have several members: each partition gets as many as it
 * takes to give everybody something, and members keep what they have as far as that allows. When subscriptions differ,
 * each topic is shared out for itself.
 * Source: KIP-932, `org.apache.kafka.coordinator.group.assignor.SimpleAssignor`.
 */
export declare const shareSimple: Assignor;

// assignors/sticky
/**
 * As even as it can be, and members keep what they have as far as that allows. For the eager protocol: members have given
 * everything back before they join, and remember in their `userData` what they had (see `encodeStickyUserData`).
 * Source: KIP-54, `org.apache.kafka.clients.consumer.StickyAssignor`; goes by `sticky`.
 */
export declare const sticky: Assignor;
/**
 * As `sticky`, for the cooperative protocol: members keep what they have while they join (`ownedPartitions`), so what is
 * to move from one member to another is given to nobody at first. Its owner gives it back and joins again, and then it is
 * assigned. Source: KIP-429, `org.apache.kafka.clients.consumer.CooperativeStickyAssignor`; goes by `cooperative-sticky`.
 */
export declare const cooperativeSticky: Assignor;

// assignors/sticky-user-data
/** What a member with the assignor `sticky` remembers of its last assignment. */
export interface StickyUserData {
    ownedPartitions: readonly TopicPartitions[];
    /** The generation in which it was assigned; -1 when that is not known. */
    generationId: number;
}
/**
 * The user data of a subscription with the assignor `sticky`, in its newest form (there is no version in front; the
 * generation at the end tells the two forms apart). Source: `StickyAssignor.serializeTopicPartitionAssignment`.
 */
export declare function encodeStickyUserData({ ownedPartitions, generationId }: StickyUserData): Uint8Array;
/**
 * Reads both forms. What cannot be read says nothing, as in Kafka: the member then counts as new, which costs it its
 * partitions and nobody anything else.
 */
export declare function decodeStickyUserData(userData: Uint8Array | null | undefined): StickyUserData;
/** The user data of a subscription with the assignor `cooperative-sticky`: the generation, for leaders that are older. */
export declare function encodeCooperativeStickyUserData(generationId: number): Uint8Array;
/** The generation in it; -1 when there is none or it cannot be read. */
export declare function decodeCooperativeStickyUserData(userData: Uint8Array | null | undefined): number;

// assignors/uniform
/**
 * The broker's `uniform` for consumer groups, its default: as even as it can be, and members keep what they have as far
 * as that allows. Racks do not count.
 * Source: KIP-848, `org.apache.kafka.coordinator.group.assignor.UniformAssignor`.
 */
export declare const uniform: Assignor;

// compression/codec
/** What `decompress` may overlook. */
export interface DecompressOptions {
    /** Takes lz4 frames with the wrong header checksum that messages of magic 0 always have. */
    lenientLz4Header?: boolean;
}
/** Where the work of the asynchronous functions is done. */
export interface AsyncOptions {
    /**
     * What is smaller is done at once, on this thread: handing it to another costs more. Bytes of what is given;
     * default 131,072. Infinity: always at once, so that a run can be repeated exactly.
     */
    syncBelow?: number;
    /**
     * Lets others have a turn; called after every 256 KiB of what can only be done on this thread (snappy and lz4, and
     * zstd on Node before 22.15). Left out, those are done without a pause.
     */
    turn?: () => Promise<unknown>;
}
/**
 * Compresses the records of a batch.
 * @param level the codec's own scale (`compressionLevel`); left out: Kafka's default
 * @throws EncodeError when there is no such codec, it has no such level, or it was not loaded (`prepareCodec`)
 */
export declare function compress(name: CodecName, bytes: Uint8Array, level?: number): Uint8Array;
/**
 * As `compress`, but large bytes do not hold up this thread: gzip and zstd work on zlib's own thread pool, four at a
 * time, the others in turns. The bytes must stay unchanged until then.
 * @throws EncodeError when there is no such codec, it has no such level, or it was not loaded (`prepareCodec`)
 */
export declare function compressAsync(name: CodecName, bytes: Uint8Array, level?: number, options?: AsyncOptions): Promise<Uint8Array>;
/**
 * Undoes `compress`, and what other clients write.
 * @param codec number from the batch's attributes
 * @param maxBytes more than that is refused while it is being decompressed, not after
 * @throws MalformedError whose message says what is wrong; where the bytes are only the caller knows
 */
export declare function decompress(codec: number, bytes: Uint8Array, maxBytes: number, options?: DecompressOptions): Buffer;
/**
 * As `decompress`, with the work done where `compressAsync` does it.
 * @throws MalformedError whose message says what is wrong; where the bytes are only the caller knows
 */
export declare function decompressAsync(codec: number, bytes: Uint8Array, maxBytes: number, options?: DecompressOptions & AsyncOptions): Promise<Buffer>;
/**
 * Makes a codec ready to compress; decompressing never waits. Only zstd on Node before 22.15 has something to load.
 * @returns undefined when there is nothing to wait for
 */
export declare function prepareCodec(name: CodecName): Promise<void> | undefined;

// compression/codec-name
/** Kafka's names of the codecs, by their number in a batch's attributes. */
export declare const codecNames: readonly ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** One of `codecNames`. */
export type CodecName = (typeof codecNames)[number];
/**
 * A codec's number in a batch's attributes.
 * @throws EncodeError when there is no such codec
 */
export declare function codecNumber(name: CodecName): number;

// compression/level
/**
 * The level that a codec compresses with: gzip 1 to 9 (default -1, which is zlib's own choice), lz4 1 to 17 (9), zstd
 * -131072 to 22 (3). `none` and `snappy` have no levels: what is given for them is passed over, as in Kafka.
 * @throws EncodeError when the codec has no such level
 */
export declare function compressionLevel(name: CodecName, level: number | undefined): number;

// errors/error-codes
/** One of Kafka's error codes. */
export interface ErrorCode {
    readonly code: number;
    /** Kafka's own name (`org.apache.kafka.common.protocol.Errors`). */
    readonly name: ErrorName | `UNKNOWN_CODE_${number}`;
    /** Kafka's mark that the same request may succeed later; for people, not a policy. */
    readonly retriable: boolean;
    /** Kafka's mark that the client's metadata is out of date (`InvalidMetadataException`). */
    readonly refreshesMetadata: boolean;
    /** What it means and what to do, in one plain sentence. */
    readonly advice: string;
}
/** The code of an error by its name; undefined for a name that this version does not know. */
export declare function errorNamed(name: ErrorName): ErrorCode;
export declare function errorNamed(name: string): ErrorCode | undefined;
/** Everything known of a code; one that is not known keeps its number in its name. */
export declare function errorOf(code: number): ErrorCode;
/** All of Kafka's codes, in order. */
export declare const errorCodes: readonly ErrorCode[];

// errors/error-table
/** code, name, mark (`metadata` is retriable too). Source: `org.apache.kafka.common.protocol.Errors` of Kafka 4.3. */
declare const errorTable: readonly [readonly [-1, "UNKNOWN_SERVER_ERROR", ""], readonly [0, "NONE", ""], readonly [1, "OFFSET_OUT_OF_RANGE", ""], readonly [2, "CORRUPT_MESSAGE", "retriable"], readonly [3, "UNKNOWN_TOPIC_OR_PARTITION", "metadata"], readonly [4, "INVALID_FETCH_SIZE", ""], readonly [5, "LEADER_NOT_AVAILABLE", "metadata"], readonly [6, "NOT_LEADER_OR_FOLLOWER", "metadata"], readonly [7, "REQUEST_TIMED_OUT", "retriable"], readonly [8, "BROKER_NOT_AVAILABLE", ""], readonly [9, "REPLICA_NOT_AVAILABLE", "metadata"], readonly [10, "MESSAGE_TOO_LARGE", ""], readonly [11, "STALE_CONTROLLER_EPOCH", ""], readonly [12, "OFFSET_METADATA_TOO_LARGE", ""], readonly [13, "NETWORK_EXCEPTION", "metadata"], readonly [14, "COORDINATOR_LOAD_IN_PROGRESS", "retriable"], readonly [15, "COORDINATOR_NOT_AVAILABLE", "retriable"], readonly [16, "NOT_COORDINATOR", "retriable"], readonly [17, "INVALID_TOPIC_EXCEPTION", ""], readonly [18, "RECORD_LIST_TOO_LARGE", ""], readonly [19, "NOT_ENOUGH_REPLICAS", "retriable"], readonly [20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "retriable"], readonly [21, "INVALID_REQUIRED_ACKS", ""], readonly [22, "ILLEGAL_GENERATION", ""], readonly [23, "INCONSISTENT_GROUP_PROTOCOL", ""], readonly [24, "INVALID_GROUP_ID", ""], readonly [25, "UNKNOWN_MEMBER_ID", ""], readonly [26, "INVALID_SESSION_TIMEOUT", ""], readonly [27, "REBALANCE_IN_PROGRESS", ""], readonly [28, "INVALID_COMMIT_OFFSET_SIZE", ""], readonly [29, "TOPIC_AUTHORIZATION_FAILED", ""], readonly [30, "GROUP_AUTHORIZATION_FAILED", ""], readonly [31, "CLUSTER_AUTHORIZATION_FAILED", ""], readonly [32, "INVALID_TIMESTAMP", ""], readonly [33, "UNSUPPORTED_SASL_MECHANISM", ""], readonly [34, "ILLEGAL_SASL_STATE", ""], readonly [35, "UNSUPPORTED_VERSION", ""], readonly [36, "TOPIC_ALREADY_EXISTS", ""], readonly [37, "INVALID_PARTITIONS", ""], readonly [38, "INVALID_REPLICATION_FACTOR", ""], readonly [39, "INVALID_REPLICA_ASSIGNMENT", ""], readonly [40, "INVALID_CONFIG", ""], readonly [41, "NOT_CONTROLLER", "retriable"], readonly [42, "INVALID_REQUEST", ""], readonly [43, "UNSUPPORTED_FOR_MESSAGE_FORMAT", ""], readonly [44, "POLICY_VIOLATION", ""], readonly [45, "OUT_OF_ORDER_SEQUENCE_NUMBER", ""], readonly [46, "DUPLICATE_SEQUENCE_NUMBER", ""], readonly [47, "INVALID_PRODUCER_EPOCH", ""], readonly [48, "INVALID_TXN_STATE", ""], readonly [49, "INVALID_PRODUCER_ID_MAPPING", ""], readonly [50, "INVALID_TRANSACTION_TIMEOUT", ""], readonly [51, "CONCURRENT_TRANSACTIONS", "retriable"], readonly [52, "TRANSACTION_COORDINATOR_FENCED", ""], readonly [53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", ""], readonly [54, "SECURITY_DISABLED", ""], readonly [55, "OPERATION_NOT_ATTEMPTED", ""], readonly [56, "KAFKA_STORAGE_ERROR", "metadata"], readonly [57, "LOG_DIR_NOT_FOUND", ""], readonly [58, "SASL_AUTHENTICATION_FAILED", ""], readonly [59, "UNKNOWN_PRODUCER_ID", ""], readonly [60, "REASSIGNMENT_IN_PROGRESS", ""], readonly [61, "DELEGATION_TOKEN_AUTH_DISABLED", ""], readonly [62, "DELEGATION_TOKEN_NOT_FOUND", ""], readonly [63, "DELEGATION_TOKEN_OWNER_MISMATCH", ""], readonly [64, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", ""], readonly [65, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", ""], readonly [66, "DELEGATION_TOKEN_EXPIRED", ""], readonly [67, "INVALID_PRINCIPAL_TYPE", ""], readonly [68, "NON_EMPTY_GROUP", ""], readonly [69, "GROUP_ID_NOT_FOUND", ""], readonly [70, "FETCH_SESSION_ID_NOT_FOUND", "retriable"], readonly [71, "INVALID_FETCH_SESSION_EPOCH", "retriable"], readonly [72, "LISTENER_NOT_FOUND", "metadata"], readonly [73, "TOPIC_DELETION_DISABLED", ""], readonly [74, "FENCED_LEADER_EPOCH", "metadata"], readonly [75, "UNKNOWN_LEADER_EPOCH", "retriable"], readonly [76, "UNSUPPORTED_COMPRESSION_TYPE", ""], readonly [77, "STALE_BROKER_EPOCH", ""], readonly [78, "OFFSET_NOT_AVAILABLE", "retriable"], readonly [79, "MEMBER_ID_REQUIRED", ""], readonly [80, "PREFERRED_LEADER_NOT_AVAILABLE", "metadata"], readonly [81, "GROUP_MAX_SIZE_REACHED", ""], readonly [82, "FENCED_INSTANCE_ID", ""], readonly [83, "ELIGIBLE_LEADERS_NOT_AVAILABLE", "metadata"], readonly [84, "ELECTION_NOT_NEEDED", "metadata"], readonly [85, "NO_REASSIGNMENT_IN_PROGRESS", ""], readonly [86, "GROUP_SUBSCRIBED_TO_TOPIC", ""], readonly [87, "INVALID_RECORD", ""], readonly [88, "UNSTABLE_OFFSET_COMMIT", "retriable"], readonly [89, "THROTTLING_QUOTA_EXCEEDED", "retriable"], readonly [90, "PRODUCER_FENCED", ""], readonly [91, "RESOURCE_NOT_FOUND", ""], readonly [92, "DUPLICATE_RESOURCE", ""], readonly [93, "UNACCEPTABLE_CREDENTIAL", ""], readonly [94, "INCONSISTENT_VOTER_SET", ""], readonly [95, "INVALID_UPDATE_VERSION", ""], readonly [96, "FEATURE_UPDATE_FAILED", ""], readonly [97, "PRINCIPAL_DESERIALIZATION_FAILURE", ""], readonly [98, "SNAPSHOT_NOT_FOUND", ""], readonly [99, "POSITION_OUT_OF_RANGE", ""], readonly [100, "UNKNOWN_TOPIC_ID", "metadata"], readonly [101, "DUPLICATE_BROKER_REGISTRATION", ""], readonly [102, "BROKER_ID_NOT_REGISTERED", ""], readonly [103, "INCONSISTENT_TOPIC_ID", "metadata"], readonly [104, "INCONSISTENT_CLUSTER_ID", ""], readonly [105, "TRANSACTIONAL_ID_NOT_FOUND", ""], readonly [106, "FETCH_SESSION_TOPIC_ID_ERROR", "retriable"], readonly [107, "INELIGIBLE_REPLICA", ""], readonly [108, "NEW_LEADER_ELECTED", ""], readonly [109, "OFFSET_MOVED_TO_TIERED_STORAGE", ""], readonly [110, "FENCED_MEMBER_EPOCH", ""], readonly [111, "UNRELEASED_INSTANCE_ID", ""], readonly [112, "UNSUPPORTED_ASSIGNOR", ""], readonly [113, "STALE_MEMBER_EPOCH", ""], readonly [114, "MISMATCHED_ENDPOINT_TYPE", ""], readonly [115, "UNSUPPORTED_ENDPOINT_TYPE", ""], readonly [116, "UNKNOWN_CONTROLLER_ID", ""], readonly [117, "UNKNOWN_SUBSCRIPTION_ID", ""], readonly [118, "TELEMETRY_TOO_LARGE", ""], readonly [119, "INVALID_REGISTRATION", ""], readonly [120, "TRANSACTION_ABORTABLE", ""], readonly [121, "INVALID_RECORD_STATE", ""], readonly [122, "SHARE_SESSION_NOT_FOUND", "retriable"], readonly [123, "INVALID_SHARE_SESSION_EPOCH", "retriable"], readonly [124, "FENCED_STATE_EPOCH", ""], readonly [125, "INVALID_VOTER_KEY", ""], readonly [126, "DUPLICATE_VOTER", ""], readonly [127, "VOTER_NOT_FOUND", ""], readonly [128, "INVALID_REGULAR_EXPRESSION", ""], readonly [129, "REBOOTSTRAP_REQUIRED", ""], readonly [130, "STREAMS_INVALID_TOPOLOGY", ""], readonly [131, "STREAMS_INVALID_TOPOLOGY_EPOCH", ""], readonly [132, "STREAMS_TOPOLOGY_FENCED", ""], readonly [133, "SHARE_SESSION_LIMIT_REACHED", "retriable"]];
/** The name of one of Kafka's errors. */
export type ErrorName = (typeof errorTable)[number][1];

// errors/kafka-error
/** The root of every error that this library throws: a stable `code` to branch on, a message for people. */
export declare class KafkaError extends Error {
    readonly name: string;
    /** Stable and upper case: Kafka's own name (`NOT_LEADER_OR_FOLLOWER`) or one of ours (`MALFORMED`, ...). */
    readonly code: ErrorName | (string & {});
    constructor(code: ErrorName | (string & {}), message: string, options?: ErrorOptions);
}
/** Bytes from the network or the disk are not what the protocol says. Nothing of the frame may be used. */
export declare class MalformedError extends KafkaError {
    #private;
    readonly name = "MalformedError";
    /** Names of the fields from the outermost to the one that could not be read: `topics`, `[3]`, `name`. */
    readonly path: string[];
    /** Where in the buffer reading stopped. */
    readonly position: number;
    constructor(what: string, position: number, options?: ErrorOptions);
    /** Puts an outer field's name in front of the path; used while the error travels outwards. */
    within(name: string): this;
}
/** A value cannot be written: a required field is missing, or a value is outside what the wire can carry. */
export declare class EncodeError extends KafkaError {
    #private;
    readonly name = "EncodeError";
    /** Names of the fields from the outermost to the one that could not be written. */
    readonly path: string[];
    constructor(what: string, options?: ErrorOptions);
    /** Puts an outer field's name in front of the path; used while the error travels outwards. */
    within(name: string): this;
}
/** The two sides have no common version, or the common one cannot carry what was asked for. */
export declare class UnsupportedVersionError extends KafkaError {
    #private;
    readonly name = "UnsupportedVersionError";
    /** Name of the API or message. */
    readonly api: string;
    /** The version that was to be used; undefined when none is common. */
    readonly version: number | undefined;
    constructor(message: string, api: string, version?: number, field?: string);
    /** The field that the version lacks, e.g. `topics[0].partitions[2].leaderEpoch`; undefined when no version is common. */
    get field(): string | undefined;
    /** The broker that speaks no newer version, as people know it; undefined where no broker is involved. */
    get broker(): string | undefined;
    /** Puts an outer field's name in front of the path; used while the error travels outwards. */
    within(name: string): this;
    /** Names the broker that the message was meant for; the first name stays. */
    meantFor(broker: string): this;
}

// errors/nearest-name
/**
 * The known name that a written one was most likely meant to be; undefined when none is near. Case is ignored. For
 * messages that say what to change.
 */
export declare function nearestName(name: string, known: readonly string[]): string | undefined;

// explain/format
/** How an explanation is printed. */
export interface FormatOptions {
    /** Characters in a line, 60 at least. Default 120. */
    readonly width?: number;
    /** Lines for pieces; what is beyond is counted in one line. Default 1000. */
    readonly maxRows?: number;
}
/**
 * A table for people: where, the bytes, the field, its value and what it means, a line for each piece. What a batch
 * unpacks to follows it with `>` before the offsets. Control characters are shown as escapes, so that what came from
 * outside cannot drive a terminal.
 * @returns lines, the last one ended
 */
export declare function format(explained: ExplainedBytes | Explained | Exchange | Unreadable, options?: FormatOptions): string;

// explain/frame
/** What the bytes are. Left out, they are a request, which says of itself what it is. */
export interface ExplainOptions extends ExplainLimits {
    /** Of what the bytes are the answer; a response does not say it. `unknown` explains the header only. */
    readonly response?: {
        readonly api: Api;
        readonly version: number;
    } | 'unknown';
    /** Whether the size, 4 bytes, is in front. Left out: it is when it fits, or when only so the request makes sense. */
    readonly sized?: boolean;
}
/**
 * Says of every byte of a frame what it is. Bytes that cannot be read are no error of the call: they become a `rest`
 * with the reason, and `error` says it once more.
 *
 *   const explained = explain(frame)
 *   console.log(format(explained))
 */
export declare function explain(bytes: Uint8Array, options?: ExplainOptions): Explained;

// explain/known-apis
/** The API with this key; undefined when this version does not know it. */
export declare function apiOf(key: number): Api | undefined;
/** The API with Kafka's name, e.g. `Metadata`, in any case; undefined when this version does not know it. */
export declare function apiNamed(name: string): Api | undefined;
/** Every API of this package, in the order of their keys. */
export declare const knownApis: readonly Api[];

// explain/piece
/** A stretch of bytes and what it means. */
export interface Piece {
    /** First byte, counted from the start of what was explained. */
    readonly start: number;
    /** The byte behind the last one. */
    readonly end: number;
    /** The field: `topics[0].partitions[2].errorCode`; the header's fields begin with `header.`, '' is no field. */
    readonly path: string;
    /** How it is written: `int16`, `compact string`, `varint`, `array size`, ... */
    readonly type: string;
    /** What the codec would decode. Integers beyond +-(2^53 - 1), which the codec refuses, are bigints here. */
    readonly value: unknown;
    /** What a person wants to know besides: an error's or API's name, `null`, `default`, what is wrong; '' for nothing. */
    readonly note: string;
    /**
     * `field`: the value of a field. `framing`: what holds fields together, e.g. a size, a count, a tag. `rest`: bytes
     * that could not be read or belong to nothing; the note says why.
     */
    readonly role: 'field' | 'framing' | 'rest';
    /** What the bytes are once decompressed. */
    readonly unpacked?: ExplainedBytes;
}
/** Bytes with the pieces that cover each of them once, in order. */
export interface ExplainedBytes {
    readonly bytes: Uint8Array;
    readonly pieces: readonly Piece[];
    /** The first thing that is wrong; undefined when all could be read. */
    readonly error: KafkaError | undefined;
}
/** A frame that was explained. */
export interface Explained extends ExplainedBytes {
    readonly kind: 'request' | 'response';
    /** undefined when it is not known, or not one of ours. */
    readonly api: Api | undefined;
    /** The version in which the body was read; undefined when none was. */
    readonly version: number | undefined;
    /** undefined when the frame ends before it. */
    readonly correlationId: number | undefined;
}
/** Bounds of an explanation, which takes far more memory than the bytes that it explains. */
export interface ExplainLimits {
    /** What is beyond this number of pieces becomes one `rest`. Default 50 000. */
    readonly maxPieces?: number;
    /**
     * How many bytes all compressed batches of a frame may become together; what is beyond is not unpacked, and an error.
     * Default 64 MiB.
     */
    readonly maxDecompressedBytes?: number;
}

// explain/records
/**
 * Explains record batches, of any magic, as they stand in a Produce request, a Fetch response or a segment of the log.
 * Nothing that is wrong with the bytes makes it throw.
 */
export declare function explainRecords(bytes: Uint8Array, limits?: ExplainLimits): ExplainedBytes;

// explain/stream
/** What was captured of one TCP connection: the bytes of each direction, in order, cut anywhere. */
export interface Capture {
    /** What the client sent. */
    readonly client: Iterable<Uint8Array>;
    /** What the broker sent. */
    readonly server: Iterable<Uint8Array>;
}
/** A request and its response; one of them may be missing. */
export interface Exchange {
    readonly kind: 'exchange';
    /** undefined when the request is not in the capture. */
    readonly request: Explained | undefined;
    /** Where the request begins in what the client sent. */
    readonly requestAt: number | undefined;
    /** undefined when the response is not in the capture, or when there is none. */
    readonly response: Explained | undefined;
    /** Where the response begins in what the broker sent. */
    readonly responseAt: number | undefined;
    /** Why one of them is missing or not whole; '' when all is well. */
    readonly note: string;
}
/** Bytes in which no frame could be found. */
export interface Unreadable {
    readonly kind: 'unreadable';
    readonly from: 'client' | 'server';
    /** Counted from the start of what that side sent. */
    readonly start: number;
    readonly end: number;
    readonly bytes: Uint8Array;
    readonly note: string;
}
/** Bounds of the explanation of a capture. */
export interface StreamOptions extends ExplainLimits {
    /** What announces more is no frame. Default 100 MiB, Kafka's own. */
    readonly maxFrameBytes?: number;
}
/**
 * Explains a captured connection: requests with their responses, which are found by the correlation id and read in the
 * version of the request. Bytes that are no frames are told apart, also when the capture begins in the middle; nothing
 * in it makes this throw.
 * @returns exchanges in the order of the requests; what belongs to none stands where it was found
 */
export declare function explainStream(capture: Capture, options?: StreamOptions): Generator<Exchange | Unreadable, void>;

// frame
/**
 * The header of every request. The client id keeps its old form in flexible versions, because the broker reads it
 * before it can know whether the version is flexible.
 */
export declare const RequestHeader: Message<Shape>; // versions 1 to 2, flexible from 2
/** The header of every response. */
export declare const ResponseHeader: Message<Shape>; // versions 0 to 1, flexible from 1
/** Flexible requests have a header that can take tagged fields. */
export declare function requestHeaderVersion(api: Api, version: number): number;
/** ApiVersions answers with header 0 in every version: the client does not yet know what the broker speaks (KIP-511). */
export declare function responseHeaderVersion(api: Api, version: number): number;
/**
 * A request as it goes to the socket, with its size in front. Pieces, since large byte fields are not copied: they
 * must stay unchanged until they have left.
 * @throws EncodeError or UnsupportedVersionError when the body cannot be written in this version.
 */
export declare function encodeRequest<A extends Api>(api: A, version: number, correlationId: number, clientId: string | null, body: Request<A>): Uint8Array[];
/**
 * A response as it goes to the socket, with its size in front, in pieces as those of `encodeRequest`.
 * @throws EncodeError or UnsupportedVersionError when the body cannot be written in this version.
 */
export declare function encodeResponse<A extends Api>(api: A, version: number, correlationId: number, body: Reply<A>): Uint8Array[];
/**
 * The correlation id of a response; it comes first in every header version.
 * @param frame without its size
 * @throws MalformedError when the frame has less than four bytes.
 */
export declare function correlationIdOf(frame: Uint8Array): number;
/**
 * The body of a response frame (without its size).
 * @throws MalformedError also for bytes that are left over, and for a value that would take more memory than the limits
 * allow.
 * @throws UnsupportedVersionError when the API has no such version.
 */
export declare function decodeResponse<A extends Api>(api: A, version: number, frame: Uint8Array, limits?: DecodeLimits): Response<A>;
/** What a broker learns of a request before it knows the API. */
export interface IncomingHeader {
    apiKey: number;
    apiVersion: number;
    correlationId: number;
    clientId: string;
    /** Where the body, or for an unknown API the rest of the header, begins. */
    reader: Reader;
}
/**
 * The part of a request header that is the same for every API; enough to look the API up.
 * @param frame without its size
 * @throws MalformedError when the frame ends within it.
 */
export declare function peekRequest(frame: Uint8Array): IncomingHeader;
/**
 * The body of a request frame whose header was peeked. What is behind it is passed over, as Kafka does: librdkafka 2.16
 * asks for all topics with three bytes too many.
 * @param frame without its size
 * @throws MalformedError for bytes that are no such request, or whose value would take more memory than the limits allow.
 * @throws UnsupportedVersionError when the API has no such version.
 */
export declare function decodeRequest<A extends Api>(api: A, version: number, frame: Uint8Array, limits?: DecodeLimits): Received<A>;
/** Limits of a `FrameSplitter`. */
export interface SplitterOptions {
    /** A frame that announces more is refused before anything is allocated. Default 100 MiB, Kafka's own. */
    maxFrameBytes?: number;
    /** How much is allocated on the word of a size prefix alone; more only as bytes arrive. Default 1 MiB. */
    trustedBytes?: number;
}
/**
 * Cuts a stream of bytes into frames. Bytes are written straight into its memory (`room`, `filled`), and a large frame
 * is read into its final place, so no byte is copied twice. Frames are handed out without their size prefix; they
 * stay valid, since their memory is never used again.
 */
export declare class FrameSplitter {
    #private;
    constructor(deliver: (frame: Uint8Array) => void, options?: SplitterOptions);
    /** Sets another limit, e.g. once the other side has shown that it speaks Kafka. */
    limit(maxFrameBytes: number): void;
    /** Whether a frame has begun and is not complete: the stream must not end here. */
    get isPartial(): boolean;
    /** Where the next bytes go; never empty. */
    room(): Uint8Array;
    /**
     * `length` bytes of `room()` were filled; hands out every frame that is now complete.
     * @throws MalformedError for a size that is negative or above the limit; the stream is then lost.
     */
    filled(length: number): void;
}

// group-protocol
/** What a member of a classic consumer group says of itself when it joins. Source: `ConsumerProtocol`. */
export declare const ConsumerProtocolSubscription: Message<Shape>; // versions 0 to 3
/** What the leader of a classic consumer group assigns to a member. Source: `ConsumerProtocol`. */
export declare const ConsumerProtocolAssignment: Message<Shape>; // versions 0 to 3
/**
 * What a member says of itself, as it goes into JoinGroup: with its version in front, in the newest version.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export declare function encodeSubscription(value: Encodable<typeof ConsumerProtocolSubscription.shape>): Uint8Array;
/**
 * What a member is assigned, as it goes into SyncGroup: with its version in front, in the newest version.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export declare function encodeAssignment(value: Encodable<typeof ConsumerProtocolAssignment.shape>): Uint8Array;
/**
 * What a member says of itself. A newer version is read as the newest that is known.
 * @throws MalformedError: other members' blobs come from other programs and are not to be trusted.
 */
export declare function decodeSubscription(blob: Uint8Array): Decoded<typeof ConsumerProtocolSubscription.shape>;
/**
 * What a member is assigned. A newer version is read as the newest that is known.
 * @throws MalformedError: the leader's blob comes from another program and is not to be trusted.
 */
export declare function decodeAssignment(blob: Uint8Array): Decoded<typeof ConsumerProtocolAssignment.shape>;

// internal/control-record
/** Key of a control record, with its version in front: which kind it is. `ControlRecordType` has the kinds. */
export declare const ControlRecordTypeSchema: Message<Shape>; // version 0
/** Value of the markers `COMMIT` and `ABORT`, with its version in front. */
export declare const EndTxnMarker: Message<Shape>; // version 0
/** Value of `LEADER_CHANGE`, the first record of a leader of the metadata quorum (KIP-595). */
export declare const LeaderChangeMessage: Message<Shape>; // versions 0 to 1, flexible from 0
/** Value of `SNAPSHOT_HEADER`, which begins a metadata snapshot (KIP-630). */
export declare const SnapshotHeaderRecord: Message<Shape>; // version 0, flexible from 0
/** Value of `SNAPSHOT_FOOTER`, which ends a metadata snapshot (KIP-630). */
export declare const SnapshotFooterRecord: Message<Shape>; // version 0, flexible from 0
/** Value of `KRAFT_VERSION`: the level of the quorum protocol (KIP-853). */
export declare const KRaftVersionRecord: Message<Shape>; // version 0, flexible from 0
/** Value of `KRAFT_VOTERS`: who votes in the metadata quorum (KIP-853). */
export declare const VotersRecord: Message<Shape>; // version 0, flexible from 0
/** The kinds of control records by their number. Source: `ControlRecordType`. */
declare const kinds: readonly [{
    readonly message: Message<Shape>;
    readonly prefixed: true;
    readonly type: 'ABORT';
}, {
    readonly message: Message<Shape>;
    readonly prefixed: true;
    readonly type: 'COMMIT';
}, {
    readonly type: 'LEADER_CHANGE';
    readonly message: Message<Shape>;
    readonly prefixed: false;
}, {
    readonly type: 'SNAPSHOT_HEADER';
    readonly message: Message<Shape>;
    readonly prefixed: false;
}, {
    readonly type: 'SNAPSHOT_FOOTER';
    readonly message: Message<Shape>;
    readonly prefixed: false;
}, {
    readonly type: 'KRAFT_VERSION';
    readonly message: Message<Shape>;
    readonly prefixed: false;
}, {
    readonly type: 'KRAFT_VOTERS';
    readonly message: Message<Shape>;
    readonly prefixed: false;
}];
type Kind = (typeof kinds)[number];
type ControlRecordOf<K> = K extends {
    type: infer T;
    message: Message<infer S>;
} ? {
    readonly type: T;
    readonly value: Decoded<S>;
} : never;
/** Kafka's names of the kinds of control records. */
export type ControlRecordType = Kind['type'];
/** A decoded control record; `type` says which kind it is. */
export type ControlRecord = ControlRecordOf<Kind>;
/**
 * A record of a control batch. Versions newer than the known ones are read as the newest known, as Kafka does.
 * @returns undefined when the kind is not known: consumers pass it over, as they do all control records.
 * @throws MalformedError for bytes that are no such record.
 */
export declare function decodeControlRecord(key: Uint8Array, value: Uint8Array): ControlRecord | undefined;
/** Key of a control record of the given kind. */
export declare function controlRecordKey(type: ControlRecordType): Uint8Array;

// internal/internal-record
/** Every kind of record that Kafka's coordinators store, by topic and name. */
export declare const internalRecords: {
    __consumer_offsets: {
        LegacyOffsetCommit: RecordKind<"LegacyOffsetCommit">;
        OffsetCommit: RecordKind<"OffsetCommit">;
        GroupMetadata: RecordKind<"GroupMetadata">;
        ConsumerGroupMetadata: RecordKind<"ConsumerGroupMetadata">;
        ConsumerGroupPartitionMetadata: RecordKind<"ConsumerGroupPartitionMetadata">;
        ConsumerGroupMemberMetadata: RecordKind<"ConsumerGroupMemberMetadata">;
        ConsumerGroupTargetAssignmentMetadata: RecordKind<"ConsumerGroupTargetAssignmentMetadata">;
        ConsumerGroupTargetAssignmentMember: RecordKind<"ConsumerGroupTargetAssignmentMember">;
        ConsumerGroupCurrentMemberAssignment: RecordKind<"ConsumerGroupCurrentMemberAssignment">;
        ConsumerGroupRegularExpression: RecordKind<"ConsumerGroupRegularExpression">;
        ShareGroupMetadata: RecordKind<"ShareGroupMetadata">;
        ShareGroupMemberMetadata: RecordKind<"ShareGroupMemberMetadata">;
        ShareGroupTargetAssignmentMetadata: RecordKind<"ShareGroupTargetAssignmentMetadata">;
        ShareGroupTargetAssignmentMember: RecordKind<"ShareGroupTargetAssignmentMember">;
        ShareGroupCurrentMemberAssignment: RecordKind<"ShareGroupCurrentMemberAssignment">;
        ShareGroupStatePartitionMetadata: RecordKind<"ShareGroupStatePartitionMetadata">;
        StreamsGroupMetadata: RecordKind<"StreamsGroupMetadata">;
        StreamsGroupMemberMetadata: RecordKind<"StreamsGroupMemberMetadata">;
        StreamsGroupTargetAssignmentMetadata: RecordKind<"StreamsGroupTargetAssignmentMetadata">;
        StreamsGroupTargetAssignmentMember: RecordKind<"StreamsGroupTargetAssignmentMember">;
        StreamsGroupCurrentMemberAssignment: RecordKind<"StreamsGroupCurrentMemberAssignment">;
        StreamsGroupTopology: RecordKind<"StreamsGroupTopology">;
    };
    __transaction_state: {
        TransactionLog: RecordKind<"TransactionLog">;
    };
    __share_group_state: {
        ShareSnapshot: RecordKind<"ShareSnapshot">;
        ShareUpdate: RecordKind<"ShareUpdate">;
    };
};
/** An internal topic whose records this library knows. */
export type InternalTopic = keyof typeof internalRecords;
type Kinds<T extends InternalTopic> = (typeof internalRecords)[T][keyof (typeof internalRecords)[T]];
type StoredRecord<K> = K extends RecordKind<infer Name, infer Key, infer Value> ? {
    readonly name: Name;
    readonly key: Decoded<Key>;
    /** Version of the value; undefined for a tombstone. */
    readonly version: number | undefined;
    /** null: a tombstone, which removes what the key names. */
    readonly value: Decoded<Value> | null;
} : never;
/** A decoded record of an internal topic; `name` says which kind it is. */
export type InternalRecord<T extends InternalTopic> = T extends InternalTopic ? StoredRecord<Kinds<T>> : never;
/**
 * A record of an internal topic.
 * @returns undefined when the kind is not known: a newer Kafka wrote it. Kafka's coordinators pass such records over.
 * @throws UnsupportedVersionError when the value has a version that is not known.
 * @throws MalformedError for bytes that are no such record.
 */
export declare function decodeInternalRecord<T extends InternalTopic>(topic: T, key: Uint8Array, value: Uint8Array | null): InternalRecord<T> | undefined;
/**
 * Key of a record of an internal topic, with its type in front.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export declare function encodeInternalKey<K extends Shape>(kind: RecordKind<string, K, Shape>, key: Encodable<K>): Uint8Array;
/**
 * Value of a record of an internal topic, with its version in front.
 * @throws UnsupportedVersionError when the kind has no such version, or when that version lacks a field of the value.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export declare function encodeInternalValue<V extends Shape>(kind: RecordKind<string, Shape, V>, version: number, value: Encodable<V>): Uint8Array;

// internal/principal
/** A principal, as a broker forwards it to the controller, with its version in front (KIP-590). */
export declare const DefaultPrincipalData: Message<Shape>; // version 0, flexible from 0

// internal/producer-snapshot
/** The file `<offset>.snapshot` of a log: what the broker knows of each producer, with its version in front. `crc` is the CRC-32C of all bytes behind it. */
export declare const ProducerSnapshot: Message<Shape>; // version 1

// internal/record-kind
/** A kind of record that a coordinator stores in its internal topic: its number, its key and its value. */
export interface RecordKind<Name extends string = string, Key extends Shape = Shape, Value extends Shape = Shape> {
    /** Kafka's number of the kind (`CoordinatorRecordType`), which stands in front of the key; each topic has its own. */
    readonly type: number;
    readonly name: Name;
    /** Always in version 0: what is in front of a key is `type`, not a version. */
    readonly key: Message<Key>;
    readonly value: Message<Value>;
}
/** Declares a kind of record. */
export declare function recordKind<Name extends string, Key extends Shape, Value extends Shape>(type: number, name: Name, key: Message<Key>, value: Message<Value>): RecordKind<Name, Key, Value>;

// native
/**
 * Packages with native code that do the same faster, where they are installed: optional peers of this package. Both
 * come prebuilt from the registry for all common platforms, without an install script, and run on Bun and Deno.
 */
export declare const nativePackages: readonly ['@node-rs/crc32', 'snappy'];
/** One of `nativePackages`. */
export type NativePackage = (typeof nativePackages)[number];
/** What the client does on a real machine: `useNative()`, once, and unless somebody has called that before. */
export declare function preferNative(): void;
/**
 * From now on, in the whole process, exactly those of these packages are used that can be loaded and work; the others'
 * work is done in JavaScript. Nothing is loaded unless this is called. What is read and what is checked is the same
 * either way; compressed bytes may differ, which is why a run that is to be repeated exactly does without.
 * @param wanted none: back to JavaScript
 * @param load how a package is loaded; by default `import` with a name that bundlers do not follow. Whoever bundles
 *   gives `(name) => (name === 'snappy' ? import('snappy') : import('@node-rs/crc32'))`.
 * @returns those that are used
 */
export declare function useNative(wanted?: readonly NativePackage[], load?: (name: NativePackage) => Promise<unknown>): Promise<NativePackage[]>;

// partitioning/coordinator-partition
/** Java's hash of a text over its UTF-16 units, a signed number of 32 bits. Source: `java.lang.String.hashCode`. */
export declare function javaHash(text: string): number;
/**
 * The partition of an internal topic whose leader coordinates a key: of `__consumer_offsets` for a group id, of
 * `__transaction_state` for a transactional id, of `__share_group_state` for `group:topicId:partition`.
 * Source: `Utils.abs` (which takes the one hash that has no opposite for 0), `GroupCoordinatorService.partitionFor`.
 * @param partitions how many partitions the internal topic has, at least 1; Kafka's default is 50
 */
export declare function coordinatorPartition(key: string, partitions: number): number;

// partitioning/fnv1a
/**
 * FNV-1a of 32 bits, with the sign rule of librdkafka (and of Sarama before it): a hash that is negative as a signed
 * number is negated, so the result is from 0 to 2^31. Source: Fowler, Noll and Vo's definition; librdkafka's
 * `rd_fnv1a`.
 */
export declare function fnv1a(bytes: Uint8Array): number;

// partitioning/key-partitioner
/**
 * The partition of a key among all partitions of its topic, available or not.
 * @param key the serialised key; the rules are only defined for keys that are there
 * @param partitions how many partitions the topic has, at least 1
 */
export type KeyPartitioner = (key: Uint8Array, partitions: number) => number;
/**
 * The rules by which producers spread keys, so that one can be chosen that puts a key where another program puts it.
 * - `murmur2`: Apache Kafka's own, and librdkafka's `murmur2` and `murmur2_random`. Source: `BuiltInPartitioner`.
 * - `consistent`: CRC-32, librdkafka's default rule (`consistent` and `consistent_random`).
 * - `fnv1a`: librdkafka's `fnv1a` and `fnv1a_random`, and Sarama's default rule.
 */
export declare const keyPartitioners: Readonly<Record<'murmur2' | 'consistent' | 'fnv1a', KeyPartitioner>>;

// partitioning/murmur2
/**
 * Murmur2 as Kafka's Java client computes it; keyed records go to `(hash & 0x7fffffff) % partitions`. Any other rule
 * for the sign would put keys on other partitions than Java does. Source: `Utils.murmur2`, `BuiltInPartitioner`.
 */
export declare function murmur2(bytes: Uint8Array): number;
/** The partition of a key among all partitions of its topic, available or not. */
export declare function partitionOfKey(key: Uint8Array, partitions: number): number;

// records/batch-header
/**
 * Where the fields of a batch of magic 2 are, counted from its first byte. The first three are outside of the
 * checksum, so that a broker can set them without touching the rest. Source: `DefaultRecordBatch`.
 */
export declare const batchField: {
    readonly baseOffset: 0;
    readonly length: 8;
    readonly leaderEpoch: 12;
    readonly magic: 16;
    readonly crc: 17;
    readonly attributes: 21;
    readonly lastOffsetDelta: 23;
    readonly baseTimestamp: 27;
    readonly maxTimestamp: 35;
    readonly producerId: 43;
    readonly producerEpoch: 51;
    readonly baseSequence: 53;
    readonly count: 57;
};
/** Bytes of a batch before its first record. */
export declare const BATCH_HEADER_BYTES = 61;
/** Bytes that the length field does not count. */
export declare const BATCH_PREFIX_BYTES = 12;
/** A batch's header, read and written in place. */
export declare class BatchHeader {
    #private;
    readonly bytes: Buffer;
    readonly position: number;
    constructor(bytes: Uint8Array, position?: number);
    get baseOffset(): number;
    set baseOffset(offset: number);
    /** The whole batch with its prefix. */
    get sizeInBytes(): number;
    get leaderEpoch(): number;
    set leaderEpoch(epoch: number);
    get magic(): number;
    get crc(): number;
    get attributes(): number;
    /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
    get codec(): number;
    get isLogAppendTime(): boolean;
    get isTransactional(): boolean;
    get isControl(): boolean;
    get hasDeleteHorizon(): boolean;
    get lastOffsetDelta(): number;
    get lastOffset(): number;
    /** Not a safe integer where the value is beyond those. */
    get baseTimestamp(): number;
    /** Not a safe integer where the value is beyond those; `maxTimestampBigInt` is exact. */
    get maxTimestamp(): number;
    get maxTimestampBigInt(): bigint;
    get producerId(): bigint;
    get producerEpoch(): number;
    get baseSequence(): number;
    /** Sequence numbers wrap from 2^31-1 to 0; -1 when the batch has none. */
    get lastSequence(): number;
    get count(): number;
    /** Whether the checksum fits; the batch must be whole. */
    isIntact(): boolean;
    /** Sets who wrote the batch, and its first sequence number; the checksum is made anew. */
    stampProducer(producerId: bigint, producerEpoch: number, baseSequence: number): void;
    /** Marks the batch as stamped by the broker, at a time for all of its records; the checksum is made anew. */
    stampLogAppendTime(timestamp: number): void;
    /** Marks the records as stamped by their producer, the last at this time; the checksum is made anew. */
    stampCreateTime(maxTimestamp: number): void;
    sealChecksum(): void;
}
/** Sequence numbers run from 0 to 2^31-1 and then from 0 again. Source: `DefaultRecordBatch.incrementSequence`. */
export declare function addSequence(sequence: number, count: number): number;
/** An int64 as a number, or a bigint where a number would not be exact. */
export declare function readExactInt64(bytes: Buffer, at: number): number | bigint;
/** An int64 as a number, which is not a safe integer where the value is beyond those. */
export declare function readInt64(bytes: Buffer, at: number): number;
/** Writes a whole number, which must be a safe integer, as an int64. */
export declare function writeInt64(bytes: Buffer, at: number, value: number): void;

// records/batch-reader
/**
 * The batches of a fetch response, one after the other. A batch that is cut off at the end is passed over in silence:
 * brokers cut at the size that was asked for.
 * @throws CorruptRecordError at the first batch that breaks the rules; those before it were given out.
 */
export declare function readBatches(bytes: Uint8Array, options?: ReadOptions): Generator<RecordBatch, void>;

// records/batch-writer
/** What the header of a batch says besides what follows from its records. */
export interface FinishOptions {
    /** Default `none`. */
    codec?: CodecName;
    /** The codec's own scale (`compressionLevel`); left out: Kafka's default. */
    level?: number | undefined;
    /** Default -1n: not idempotent. */
    producerId?: bigint;
    producerEpoch?: number;
    baseSequence?: number;
    isTransactional?: boolean;
    isControl?: boolean;
    /** Brokers set it; default 0. */
    baseOffset?: number;
    /** Default -1: not known. */
    leaderEpoch?: number;
}
/**
 * Writes records straight into the bytes of a batch of magic 2: no object is kept for a record, and the header is
 * filled in at the end. Text is written where ASCII would belong and moved only when it is not, because measuring
 * it first costs as much as writing it.
 */
export declare class BatchWriter {
    #private;
    /** @param room bytes of memory to begin with, or memory that nobody else uses any more; it grows as needed */
    constructor(room?: number | Buffer);
    get count(): number;
    /** Size of the batch, uncompressed. */
    get sizeInBytes(): number;
    /** Bytes of memory taken. */
    get capacity(): number;
    get maxTimestamp(): number;
    /**
     * Appends a record.
     * @param timestamp milliseconds since the epoch, a whole number
     * @returns how many bytes the batch has grown by
     * @throws EncodeError when the timestamp is no whole number, the key or the value is undefined, or a header cannot be
     * written; the batch is then unchanged
     */
    append(timestamp: number, key: Uint8Array | string | null, value: Uint8Array | string | null, headers: readonly Header[] | undefined): number;
    /**
     * The complete batch. Plain it is a view of the writer's own memory; compressed it is new memory, unless
     * compressing does not make it smaller. The writer must not be used afterwards.
     * @throws EncodeError when the codec has no such level, or a number does not fit its field
     */
    finish(options?: FinishOptions): Uint8Array;
    /**
     * As `finish`, with the compressing done where `compressAsync` does it.
     * @throws EncodeError when the codec has no such level, or a number does not fit its field
     */
    finishAsync(options?: FinishOptions & AsyncOptions): Promise<Uint8Array>;
}
/** The most bytes a record can take in a batch. Source: `DefaultRecord.recordSizeUpperBound`. */
export declare function recordSizeBound(key: Uint8Array | string | null, value: Uint8Array | string | null, headers: readonly Header[] | undefined): number;
/**
 * The records of a batch in several smaller ones, each of at most `maxBytes` unless it is a single record; used when a
 * broker finds a batch too large.
 * @throws CorruptRecordError when the batch cannot be read
 */
export declare function splitBatch(batch: Uint8Array, maxBytes: number): BatchWriter[];
/** Which side of a transaction a marker ends. */
export type MarkerType = 'abort' | 'commit';
/**
 * The control batch that ends a producer's transaction on a partition. Source: `EndTransactionMarker`.
 * @param timestamp milliseconds since the epoch
 * @throws EncodeError for a type that is neither, and for a number that does not fit its field
 */
export declare function controlBatch(type: MarkerType, producerId: bigint, producerEpoch: number, timestamp: number, coordinatorEpoch: number): Uint8Array;
/** Says what a control record is: its type number, e.g. 0 abort, 1 commit, 2 leader change. */
export declare function controlType(key: Uint8Array | null): number | undefined;
/**
 * Header of a batch at the beginning of `bytes`.
 * @throws MalformedError when there are fewer than a header has
 */
export declare function headerOf(bytes: Uint8Array): BatchHeader;

// records/crc32
/** CRC-32 (the zip polynomial) of old message sets, and of librdkafka's `consistent` partitioner. */
export declare function crc32(bytes: Uint8Array): number;

// records/crc32c
/**
 * The checksum of a stretch of bytes, as an unsigned 32-bit number.
 * @param previous the checksum of what comes before, when the bytes are not in one piece
 */
export declare function crc32c(bytes: Uint8Array, start?: number, end?: number, previous?: number): number;

// records/errors
/** A record batch or message set cannot be read: it is damaged, or breaks Kafka's rules. */
export declare class CorruptRecordError extends KafkaError {
    readonly name = "CorruptRecordError";
    /** Base offset of the batch, where it could be read. */
    readonly offset: number | undefined;
    /** Where in the given bytes the batch begins. */
    readonly position: number;
    constructor(what: string, position: number, offset?: number, options?: ErrorOptions);
}

// records/limits
/**
 * What a reader accepts. The defaults are what Kafka's own fields can hold; whoever reads from a stranger, or has
 * little memory, sets less. What is beyond a limit is refused before memory is taken for it.
 */
export interface ReadOptions {
    /** Size of a batch as it came, with its header. Bytes; default 2^31 - 1. */
    maxBatchBytes?: number;
    /**
     * How large the records of one batch may become by decompression; with what `records()` makes of them, four times the
     * batch more. Bytes; default 2^31 - 1.
     */
    maxDecompressedBytes?: number;
    /** Records of one batch. Default 2^31 - 1. */
    maxRecords?: number;
    /** Headers of one record. Default 2^31 - 1. */
    maxHeaders?: number;
}

// records/record
/** A header as it is given for sending. */
export interface Header {
    key: string;
    value: Uint8Array | string | null;
}
/** A header as it was received. */
export interface ReceivedHeader {
    key: string;
    value: Uint8Array | null;
}
/** Whose clock a timestamp is of: the producer's, the broker's, or nobody's (magic 0 has none). */
export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType';
/**
 * A record as a view of its batch: a few numbers, and the content only when it is asked for. It keeps the memory of
 * the whole batch alive; copy what is to be kept for long.
 */
export interface RecordView {
    /** Position in the partition. */
    readonly offset: number;
    /**
     * Milliseconds since the epoch; -1 when there is none, and when it is no safe integer, as where a producer wrote
     * nanoseconds: `timestampBigInt` has it then.
     */
    readonly timestamp: number;
    /** The same exactly, whatever the producer wrote: any number of 64 bits. Made when it is asked for. */
    readonly timestampBigInt: bigint;
    readonly timestampType: TimestampType;
    /** Bytes; negative for null. */
    readonly keySize: number;
    /** Bytes; negative for null. */
    readonly valueSize: number;
    /** Bytes that the headers take on the wire; 0 when there are none. */
    readonly headersSize: number;
    /** A view, not a copy. */
    readonly key: Buffer | null;
    /** A view, not a copy. */
    readonly value: Buffer | null;
    /** The key read as UTF-8; cheaper than `key.toString()`. */
    readonly keyText: string | null;
    /** The value read as UTF-8; cheaper than `value.toString()`. */
    readonly valueText: string | null;
    /**
     * In order, duplicates kept; values are views.
     * @throws CorruptRecordError when they cannot be read, or are more than `ReadOptions.maxHeaders`
     */
    readonly headers: ReceivedHeader[];
}
/**
 * Walks over the records of a batch and is itself the record where it stands, so that no object is made for those
 * that are passed over. Before the first `next()`, and after the one that says false, it stands nowhere.
 */
export interface RecordCursor extends RecordView {
    /**
     * Goes to the next record; false behind the last one.
     * @throws CorruptRecordError when that record, or what is behind the last one, breaks the rules
     */
    next(): boolean;
}

// records/record-batch
/** A batch of records, or a message of the formats before it. */
export interface RecordBatch {
    readonly magic: number;
    readonly sizeInBytes: number;
    readonly baseOffset: number;
    readonly lastOffset: number;
    /** -1 when unknown. */
    readonly leaderEpoch: number;
    /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
    readonly codec: number;
    readonly timestampType: TimestampType;
    /** The latest of its records, or with LogAppendTime that of all; -1 when it is no safe integer. */
    readonly maxTimestamp: number;
    /** The same exactly. */
    readonly maxTimestampBigInt: bigint;
    /** -1n when the producer was not idempotent. */
    readonly producerId: bigint;
    readonly producerEpoch: number;
    readonly baseSequence: number;
    readonly isTransactional: boolean;
    readonly isControl: boolean;
    /** Bytes that decompression has made of it so far and that it keeps; 0 when it is not compressed. */
    readonly unpackedBytes: number;
    /** @throws CorruptRecordError when the checksum does not fit. */
    checkCrc(): void;
    /**
     * All records, each with an object of some hundred bytes; made once and kept. `cursor` takes no memory.
     * @throws CorruptRecordError when they cannot be read, or are beyond the limits
     */
    records(): RecordView[];
    /**
     * The records one after the other, without an object for each; every call begins anew.
     * @throws CorruptRecordError when they cannot be decompressed, or are beyond the limits
     */
    cursor(): RecordCursor;
    /**
     * Decompresses the records where `decompressAsync` does it, so that `records` and `cursor` need not. The formats
     * before magic 2 are left for those two.
     * @throws CorruptRecordError when they cannot be decompressed, or are beyond the limits
     */
    decompressAsync(options?: AsyncOptions): Promise<void>;
}

// records/varint
/** Where reading goes on; moved by whoever reads. */
export interface Place {
    at: number;
}
/**
 * A zigzag varint of 32 bits; undefined when it is cut off or has more than five bytes. What the last of them has beyond
 * the 32 bits is dropped, as Kafka does. Source: `ByteUtils.readVarint`.
 */
export declare function readVarint(bytes: Uint8Array, place: Place, end: number): number | undefined;
/**
 * A zigzag varlong as a number; undefined when it is cut off, too long, or beyond the safe integers. Source:
 * `ByteUtils.readVarlong`.
 */
export declare function readVarlong(bytes: Uint8Array, place: Place, end: number): number | undefined;
/** The same for every value of 64 bits; undefined when it is cut off or has more than ten bytes. */
export declare function readVarlongExactly(bytes: Uint8Array, place: Place, end: number): bigint | undefined;
/** Bytes that a whole number from 0 to 2^31 - 1 takes as a zigzag varint. */
export declare function varintSize(value: number): number;
/** Bytes that any safe integer takes as a zigzag varlong. */
export declare function varlongSize(value: number): number;
/** As `writeVarint`, of a whole number from 0 to 2^31 - 1: that is what most of them are. */
export declare function writeSize(bytes: Uint8Array, start: number, value: number): number;
/** Writes an int32 in zigzag form and says where it ends. */
export declare function writeVarint(bytes: Uint8Array, start: number, value: number): number;
/** Writes a safe integer in zigzag form and says where it ends. */
export declare function writeVarlong(bytes: Uint8Array, start: number, value: number): number;

// releases
/** What a broker says it speaks of one API (ApiVersions response). */
export interface VersionRange {
    minVersion: number;
    maxVersion: number;
}
/**
 * Which release of Kafka a broker looks like, for people: `Kafka 3.7`, `Kafka 4.3 or newer`, `something older than Kafka
 * 2.1`.
 * It is the newest release whose marks, and those of all before, are there; brokers of other makers speak what they
 * like. What a broker can do is said by its ranges alone, never by this.
 * @param ranges what the broker advertises, by API key
 */
export declare function looksLike(ranges: ReadonlyMap<number, VersionRange>): string;

// schema/compile
/** A message at one version, compiled to closures. */
export interface Codec<S extends Shape> {
    encode(writer: Writer, value: Encodable<S>): void;
    decode(reader: Reader): Decoded<S>;
}
/**
 * The codec of a message at a version; made at first use and kept.
 * @throws UnsupportedVersionError when the message has no such version.
 */
export declare function codec<S extends Shape>(message: Message<S>, version: number): Codec<S>;
/**
 * Bytes of one message without a header.
 * @throws EncodeError when a value does not fit, or a required field is missing
 * @throws UnsupportedVersionError for a version that the message has not, or that lacks a field which may not be left out
 */
export declare function encode<S extends Shape>(message: Message<S>, version: number, value: Encodable<S>): Uint8Array;
/**
 * The value of one message; bytes that are left over are an error.
 * @throws MalformedError for bytes that are no such message, or whose value would take more memory than the limits allow.
 */
export declare function decode<S extends Shape>(message: Message<S>, version: number, bytes: Uint8Array, limits?: DecodeLimits): Decoded<S>;
/**
 * Left-over bytes mean that the two sides disagree on the layout: nothing that was read can be trusted.
 * @throws MalformedError when there are some
 */
export declare function expectEnd(reader: Reader, name: string, version: number): void;

// schema/field-default
/** The value that a field has where the version lacks it: its declared default, or Kafka's implicit one. */
export declare function defaultOf(spec: FieldSpec): unknown;

// schema/reader
/** The longest text of a message in bytes of UTF-8, in all versions. */
export declare const TEXT_BYTES_MAX = 32767;
/** What a message may take when it is decoded. */
export interface DecodeLimits {
    /**
     * Bytes of memory that the decoded value may take besides four times the frame. An element of a list can be a byte on
     * the wire and a hundred in memory, so a hostile frame could otherwise take fifty times its size. Default 256 MiB: a
     * Metadata response of some 800,000 partitions.
     */
    readonly maxDecodedBytes?: number | undefined;
}
/**
 * Reads Kafka's primitives, never past the end. A length or count is believed only after it was compared with what
 * remains, so hostile bytes cannot make it allocate. Byte fields are views of the given memory, not copies.
 */
export declare class Reader {
    #private;
    readonly bytes: Buffer;
    readonly end: number;
    position: number;
    constructor(bytes: Uint8Array, start?: number, end?: number, limits?: DecodeLimits);
    get remaining(): number;
    /** Moves over `length` bytes and returns where they began. */
    take(length: number): number;
    /**
     * Accounts for memory that a decoded value is about to take.
     * @throws MalformedError when it is more than the limit.
     */
    charge(bytes: number): void;
    boolean(): boolean;
    int8(): number;
    int16(): number;
    uint16(): number;
    int32(): number;
    /** So many of them, one after the other. */
    int32s(count: number): number[];
    uint32(): number;
    /** An int64 as a number; refused outside of +-(2^53 - 1), where a number would silently become another one. */
    int64(): number;
    /** An int64 whose greatest value means "no limit" and is read as Infinity. */
    int64OrInfinity(): number;
    /** An int64 that is a bigint outside of +-(2^53 - 1), and a number otherwise. */
    int64OrBigint(): number | bigint;
    bigint64(): bigint;
    float64(): number;
    uuid(): string;
    /** An unsigned varint of at most 32 bits. */
    uvarint(): number;
    /** A length that is -1 for null: int16 or int32, or in compact form an unsigned varint plus one. */
    length(compact: boolean, wide: boolean): number;
    text(length: number): string;
    view(length: number): Uint8Array;
}

// schema/schema
/**
 * The schema language: one declaration of a Kafka message gives its codec for every version and the static types of
 * both directions. Values are plain objects with Kafka's field names in camelCase; one shape serves all versions.
 *
 *   export const Heartbeat = api(12, 'Heartbeat', { versions: [0, 4], flexible: 4 }, {
 *     groupId: string, generationId: int32, memberId: string, groupInstanceId: string.orNull(3).since(3).default(null),
 *   }, {
 *     throttleTimeMs: int32.since(1).ignorable(), errorCode: int16,
 *   })
 */
/** The types of Kafka's schema, and three more that say how an int64 is shown: by a bigint too or only, or with Infinity. */
export type Primitive = 'boolean' | 'int8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'int64OrInfinity' | 'int64OrBigint' | 'bigint64' | 'float64' | 'uuid' | 'string' | 'bytes' | 'records';
/** How a field stands on the wire. */
export type WireType = {
    readonly kind: Primitive;
} | {
    readonly kind: 'array';
    readonly element: Field<unknown, unknown, boolean>;
} | {
    readonly kind: 'struct';
    readonly shape: Shape;
    readonly make?: Make<Shape> | undefined;
};
/** What Kafka's JSON schema says of a field, besides its name and type. */
export interface FieldSpec {
    readonly type: WireType;
    readonly since: number;
    /** Last version that has the field. */
    readonly until: number;
    readonly nullableSince: number;
    readonly nullableUntil: number;
    /** undefined: Kafka's implicit default (0, '', [], ...). */
    readonly default: {
        readonly value: unknown;
    } | undefined;
    readonly tag: number | undefined;
    readonly ignorable: boolean;
    /** False only for the client id of the request header, which keeps its old form in flexible versions. */
    readonly compact: boolean;
}
/**
 * A field of a message. `Out` is what decoding gives, `In` what encoding takes; `Spare` says whether the caller may
 * leave it out. Modifiers return a new field.
 */
export declare class Field<Out, In = Out, Spare extends boolean = false> {
    readonly out: Out;
    readonly in: In;
    readonly spare: Spare;
    readonly spec: FieldSpec;
    constructor(spec: FieldSpec);
    /** Absent before `version`; there it decodes as its default. */
    since(version: number): Field<Out, In, true>;
    /** Absent after `version`. */
    until(version: number): Field<Out, In, true>;
    /** May be null from `since` to `until`. */
    orNull(since?: number, until?: number): Field<Out | null, In | null, Spare>;
    /** The value of a field that the caller left out or that the version lacks. */
    default(value: In | Out): Field<Out, In, true>;
    /** A tagged field (KIP-482): optional on the wire, written only when it differs from its default. */
    tag(tag: number, since: number): Field<Out, In, true>;
    /** May be dropped in silence when the version lacks it; any other field is then an error unless it has its default. */
    ignorable(): Field<Out, In, Spare>;
    /** Keeps the form of versions before KIP-482 in all versions. */
    neverCompact(): Field<Out, In, Spare>;
}
/** A field of whatever type. */
export type AnyField = Field<unknown, unknown, boolean>;
/** The fields of a struct, in the order of the wire. */
export type Shape = {
    readonly [name: string]: Field<any, any, boolean>;
};
type Flat<T> = {
    [K in keyof T]: T[K];
};
type SpareKeys<S extends Shape> = {
    [K in keyof S]: S[K]['spare'] extends true ? K : never;
}[keyof S];
/** What decoding a shape gives: every field, those that the version lacks as their defaults. */
export type Decoded<S extends Shape> = {
    [K in keyof S]: S[K]['out'];
};
/** Reads the fields of a shape: of those that the version lacks, the default. */
export type FieldReaders<S extends Shape> = {
    readonly [K in keyof S]: (from: Reader) => S[K]['out'];
};
/**
 * Reads a struct by one literal with all fields in the shape's order, e.g. `(read, from) => ({ id: read.id(from) })`.
 * It says nothing that the shape does not say; it is for structs that come by the thousand, since an engine makes an
 * object by a literal of its own ten times as fast as by names that it does not know beforehand.
 */
export type Make<S extends Shape> = (read: FieldReaders<S>, from: Reader) => Decoded<S>;
/** What encoding a shape takes: fields that some version lacks, or that have a default, may be left out. */
export type Encodable<S extends Shape> = Flat<{
    readonly [K in Exclude<keyof S, SpareKeys<S>>]: S[K]['in'];
} & {
    readonly [K in SpareKeys<S>]?: S[K]['in'] | undefined;
}>;
/** One byte; anything but 0 reads as true. */
export declare const boolean: Field<boolean>;
/** A whole number from -128 to 127. */
export declare const int8: Field<number>;
/** A whole number from -32768 to 32767. */
export declare const int16: Field<number>;
/** A whole number from 0 to 65535, e.g. a port. */
export declare const uint16: Field<number>;
/** A whole number from -2147483648 to 2147483647. */
export declare const int32: Field<number>;
/** A whole number from 0 to 4294967295, e.g. a checksum. */
export declare const uint32: Field<number>;
/**
 * What brokers count and measure themselves, e.g. the offsets of a log, their own clock: a number, refused when it is not
 * a safe integer, since no broker gets there.
 */
export declare const int64: Field<number>;
/** As `int64`; the greatest value of all means "no limit" and is Infinity. */
export declare const int64OrInfinity: Field<number>;
/**
 * What clients and people set as they like, or what a system tells, e.g. the times of records, committed offsets, the
 * capacity of a disk: a number, or a bigint where a number would not be exact. So no value makes a message unreadable.
 */
export declare const int64OrBigint: Field<number | bigint>;
/** Ids, which need all 64 bits. */
export declare const bigint64: Field<bigint>;
/** Any number, also NaN and the infinities. */
export declare const float64: Field<number>;
/** 22 characters of URL-safe base64, as Kafka prints ids. */
export declare const uuid: Field<string>;
/** Text; UTF-8 on the wire, 32767 bytes at most. */
export declare const string: Field<string>;
/** Decoded as a view of the frame, not a copy. */
export declare const bytes: Field<Uint8Array>;
/** Whole record batches; a view of the frame. */
export declare const records: Field<Uint8Array>;
/** A list of structs, or of anything else. */
export declare function array<S extends Shape>(shape: S, make?: Make<S>): Field<Decoded<S>[], readonly Encodable<S>[]>;
export declare function array<O, I>(element: Field<O, I, boolean>): Field<O[], readonly I[]>;
/** Fields of their own within a message. */
export declare function struct<S extends Shape>(shape: S, make?: Make<S>): Field<Decoded<S>, Encodable<S>>;
/** A message with versions: a request, a response, a header, a record of an internal topic. */
export interface Message<S extends Shape> {
    readonly name: string;
    readonly minVersion: number;
    readonly maxVersion: number;
    /** First version with compact types and tagged fields; Infinity when there is none. */
    readonly flexible: number;
    readonly shape: S;
}
/** One Kafka API. */
export interface Api<Req extends Shape = Shape, Res extends Shape = Shape, Name extends string = string> {
    /** Kafka's number of the API, which stands in the header of each request. */
    readonly key: number;
    /** Kafka's name, without Request or Response. */
    readonly name: Name;
    readonly minVersion: number;
    readonly maxVersion: number;
    readonly flexible: number;
    readonly request: Message<Req>;
    readonly response: Message<Res>;
}
/** What a client gives to send this request. */
export type Request<A extends Api> = Encodable<A['request']['shape']>;
/** What a client gets as the answer. */
export type Response<A extends Api> = Decoded<A['response']['shape']>;
/** What a broker gets when it reads this request. */
export type Received<A extends Api> = Decoded<A['request']['shape']>;
/** What a broker gives to answer it. */
export type Reply<A extends Api> = Encodable<A['response']['shape']>;
/** The versions of a message. */
export interface Versions {
    /** Oldest and newest version that can be coded. */
    versions: readonly [number, number];
    /** First flexible version (KIP-482); none when left out. */
    flexible?: number;
}
/** Declares a message. */
export declare function message<S extends Shape>(name: string, versions: Versions, shape: S): Message<S>;
/**
 * Declares an API: one text for the codecs of all versions and for the types of both sides.
 * @param key Kafka's number of the API
 */
export declare function api<Req extends Shape, Res extends Shape, const Name extends string>(key: number, name: Name, versions: Versions, request: Req, response: Res): Api<Req, Res, Name>;

// schema/unknown-tags
/** Key under which a decoded struct keeps tagged fields that this library does not know, so that they survive. */
export declare const unknownTags: unique symbol;
/** A tagged field of a newer schema, kept as it came. */
export interface UnknownTag {
    tag: number;
    bytes: Uint8Array;
}

// schema/versioned
/** A value that was stored with its version, and that version. */
export interface Versioned<T> {
    version: number;
    value: T;
}
/**
 * Bytes of a message with its version in front (int16), as brokers and group members store them.
 * @throws UnsupportedVersionError when the message has no such version, or when that version lacks a field of the value.
 * @throws EncodeError when a required field is missing or a value does not fit.
 */
export declare function encodeVersioned<S extends Shape>(message: Message<S>, version: number, value: Encodable<S>): Uint8Array;
/**
 * Reads a message that has its version in front (int16). Bytes that are left over are an error.
 * @throws UnsupportedVersionError for a version that this library does not know.
 * @throws MalformedError for bytes that are no such message.
 */
export declare function decodeVersioned<S extends Shape>(message: Message<S>, bytes: Uint8Array): Versioned<Decoded<S>>;
/**
 * As `decodeVersioned`, but a version that is newer than any known is read as the newest known, since such messages
 * only ever get fields appended; what is behind is then passed over.
 * @throws MalformedError for a negative version and for bytes that are no such message.
 */
export declare function decodeVersionedLeniently<S extends Shape>(message: Message<S>, bytes: Uint8Array): Versioned<Decoded<S>>;

// schema/writer
/**
 * Writes Kafka's primitives. The result is a list of pieces: what was written, and large byte fields by reference.
 * Those must not be changed until the pieces have left.
 */
export declare class Writer {
    #private;
    constructor(capacity?: number);
    get length(): number;
    /** Everything written so far. The writer must not be used afterwards. */
    finish(): Uint8Array[];
    /** The same as one piece of memory. */
    finishContiguous(): Uint8Array;
    boolean(value: boolean): void;
    int8(value: number): void;
    int16(value: number): void;
    uint16(value: number): void;
    int32(value: number): void;
    uint32(value: number): void;
    int64(value: number): void;
    int64OrInfinity(value: number): void;
    int64OrBigint(value: number | bigint): void;
    bigint64(value: bigint): void;
    float64(value: number): void;
    uuid(text: string): void;
    uvarint(value: number): void;
    /** A length, -1 for null, in the form that {@link Reader.length} reads. */
    size(length: number, compact: boolean, wide: boolean): void;
    text(value: string, compact: boolean): void;
    /** Byte content without its length. */
    raw(bytes: Uint8Array): void;
    /** Everything another writer wrote; large byte fields stay references. */
    append(other: Writer): void;
}

// uuid
/** The id that means "none": 16 zero bytes. Source: Kafka's `Uuid.ZERO_UUID`. */
export declare const zeroUuid = "AAAAAAAAAAAAAAAAAAAAAA";
/** 16 bytes as Kafka prints them: 22 characters of URL-safe base64 without padding. */
export declare function formatUuid(bytes: Uint8Array, start?: number): string;
/**
 * The 16 bytes of a printed id, written to `into` at `at`. As Kafka's `Uuid.fromString` does, it takes padding (`==`)
 * behind the 22 characters.
 * @throws EncodeError when the text is not a printed id of 16 bytes.
 */
export declare function parseUuid(text: string, into?: Uint8Array, at?: number): Uint8Array;

// versions
/**
 * The newest version of an API that both sides speak.
 * @param ranges what the broker advertises, by API key
 * @param broker how to name the broker in the error
 * @param cap the newest version the caller wants, when it has reasons of its own
 * @throws UnsupportedVersionError that names the API, both ranges and the broker when there is none.
 */
export declare function negotiate(api: Api, ranges: ReadonlyMap<number, VersionRange>, broker: string, cap?: number): number;
