import { Fetch, Header, KafkaError, ReceivedHeader, RecordBatch, RecordView, Response, TimestampType } from '@samsa/protocol';
import { Runtime } from '@samsa/runtime';
export { CorruptRecordError, EncodeError, Header, KafkaError, MalformedError, ReceivedHeader, TimestampType, UnsupportedVersionError } from '@samsa/protocol';

// client-runtime
/** The world and the log of a client; the real ones by default. */
export interface ClientWorld {
    runtime?: Runtime;
    logger?: Logger;
}

// cluster/topic-partition
export interface TopicPartition {
    topic: string;
    partition: number;
}
export interface TopicPartitionOffset extends TopicPartition {
    offset: number;
    /** Free text that is kept with a committed offset. */
    metadata?: string;
    /** -1 or left out: not known. */
    leaderEpoch?: number;
}

// config/setting
/** Kafka's types of settings (`ConfigDef.Type`), and FUNCTION for what only a program can give. */
type SettingType = 'INT' | 'LONG' | 'BOOLEAN' | 'STRING' | 'LIST' | 'FUNCTION';
/** One setting: its type and default, and how a given value is checked and brought into form. */
interface Setting<T> {
    readonly type: SettingType;
    readonly default: T;
    /** Least and greatest value of a number; greatest size in bytes of a text. */
    readonly min?: number | undefined;
    readonly max?: number | undefined;
    /** Throws a plain Error whose message is the rule; `parseConfig` adds the name and the value. Or a ConfigError. */
    readonly parse: (value: unknown) => T;
}
type SettingTable = {
    readonly [name: string]: Setting<any>;
};
/** What a user may give. */
type Given<T extends SettingTable> = {
    readonly [K in keyof T]?: T[K]['default'] | undefined;
};
/** `host:port`, several with commas or as a list; the port may be left out and is then 9092. */
interface BootstrapAddress {
    host: string;
    port: number;
}

// consumer/completed-fetch
type Records = Pick<PartitionAnswer, 'records' | 'abortedTransactions'>;
/** How the answers of a consumer are read. */
interface ReadRules {
    checkCrcs: boolean;
    isCommittedOnly: boolean;
    maxDecompressedBytes: number;
}
/** What comes next: a batch with records for the user, offsets with nothing for him, or what cannot be read. */
type Step = {
    kind: 'records';
    batch: RecordBatch;
} | {
    kind: 'nothing';
    end: number;
} | {
    kind: 'unreadable';
    error: UnreadableBatchError;
};
/**
 * What one answer holds of a partition, batch by batch. Transactions that were aborted are hidden here: an answer lists
 * those of its whole stretch, so nothing needs to be known of the answers before. Source: `CompletedFetch`.
 */
declare class CompletedFetch {
    #private;
    /** Size as it came. */
    readonly bytes: number;
    /** Where the next fetch begins. */
    readonly nextOffset: number;
    /** Leader epoch of the last batch; -1 when there is none. */
    readonly lastEpoch: number;
    constructor(place: TopicPartition, offset: number, part: Records, rules: ReadRules);
    /** What stands for offsets that the broker itself could not read. */
    static broken(place: TopicPartition, offset: number, error: UnreadableBatchError): CompletedFetch;
    /** Whether everything was taken. */
    get isOver(): boolean;
    /** Whether it begins with what cannot be read. */
    get isBroken(): boolean;
    /** Whether what comes next is compressed and so large that it should not be unpacked in passing. */
    isLarge(bytes: number): boolean;
    /** The next step; undefined behind the last one. */
    next(): Step | undefined;
}
/** The error of a batch, or of what is left of it. */
declare function unreadable({ topic, partition }: TopicPartition, { baseOffset, lastOffset }: {
    baseOffset: number;
    lastOffset: number;
}, cause: unknown): UnreadableBatchError;

// consumer/consumer
/**
 * Reads records: as a member of a group (`subscribe`), or from partitions of its own choice (`assign`).
 *
 *   const consumer = new KafkaConsumer({ bootstrapServers: 'localhost:9092', groupId: 'my.group' })
 *   consumer.subscribe(['my.topic'])
 *   for await (const message of consumer) console.log(message)
 *
 * A record is processed when its loop asks for the next one, or when it is committed. When the group rebalances, the
 * member keeps its partitions until what is in hand is processed, for `maxPollIntervalMs` at most.
 *
 * @throws ConfigError from the constructor, for a setting that is unknown or cannot be
 */
export declare class KafkaConsumer<K = Buffer | null, V = Buffer | null> {
    #private;
    constructor(options?: ConsumerOptions<K, V>, world?: ClientWorld);
    /**
     * Reads topics as a member of the group `groupId`, which shares their partitions out.
     * @param topics names, or a pattern that names are matched with
     */
    subscribe(topics: string | readonly string[] | RegExp): void;
    /**
     * Gives up the subscription or the assignment at once; nothing more is handed over, and a member's partitions are told as
     * `revoked`. With auto commit, what was processed is committed; when that and the listeners are done, the group is left.
     * @returns a promise that resolves when all of that is done; it never rejects, and `close` waits for it too
     */
    unsubscribe(): Promise<void>;
    /**
     * Reads these partitions, and no others, without the group sharing them out. Positions begin at what the group has
     * committed, else where `autoOffsetReset` says, unless `seek` sets them.
     */
    assign(partitions: readonly TopicPartition[]): void;
    /** The partitions that are being read at the moment. */
    assignment(): TopicPartition[];
    /** What was subscribed. */
    subscription(): readonly string[] | RegExp | undefined;
    /** Goes on at an offset; what was fetched before is dropped. */
    seek(target: TopicPartition, offset: number): void;
    /** Goes to the first record that is there; all assigned partitions when none is named. */
    seekToBeginning(...targets: TopicPartition[]): void;
    /** Goes behind the last record; all assigned partitions when none is named. */
    seekToEnd(...targets: TopicPartition[]): void;
    /** Hands over no records of these partitions until `resume`; what is fetched already is kept. */
    pause(...targets: TopicPartition[]): void;
    resume(...targets: TopicPartition[]): void;
    /** The partitions that are paused. */
    paused(): TopicPartition[];
    /**
     * Offset of the next record of an assigned partition; waits while it is being looked up.
     * @throws TimeoutError after `defaultApiTimeoutMs`
     */
    position(target: TopicPartition): Promise<number>;
    /**
     * The next record; waits for it as long as it takes, or `timeoutMs`. The one before counts as processed. For records in
     * parallel use a `for await` each: of these calls one is under way at a time.
     * @returns `done: true` when the consumer was closed meanwhile
     * @throws TimeoutError after `timeoutMs`; KafkaError with code CLOSED when the consumer is closed already, and with
     * code ILLEGAL_STATE when nothing was subscribed or assigned, or another call waits
     */
    next(options?: {
        timeoutMs?: number;
    }): Promise<IteratorResult<ConsumerRecord<K, V>, ConsumerRecord<K, V>>>;
    /**
     * A loop over the records, as long as the consumer is open. Several loops share them out: each has in hand what it is
     * at work on. What a loop has in hand when it ends, by `break` or an error, is handed over again.
     */
    [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<K, V>>;
    /**
     * Records that are there, up to `maxRecords`; waits for the first one as long as `timeoutMs`. Those of the call before
     * count as processed.
     * @returns an empty list when none came
     * @throws KafkaError with code ILLEGAL_STATE when nothing was subscribed or assigned, or another call waits
     */
    poll(options?: {
        timeoutMs?: number;
        maxRecords?: number;
    }): Promise<ConsumerRecord<K, V>[]>;
    /**
     * Commits, so that the group goes on behind it: without an argument everything that was handed over; a record means
     * up to and including it; a list gives the next offset of each partition.
     * @throws KafkaError with code COMMIT_FAILED when the group has given the partitions to somebody else, also when they
     * came back since; with code ILLEGAL_STATE without an argument while several loops have records in hand
     */
    commit(what?: ConsumerRecord<K, V> | readonly TopicPartitionOffset[]): Promise<void>;
    /**
     * What the group has committed.
     * @returns an entry for each partition, in the same order; undefined where nothing was committed
     */
    committed(partitions: readonly TopicPartition[]): Promise<(TopicPartitionOffset | undefined)[]>;
    /** Offsets of the first records that are there, in the order of `partitions`. */
    beginningOffsets(partitions: readonly TopicPartition[]): Promise<number[]>;
    /** Offsets behind the last records, in the order of `partitions`. */
    endOffsets(partitions: readonly TopicPartition[]): Promise<number[]>;
    /**
     * For each partition the first record at or after a time (ms since 1970); undefined where there is none. A time that is
     * no safe integer is -1, and exactly in `timestampBigInt`.
     */
    offsetsForTimes(wanted: readonly (TopicPartition & {
        timestamp: number;
    })[]): Promise<({
        offset: number;
        timestamp: number;
        timestampBigInt?: bigint;
    } | undefined)[]>;
    /** Indexes of a topic's partitions. */
    partitionsFor(topic: string): Promise<number[]>;
    /**
     * Calls back for an event. Listeners of `assigned`, `revoked` and `lost` may give a promise, which is awaited.
     * @returns a function that removes the listener
     */
    on<Name extends keyof ConsumerEvents>(name: Name, listener: (payload: ConsumerEvents[Name]) => unknown): () => void;
    /**
     * Commits what was processed (with auto commit), tells `revoked`, leaves the group and closes. Legal at any time, also
     * twice. What `poll` and `next` gave last counts as processed; what a `for await` has in hand does not: the loop may be at
     * work on it still, or have ended by an error in it.
     * @param options.timeoutMs how long that may take. Default 30 s
     */
    close(options?: {
        timeoutMs?: number;
    }): Promise<void>;
    /** As `close`, but the record in hand is not committed: the block may have ended by an error. */
    [Symbol.asyncDispose](): Promise<void>;
}

// consumer/consumer-config
/** What a deserializer is told besides the bytes. */
export interface DeserializeContext {
    topic: string;
}
/** Makes a key or value of its bytes; null needs none and stays null. What it throws becomes a `DeserializationError`. */
export type Deserializer<T> = (bytes: Buffer, context: DeserializeContext) => T;
/** Those of a consumer; undefined: bytes stay bytes. */
interface Deserializers<K, V> {
    key: Deserializer<K> | undefined;
    value: Deserializer<V> | undefined;
}
/** Settings of the consumer; names and defaults are Kafka's (`ConsumerConfig`), names in camelCase. */
declare const consumerSettings: {
    bootstrapServers: Setting<string | readonly string[] | readonly BootstrapAddress[]>;
    clientId: Setting<string>;
    requestTimeoutMs: Setting<number>;
    defaultApiTimeoutMs: Setting<number>;
    retryBackoffMs: Setting<number>;
    retryBackoffMaxMs: Setting<number>;
    reconnectBackoffMs: Setting<number>;
    reconnectBackoffMaxMs: Setting<number>;
    metadataMaxAgeMs: Setting<number>;
    metadataRecoveryStrategy: Setting<"none" | "rebootstrap">;
    metadataRecoveryRebootstrapTriggerMs: Setting<number>;
    connectionsMaxIdleMs: Setting<number>;
    socketConnectionSetupTimeoutMs: Setting<number>;
    socketConnectionSetupTimeoutMaxMs: Setting<number>;
    receiveMessageMaxBytes: Setting<number>;
    securityProtocol: Setting<"PLAINTEXT" | "SSL">;
    ssl: Setting<import("@samsa/runtime").TlsOptions | undefined>;
    allowAutoCreateTopics: Setting<boolean>;
    /** The group that shares the partitions of what is subscribed, and whose offsets are committed. No default. */
    groupId: Setting<string | undefined>;
    /** Makes the member static (KIP-345): it keeps its partitions over a restart within the session timeout. No default. */
    groupInstanceId: Setting<string | undefined>;
    /** How the group agrees on its partitions. Only `classic` for now. */
    groupProtocol: Setting<"classic">;
    /** Commits in the background what was handed over before the current record. Default true. */
    enableAutoCommit: Setting<boolean>;
    /** How often. Milliseconds, default 5,000. */
    autoCommitIntervalMs: Setting<number>;
    /**
     * Where to begin when the group has committed nothing, or its offset is gone: at the first record, behind the last one,
     * or with an error. Default `latest`.
     */
    autoOffsetReset: Setting<"earliest" | "latest" | "none">;
    /** A broker answers a fetch when it has so many bytes ... Default 1. */
    fetchMinBytes: Setting<number>;
    /** ... or after so long. Milliseconds, default 500. */
    fetchMaxWaitMs: Setting<number>;
    /** Most bytes of one answer; a larger batch comes alone (KIP-74). Default 50 MiB. */
    fetchMaxBytes: Setting<number>;
    /** Most bytes of one partition in an answer, with the same exception. Default 1 MiB. */
    maxPartitionFetchBytes: Setting<number>;
    /**
     * Fetched bytes, and what was decompressed of them, that may wait to be handed over, over all partitions that are not
     * paused; beyond it only partitions with nothing waiting are asked for, and nothing beyond twice as much. Paused ones
     * keep as much besides; what they have beyond it is dropped and fetched again. Default 64 MiB.
     */
    queuedMaxBytes: Setting<number>;
    /** How large the records of one batch may become by decompression; a larger batch cannot be read. Bytes, default 64 MiB. */
    maxDecompressedBatchBytes: Setting<number>;
    /** Most records that one `poll` gives. Default 500. */
    maxPollRecords: Setting<number>;
    /** A member that does not ask for records for so long leaves the group. Milliseconds, default 5 minutes. */
    maxPollIntervalMs: Setting<number>;
    /** A member that was not heard of for so long is taken out of the group. Milliseconds, default 45,000. */
    sessionTimeoutMs: Setting<number>;
    /** How often a member shows that it is there. Milliseconds, default 3,000. */
    heartbeatIntervalMs: Setting<number>;
    /** `read_committed` hides records of transactions that are open or aborted. Default `read_uncommitted`. */
    isolationLevel: Setting<"read_committed" | "read_uncommitted">;
    /** How the group's leader shares partitions out, in order of preference: `range`, `roundrobin`, `sticky`. Default `range`. */
    partitionAssignmentStrategy: Setting<readonly string[]>;
    /** Verifies the checksum of every batch. Default true. */
    checkCrcs: Setting<boolean>;
    /** Hides Kafka's own topics from a subscription by pattern. Default true. */
    excludeInternalTopics: Setting<boolean>;
    /** Where this client stands, as brokers name their racks: for reading from a near replica (KIP-392) and, in a group, for `range` and `sticky` to give it near partitions (KIP-881). No default. */
    clientRack: Setting<string>;
    /** `string`, `json` or a function from bytes; without one keys stay bytes. */
    keyDeserializer: Setting<"json" | "string" | Deserializer<unknown> | undefined>;
    /** The same for values. */
    valueDeserializer: Setting<"json" | "string" | Deserializer<unknown> | undefined>;
};
export type ConsumerSettings = Given<typeof consumerSettings>;
type OrBuiltIn<T> = T | 'string' | 'json';
/** A deserializer that gives a promise does not fit: a record cannot wait for its value. */
type NoPromise<T> = [T] extends [PromiseLike<unknown>] ? never : unknown;
/** The consumer's settings; deserializers decide the types of keys and values. */
export type ConsumerOptions<K, V> = Omit<ConsumerSettings, 'keyDeserializer' | 'valueDeserializer'> & {
    keyDeserializer?: OrBuiltIn<Deserializer<K>> & NoPromise<K>;
    valueDeserializer?: OrBuiltIn<Deserializer<V>> & NoPromise<V>;
};

// consumer/consumer-events
/**
 * What a consumer tells. Listeners of `assigned`, `revoked` and `lost` may give a promise: the group waits for it, for
 * `maxPollIntervalMs` at most, before the member goes on, and no record is handed over while `assigned` is told.
 */
export interface ConsumerEvents extends ClientEvents {
    /** Partitions were assigned by the group. `seek` counts from the first record on. */
    assigned: {
        partitions: TopicPartition[];
    };
    /**
     * Partitions are given back in order, when nothing of them is in hand and, with auto commit, what was processed is
     * committed. A `commit` in here still counts.
     */
    revoked: {
        partitions: TopicPartition[];
    };
    /** Partitions were lost: the group has given them away already. */
    lost: {
        partitions: TopicPartition[];
    };
    committed: {
        offsets: TopicPartitionOffset[];
    };
    /** A commit in the background failed; it is tried again. */
    commitFailed: {
        error: Error;
    };
    /** An offset was not there any more and another one was taken. */
    offsetReset: {
        topic: string;
        partition: number;
        from: number | undefined;
        to: number;
    };
}

// consumer/consumer-record
/** A key or value could not be deserialized. The position stays; `seek` past the record to go on. */
export declare class DeserializationError extends KafkaError {
    readonly name = "DeserializationError";
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** The bytes that could not be read. */
    readonly bytes: Buffer;
    constructor(what: string, record: {
        topic: string;
        partition: number;
        offset: number;
    }, bytes: Buffer, cause: unknown);
}
/**
 * A record as it was received. Without deserializers `key` and `value` are Buffers (or null): views of the fetched
 * bytes, which stay in memory as long as the record does.
 */
export declare class ConsumerRecord<K = Buffer | null, V = Buffer | null> {
    #private;
    readonly topic: string;
    readonly partition: number;
    /** Position in the partition. */
    readonly offset: number;
    /**
     * Milliseconds since the epoch; -1 when there is none, and when it is no safe integer, as where a producer wrote
     * nanoseconds: `timestampBigInt` has it then.
     */
    readonly timestamp: number;
    /** -1 when unknown. */
    readonly leaderEpoch: number;
    /** @internal Records are made when they are handed over. */
    constructor(assigned: AssignedPartition, leaderEpoch: number, view: RecordView, deserializers: Deserializers<unknown, unknown> | undefined);
    /** @internal The assignment under which a record was handed over. */
    static assignmentOf(record: ConsumerRecord<any, any>): AssignedPartition;
    get key(): K;
    get value(): V;
    /** In order; names may repeat. */
    get headers(): ReceivedHeader[];
    /** The timestamp exactly, whatever the producer wrote: any number of 64 bits. */
    get timestampBigInt(): bigint;
    get timestampType(): TimestampType;
    /** Bytes; -1 for null. */
    get serializedKeySize(): number;
    /** Bytes; -1 for null. */
    get serializedValueSize(): number;
    toString(): string;
}

// consumer/fetch-buffer
/** What was fetched of one partition and not handed over yet: answers in their order, and the step that comes next. */
declare class FetchBuffer {
    #private;
    /** Size of the answers as they came. */
    get bytes(): number;
    get isEmpty(): boolean;
    /** Whether an error is to be told before anything else is worth asking for. */
    get isBroken(): boolean;
    push(fetch: CompletedFetch): void;
    /** The next step, which stays. */
    peek(): Step | undefined;
    /** Whether a step that was peeked at is still the next one. */
    isNext(step: Step): boolean;
    /** Takes the next step away, or puts an error in its place. */
    take(error?: UnreadableBatchError): void;
    /** Whether what comes next is a compressed batch of so many bytes or more. */
    isLarge(bytes: number): boolean;
    clear(): void;
}

// consumer/fetch-request
type PartitionAnswer = Response<typeof Fetch>['responses'][number]['partitions'][number];

// consumer/log-truncation
/** Where a log parts from what was read of it. */
interface Divergence {
    offset: number;
    leaderEpoch: number;
}
/**
 * The log was cut below the position, as an unclean election of a leader does: what was read behind `divergentOffset` is
 * not in it any more, and other records may stand there. Thrown where `autoOffsetReset` is 'none'; else the consumer
 * goes on at the divergence and tells it as `offsetReset`. Source: KIP-320, `LogTruncationException`.
 */
export declare class LogTruncationError extends KafkaError {
    readonly name = "LogTruncationError";
    readonly topic: string;
    readonly partition: number;
    /** The position that is not in the log. */
    readonly offset: number;
    /** Up to here the log is what was read; undefined when the broker does not know. */
    readonly divergentOffset: number | undefined;
    constructor({ topic, partition }: TopicPartition, offset: number, divergence: Divergence | undefined);
}

// consumer/partition-queues
/**
 * Which partitions have something to hand over, which want to be fetched, and what all of them keep in memory: counted
 * when it changes, so that neither a record nor an answer costs more with many partitions. Who is in a queue for nothing
 * is taken out when its turn comes; whoever changes what decides puts it in again (`changed`).
 */
declare class PartitionQueues {
    #private;
    /** Bytes that may be buffered of one partition before no more are asked for. */
    fetchLimit: number;
    /** In the order of their turns: who has given is put last. */
    readonly ready: Set<AssignedPartition>;
    /** In the order in which they began to wait. */
    readonly hungry: Set<AssignedPartition>;
    /** Those that are paused, the longest first. */
    readonly paused: Set<AssignedPartition>;
    /** What those keep that are not paused: as it came, and what was unpacked of it. */
    bufferedBytes: number;
    /** Of that, what was unpacked. */
    unpackedBytes: number;
    /** What paused ones keep. */
    pausedBytes: number;
    /** Looks at a partition again after something about it has changed. */
    changed(partition: AssignedPartition): void;
    /** Forgets a partition that is not assigned any more. */
    forget(partition: AssignedPartition): void;
}

// consumer/positions
/** Where a partition begins that has no position. */
type Reset = 'earliest' | 'latest';
/**
 * One assigned partition. It lives as long as its assignment: a partition that comes back gets a new one, so what was
 * asked for the old one is recognised by identity and falls away.
 */
declare class AssignedPartition implements TopicPartition {
    #private;
    readonly topic: string;
    readonly partition: number;
    /** Offset of the next record to hand over; undefined until it is known. */
    position: number | undefined;
    /** Where the next fetch begins; runs ahead of the position by what is buffered. */
    fetchOffset: number | undefined;
    /** Leader epoch of the batch before `fetchOffset`; -1 when unknown. */
    fetchEpoch: number;
    leaderEpoch: number;
    /** Epoch of the leader whose log is known to go up to `fetchOffset`; -1 when none was asked. */
    validatedEpoch: number;
    /** Id of the topic that the position is of; undefined until it is fetched from there. */
    topicId: string | undefined;
    /** A position that is being looked up at an end of the log. */
    reset: Reset | undefined;
    /** What was committed last, so that nothing is committed twice. */
    committed: number | undefined;
    /** The request that is under way for it; undefined when there is none from where it stands now. */
    asking: object | undefined;
    /** Monotonic: not to be fetched before, after an error. */
    retryAt: number;
    /** Whether it is likely to have records: it had some when it was asked last, or was not asked yet from here. */
    isBehind: boolean;
    /** The last log end, end of decided transactions, and beginning that a broker told; -1 when none did. */
    highWatermark: number;
    lastStableOffset: number;
    logStartOffset: number;
    /** The follower that is to be read instead of the leader (KIP-392), and how long, on the monotonic clock. */
    readReplica: {
        node: number;
        until: number;
    } | undefined;
    readonly buffer: FetchBuffer;
    /** Whether its next batch is being unpacked. */
    isUnpacking: boolean;
    /** Its next batch, where that is unpacked already. */
    unpacked: RecordBatch | undefined;
    /** What that one, and the batch that is being handed over, take in memory besides the bytes that came. */
    aheadBytes: number;
    openBytes: number;
    /** Whether `queues` counts it: it is assigned. */
    isCounted: boolean;
    /** Counts jumps to another offset: what was handed over before one says nothing about the position behind it. */
    jumps: number;
    /** The position is of a topic that was deleted: it must not be committed for its successor. */
    isStale: boolean;
    /** The membership that has it; undefined for a partition of one's own choice. */
    membership: Membership | undefined;
    /** How the partition went, since when nothing of it can be committed; undefined while it is there. */
    gone: 'revoked' | 'lost' | undefined;
    /** Whether nothing is handed over of it: it is paused, or about to be given away. */
    isHeld: boolean;
    /** What `queues` has counted of it. */
    readonly counted: {
        bufferedBytes: number;
        unpackedBytes: number;
        pausedBytes: number;
    };
    /** The batch that is being handed over. */
    records: readonly RecordView[];
    recordIndex: number;
    recordsEpoch: number;
    /** Offset behind that batch, which may lie behind its last record: compaction takes records away. */
    recordsEnd: number;
    constructor({ topic, partition }: TopicPartition, queues?: PartitionQueues);
    get isPaused(): boolean;
    set isPaused(isPaused: boolean);
    /** No record of it is handed over any more, because it is about to be given away. */
    get isRevoking(): boolean;
    set isRevoking(isRevoking: boolean);
    get isGone(): boolean;
    /** Where it stands, in a word. */
    get state(): string;
    /** Whether records are waiting to be handed over. */
    get hasBuffered(): boolean;
    /** Whether something can be handed over now. */
    get isDeliverable(): boolean;
    /** Whether it is to be fetched, as soon as `retryAt` has come. */
    get isHungry(): boolean;
    /** Goes on at another offset; what was fetched for the old one is dropped. */
    moveTo(offset: number, leaderEpoch?: number): void;
    /** Looks its position up again. */
    resetTo(reset: Reset): void;
    /** Keeps what was fetched. */
    absorb(fetch: CompletedFetch): void;
    /** Something about it has changed. */
    changed(): void;
    /** Drops what was fetched; it is fetched anew from the position. */
    drop(): void;
}

// consumer/unreadable-batch
/** Offsets that cannot be read, and why. */
interface UnreadableSpan extends TopicPartition {
    firstOffset: number;
    lastOffset: number;
    cause: unknown;
}
/**
 * Records that are there cannot be read: their batch is damaged, breaks Kafka's rules, is compressed in a way that is
 * not known here, or would become larger than `maxDecompressedBatchBytes`. What comes before them was handed over, the
 * other partitions go on, and the position stays: the batch is fetched again, and the error comes again, until `seek`
 * goes past it. `cause` says what is wrong. Source: KIP-334.
 */
export declare class UnreadableBatchError extends KafkaError {
    readonly name = "UnreadableBatchError";
    readonly topic: string;
    readonly partition: number;
    /** The first offset that cannot be read. */
    readonly firstOffset: number;
    /** The last offset of its batch: those in between are passed over with it. */
    readonly lastOffset: number;
    constructor({ topic, partition, firstOffset, lastOffset, cause }: UnreadableSpan);
}

// errors
/** Where an error code of a broker came from. */
export interface ServerErrorPlace {
    /** Name of the API that answered, e.g. `Produce`. */
    api: string;
    topic?: string | undefined;
    partition?: number | undefined;
    /** The broker's own words, when it sent any. */
    detail?: string | null | undefined;
    /** What else the reader of the message needs, e.g. `group my.group`. */
    about?: string | undefined;
}
/**
 * A broker refused. `code` is Kafka's name (`NOT_LEADER_OR_FOLLOWER`), `errorCode` its number; `retriable` is Kafka's
 * own mark and is meant for people: this library decides by its recovery table.
 */
export declare class ServerError extends KafkaError {
    readonly name = "ServerError";
    readonly api: string;
    readonly errorCode: number;
    readonly retriable: boolean;
    readonly topic: string | undefined;
    readonly partition: number | undefined;
    constructor(errorCode: number, place: ServerErrorPlace, options?: ErrorOptions);
}
/** A connection could not be opened, or ended while requests waited for their answers. */
export declare class ConnectionError extends KafkaError {
    readonly name = "ConnectionError";
    /** `host:port`. */
    readonly address: string;
    /** True when bytes of the request had left: whether the broker acted on it is then unknown. */
    readonly sent: boolean;
    constructor(message: string, address: string, sent: boolean, options?: ErrorOptions);
}
/** Something did not happen within its time. `cause` is the last error that was met on the way, if any. */
export declare class TimeoutError extends KafkaError {
    readonly name = "TimeoutError";
    /** How long was waited. Milliseconds. */
    readonly timeoutMs: number;
    readonly waitingFor: string;
    /** True when a request had left and its outcome is unknown. */
    readonly sent: boolean;
    constructor(waitingFor: string, timeoutMs: number, options?: ErrorOptions & {
        sent?: boolean;
        hint?: string;
    });
}
/** The broker refused who we are, or TLS did. Trying again with the same settings cannot help. */
export declare class AuthenticationError extends KafkaError {
    readonly name = "AuthenticationError";
    constructor(message: string, options?: ErrorOptions);
}
/** Another producer or group member has taken this one's place. It is over for this instance. */
export declare class FencedError extends KafkaError {
    readonly name = "FencedError";
    constructor(code: string, message: string, options?: ErrorOptions);
}
/** A setting or an argument cannot be used; the message names it, the rule and the remedy. */
export declare class ConfigError extends KafkaError {
    readonly name = "ConfigError";
    readonly option: string;
    readonly value: unknown;
    constructor(option: string, value: unknown, message: string);
}
/** The rejection of every call that meets a closed client. */
export declare function closedError(what: string): KafkaError;

// events
/** Where a client writes for people. Each method gets one line. */
export interface Logger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
}
/** Events that every client has. */
export interface ClientEvents {
    connected: {
        node: number;
        address: string;
    };
    disconnected: {
        node: number;
        address: string;
        cause: Error | undefined;
    };
    metadata: {
        generation: number;
    };
}

// group/membership
/** In whose name offsets are committed: a member in a generation of its group. */
interface MemberIdentity {
    generation: number;
    memberId: string;
}
/**
 * A member of a group, whichever protocol the group speaks. It is the only one who says which partitions the consumer
 * has, and in whose name it commits.
 */
interface Membership {
    start(): void;
    /** The subscription changed. */
    rejoin(): void;
    /**
     * Records are asked for at this time (monotonic): the member is alive. A session that is over by its own clock, since
     * the process stood still, ends here, before a record of it is handed over.
     */
    polled(now: number): void;
    /** Undefined outside of a generation. */
    readonly identity: MemberIdentity | undefined;
    /** The coordinator refused a commit that was made in this name, in a way that tells about the membership. */
    commitRefused(error: ServerError, identity: MemberIdentity): void;
    /** Leaves; resolves when the coordinator knows, or cannot be told. */
    leave(): Promise<void>;
}

// producer/batch-result
/** What became of a batch, for all of its records at once. */
interface Outcome {
    /** Offset of the first record; -1 when the broker did not say. */
    baseOffset: number;
    /** -1 unless the topic stamps records itself. */
    logAppendTime: number;
    error: Error | undefined;
    /** Errors of single records by their index, where the broker told (KIP-467). */
    recordErrors?: ReadonlyMap<number, Error>;
}
type Observer = (outcome: Outcome, index: number) => void;
/**
 * The result that the records of a batch share. Nothing is allocated for a record until somebody asks. A batch that was
 * split has several fates after it.
 */
declare class BatchResult {
    #private;
    outcome: Outcome | undefined;
    /** @param mayBeStored whether a broker may have stored the batch without our knowing */
    constructor(mayBeStored?: () => boolean);
    /** Calls back once the outcome is known; at once when it is. */
    observe(index: number, observer: Observer): void;
    /** The outcome of a record, if it is known by now. */
    outcomeOf(index: number): {
        outcome: Outcome;
        index: number;
    } | undefined;
    /** Whether a record may be stored without our knowing. */
    mayBeStored(index: number): boolean;
    /** Somebody has seen that a record has failed. */
    looked(index: number): void;
    /** How many of the records of a failed batch somebody has looked at. */
    get observed(): number;
    /** Calls back once every record has its outcome; at once when each has. */
    whenOver(listener: () => void): void;
    settle(outcome: Outcome): void;
    /** The records go on in several batches. */
    split(parts: readonly {
        result: BatchResult;
        count: number;
    }[]): void;
}

// producer/future-record-metadata
/** What a future needs to know of its record. */
interface SentRecord {
    topic: string;
    partition: number;
    timestamp: number;
    keySize: number;
    valueSize: number;
}
type Callback = (metadata: RecordMetadata) => void;
type Errback = (error: Error) => void;
/** What all futures of a producer share. */
interface FutureContext {
    runtime: Runtime;
    /** A callback threw: that is the caller's affair and must not disturb the producer. */
    onCallbackError: (error: unknown) => void;
    /** What keeps brokers from being reached, for the message when time is up. */
    trouble: () => Error | undefined;
    /** Somebody has looked at a failure. */
    onLooked: () => void;
}
/**
 * The result of `send`: shares the result of its batch, and makes a promise only when somebody asks for one. It can be
 * awaited. A failure that nobody looks at does not end the process; the producer counts and emits it.
 */
export declare class FutureRecordMetadata implements PromiseLike<RecordMetadata> {
    #private;
    /** @internal Whether anybody has asked for the outcome, or seen that it failed. */
    isObserved: boolean;
    /** @internal Futures are made by `send`. */
    constructor(context: FutureContext);
    /** @internal The record has joined a batch. */
    join(record: SentRecord, result: BatchResult, index: number): void;
    /** @internal The record has never joined a batch. */
    fail(error: Error): void;
    /** Whether the outcome is known. */
    get isDone(): boolean;
    /** Whether the record is known to have been sent. */
    succeeded(): boolean;
    /** Whether the record is known to have failed. */
    failed(): boolean;
    /** Why it failed; undefined while it is not known or when it did not. */
    get exception(): Error | undefined;
    /** The metadata, once it is known and the record was sent. */
    get value(): RecordMetadata | undefined;
    /**
     * Waits for the result.
     * @param options.timeoutMs how long; without it as long as it takes, which `deliveryTimeoutMs` bounds
     * @throws TimeoutError when it takes longer: the record itself stays on its way; `sent` says whether it may be stored
     * @throws the error that sending failed with
     */
    get(options?: {
        timeoutMs?: number;
    }): Promise<RecordMetadata>;
    /** Calls back when the record was sent. What the callback throws is logged. */
    addCallback(callback: Callback): this;
    /** Calls back when sending failed. What the callback throws is logged. */
    addErrback(errback: Errback): this;
    then<R1 = RecordMetadata, R2 = never>(onFulfilled?: ((metadata: RecordMetadata) => R1 | PromiseLike<R1>) | null, onRejected?: ((error: unknown) => R2 | PromiseLike<R2>) | null): Promise<R1 | R2>;
    catch<R = never>(onRejected?: ((error: unknown) => R | PromiseLike<R>) | null): Promise<RecordMetadata | R>;
    finally(onFinally?: (() => void) | null): Promise<RecordMetadata>;
    /** @internal Calls back when the outcome is known; does not count as looking at it. */
    whenDone(listener: () => void): void;
}

// producer/producer
/** What can be sent without a serializer. */
export type Sendable = string | Uint8Array | null;
/** A record to send. */
export interface ProducerRecord<K = Sendable, V = Sendable> {
    topic: string;
    /** Default: none. */
    key?: K | undefined;
    /** null deletes the key where the topic is compacted (a tombstone). */
    value: V;
    /** In order; names may repeat. A plain object is taken too. */
    headers?: GivenHeaders;
    /** Default: by the key, or whichever suits. */
    partition?: number;
    /** Milliseconds since the epoch. Default: now. */
    timestamp?: number;
}
export interface ProducerEvents extends ClientEvents {
    /**
     * Records could not be sent and nobody looked at their futures: not for three seconds after they had failed, nor at other
     * failures meanwhile; or not by the time at which the producer was closed.
     */
    sendError: UnobservedFailure;
}
/** The producer's settings; serializers decide which types `send` takes. */
export type ProducerOptions<K, V> = Omit<ProducerSettings, 'keySerializer' | 'valueSerializer' | 'partitioner'> & {
    keySerializer?: Serializer<K>;
    valueSerializer?: Serializer<V>;
    partitioner?: Partitioner;
};
/**
 * Sends records. `send` returns at once; records are collected into batches and sent in the background.
 *
 *   const producer = new KafkaProducer({ bootstrapServers: 'localhost:9092' })
 *   const metadata = await producer.send({ topic: 'my.topic', value: 'Hello kafka!' })
 *   await producer.close()
 *
 * @throws ConfigError from the constructor, for a setting that is unknown or cannot be
 */
export declare class KafkaProducer<K = Sendable, V = Sendable> {
    #private;
    constructor(options?: ProducerOptions<K, V>, world?: ClientWorld);
    /**
     * Sends a record; returns at once. What goes wrong, also with the record itself, comes through the future.
     */
    send(record: ProducerRecord<K, V>): FutureRecordMetadata;
    /**
     * Sends everything that waits, and resolves when all of it has its outcome; failures are the futures' to tell.
     * @param options.timeoutMs default: as long as it takes, which `deliveryTimeoutMs` bounds
     * @throws ConfigError for a time that is none; TimeoutError, whose `sent` says whether something of it may be stored
     */
    flush(options?: {
        timeoutMs?: number;
    }): Promise<void>;
    /**
     * Sends what waits, then closes. Legal at any time, also twice: a shorter time that a later call gives counts.
     * @param options.timeoutMs how long what is under way may take; then the rest fails. Default 30 s
     * @throws ConfigError for a time that is none; the producer stays open then
     */
    close(options?: {
        timeoutMs?: number;
    }): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    /**
     * Indexes of a topic's partitions.
     * @throws TimeoutError when the topic is not known within `maxBlockMs`
     */
    partitionsFor(topic: string): Promise<number[]>;
    /** Calls back for an event; returns a function that removes the listener. */
    on<Name extends keyof ProducerEvents>(name: Name, listener: (payload: ProducerEvents[Name]) => void): () => void;
    /** Bytes of records that are not settled, and failures that nobody looked at. */
    metrics(): {
        bufferBytes: number;
        unobservedErrors: number;
    };
}

// producer/producer-config
/** What a serializer is told besides the data. */
export interface SerializeContext {
    topic: string;
    headers: readonly Header[] | undefined;
}
/** Makes bytes or text of a key or value. What it throws comes through the future of `send`. */
export type Serializer<T> = (data: T, context: SerializeContext) => Uint8Array | string | null;
/** Chooses a partition, from 0 to `partitions` - 1; `partitions` is how many the topic has. */
export type Partitioner = (record: {
    topic: string;
    key: Uint8Array | null;
    partitions: number;
    /** Partitions that have a leader at the moment. */
    available: readonly number[];
}) => number;
/** Settings of the producer; names and defaults are Kafka's (`ProducerConfig`), names in camelCase. */
declare const producerSettings: {
    bootstrapServers: Setting<string | readonly string[] | readonly BootstrapAddress[]>;
    clientId: Setting<string>;
    requestTimeoutMs: Setting<number>;
    defaultApiTimeoutMs: Setting<number>;
    retryBackoffMs: Setting<number>;
    retryBackoffMaxMs: Setting<number>;
    reconnectBackoffMs: Setting<number>;
    reconnectBackoffMaxMs: Setting<number>;
    metadataMaxAgeMs: Setting<number>;
    metadataRecoveryStrategy: Setting<"none" | "rebootstrap">;
    metadataRecoveryRebootstrapTriggerMs: Setting<number>;
    connectionsMaxIdleMs: Setting<number>;
    socketConnectionSetupTimeoutMs: Setting<number>;
    socketConnectionSetupTimeoutMaxMs: Setting<number>;
    receiveMessageMaxBytes: Setting<number>;
    securityProtocol: Setting<"PLAINTEXT" | "SSL">;
    ssl: Setting<import("@samsa/runtime").TlsOptions | undefined>;
    allowAutoCreateTopics: Setting<boolean>;
    /** Who must have a record before it counts as sent: `all` in-sync replicas, the leader (1), nobody (0). Default `all`. */
    acks: Setting<"all" | -1 | 0 | 1>;
    /** The broker drops what a retry sends twice, and keeps the order. Needs acks `all`. Default true. */
    enableIdempotence: Setting<boolean>;
    /** How batches are compressed: `none`, `gzip`, `snappy`, `lz4`, `zstd`. Default `none`. */
    compressionType: Setting<"gzip" | "lz4" | "none" | "snappy" | "zstd">;
    /** gzip 1 to 9, lz4 1 to 17, zstd -131072 to 22 (KIP-390); the codec's default when left out. */
    compressionLevel: Setting<number | undefined>;
    /** How long a batch waits for more records. Milliseconds, default 5. */
    lingerMs: Setting<number>;
    /**
     * Most bytes of a batch; one that has so many is sent without waiting for `lingerMs`. A record that is larger is a batch
     * of its own; 0: each record is. Default 16 KiB.
     */
    batchSize: Setting<number>;
    /** Records that wait to be sent may take so many bytes; further ones wait outside. Default 32 MiB. */
    bufferMemory: Setting<number>;
    /** How long a record may wait for metadata and for memory. Milliseconds, default 60,000. */
    maxBlockMs: Setting<number>;
    /** A record or request may have so many bytes. Default 1 MiB. */
    maxRequestSize: Setting<number>;
    /** How long sending a record may take, waiting and retries included. Milliseconds, default 120,000. */
    deliveryTimeoutMs: Setting<number>;
    /** How often a batch is sent again; the time limit is `deliveryTimeoutMs`. Default 2147483647. */
    retries: Setting<number>;
    /** Requests under way to one broker. At most 5 keep their order (KIP-98). Default 5. */
    maxInFlightRequestsPerConnection: Setting<number>;
    /** Records with a key go anywhere too. Default false. */
    partitionerIgnoreKeys: Setting<boolean>;
    /** Records without a key prefer partitions whose queues are short (KIP-794). Default true. */
    partitionerAdaptivePartitioningEnable: Setting<boolean>;
    /**
     * Such records avoid a partition whose broker could not be sent to for longer than this, where there are others; 0: that
     * is not looked at. Milliseconds, default 0.
     */
    partitionerAvailabilityTimeoutMs: Setting<number>;
    /**
     * A topic that nothing was sent to for so long is forgotten: metadata is not asked for it any more, which could bring it
     * back after it was deleted (KIP-526). Milliseconds, from 5,000; default 5 minutes.
     */
    metadataMaxIdleMs: Setting<number>;
    /** Chooses the partition instead of the built-in rule. */
    partitioner: Setting<Partitioner | undefined>;
    /** Makes bytes of keys that are neither text, bytes nor null. */
    keySerializer: Setting<Serializer<never> | undefined>;
    /** The same for values. */
    valueSerializer: Setting<Serializer<never> | undefined>;
    /** Transactions are not there yet. */
    transactionalId: Setting<string | undefined>;
};
export type ProducerSettings = Given<typeof producerSettings>;

// producer/record-metadata
/** Where a record went. */
export declare class RecordMetadata {
    readonly topic: string;
    readonly partition: number;
    /** Position in the partition; -1 when the broker did not say (acks 0, or a retry of what was already there). */
    readonly offset: number;
    /** Milliseconds since the epoch: the record's own, or the broker's where the topic uses log append time. */
    readonly timestamp: number;
    /** Bytes; -1 for null. */
    readonly serializedKeySize: number;
    /** Bytes; -1 for null. */
    readonly serializedValueSize: number;
    constructor(topic: string, partition: number, offset: number, timestamp: number, serializedKeySize: number, serializedValueSize: number);
    toString(): string;
}

// producer/serialization
/** Headers as `send` takes them: in order, or as a plain object. */
type GivenHeaders = readonly Header[] | Readonly<Record<string, Uint8Array | string | null>> | undefined;

// producer/unobserved-failures
/** Records that could not be sent and whose futures nobody looked at. */
interface UnobservedFailure {
    topic: string;
    /** -1 when the record had not come as far as a partition. */
    partition: number;
    count: number;
    error: Error;
}
