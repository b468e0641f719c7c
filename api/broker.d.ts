import { Runtime, Transport } from '@samsa/runtime';

// broker
export interface BrokerOptions extends Partial<BrokerSettings> {
    /** The world to run in; the real one by default. */
    runtime?: Runtime;
    /** Told why a connection was closed from this side: bytes that are no request, or a fault. Default: nobody. */
    onProblem?: (remote: string, error: Error) => void;
}
/**
 * Starts the embedded broker. In memory unless `dataDirectory` is given; on any free port unless `port` is.
 * @throws KafkaError with code CONFIG for a setting that cannot be, ADDRESS_IN_USE for a port that is taken,
 * ADDRESS_NOT_AVAILABLE for a host or port that cannot be listened on
 */
export declare function startBroker(options?: BrokerOptions): Promise<Broker>;
/** A running broker, of one node or several in one process. */
export declare class Broker {
    #private;
    /** Faults made for tests. */
    readonly faults: Faults;
    constructor(runtime: Runtime, settings: BrokerSettings, onProblem: (remote: string, error: Error) => void);
    /** Addresses of all nodes, as clients take them. */
    get bootstrapServers(): string;
    get nodes(): readonly {
        id: number;
        host: string;
        port: number;
        isUp: boolean;
    }[];
    /** The last requests that came in. */
    get requests(): RequestLog;
    /** Opens the ports of all nodes. */
    listen(): Promise<void>;
    /** Speaks Kafka on any connection, as if it had come in on a node's port. */
    handle(transport: Transport, node?: number): void;
    /**
     * Creates a topic.
     * @throws KafkaError with Kafka's name of what is wrong, e.g. TOPIC_ALREADY_EXISTS
     */
    createTopic(name: string, options?: {
        partitions?: number;
        configs?: Record<string, string>;
    }): void;
    /** Whether a topic of that name exists. */
    hasTopic(name: string): boolean;
    /** Makes another node lead a partition; clients find out as they would with Kafka. */
    moveLeader(topic: string, partition: number, node: number): void;
    /**
     * Takes a node down: its port closes, its connections break, and other nodes lead what it led.
     * @throws KafkaError BROKER_NOT_AVAILABLE when there is no such node
     */
    stopNode(node: number): Promise<void>;
    /**
     * Brings a node back on its old port. What it led stays where it is.
     * @throws KafkaError ADDRESS_IN_USE when the port was taken meanwhile, BROKER_NOT_AVAILABLE when there is no such node
     */
    startNode(node: number): Promise<void>;
    /** Stops in order: ports, connections, logs. Legal at any time, also twice. */
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

// faults
/** What to do to a request that matches. */
export interface FaultRule {
    /** Name of the API, e.g. `Produce`. */
    api: string;
    /** Only on this node. */
    node?: number;
    /** Counted from 1: on which matching request it begins. Default 1. */
    nth?: number;
    /** How many requests it meets. Default 1; Infinity: all. */
    times?: number;
    /** `close`: before the request is applied. `dropReply`: after it was applied. */
    action?: 'close' | 'dropReply';
    /** Waits before the request is handled. Milliseconds. */
    delayMs?: number;
    /**
     * The error code of the answer, or, where the answer as a whole has none, as that of Produce, of each of its parts.
     * The request is applied all the same.
     */
    errorCode?: number;
}
/** Faults made for tests: rules that requests are matched with, in the order in which they were added. */
export declare class Faults {
    #private;
    /** @param apis names of the APIs that rules may name */
    constructor(apis: readonly string[]);
    /**
     * Adds a rule; returns what takes it off, and how often it was hit.
     * @throws KafkaError CONFIG for a rule that could never be met, or that would do nothing
     */
    add(rule: FaultRule): {
        remove(): void;
        readonly hits: number;
    };
    match(api: string, node: number): FaultRule | undefined;
    /** Waits for a delay to pass, or for the connection to end. */
    wait(runtime: Runtime, ms: number, gone: AbortSignal): Promise<void>;
}
/** The last requests that the broker saw, for tests to look at. */
export declare class RequestLog {
    #private;
    constructor(limit?: number);
    note(node: number, api: string, version: number, at: number): void;
    /** Oldest first. */
    get recent(): readonly {
        node: number;
        api: string;
        version: number;
        at: number;
    }[];
}

// settings
/** Settings of the broker; names are Kafka's in camelCase. */
export interface BrokerSettings {
    /** Address to listen on; clients are sent to it too, unless `advertisedHost` is given. Default 127.0.0.1. */
    host: string;
    /**
     * Host name or address that clients are sent to (the host of `advertised.listeners`). Needed where they reach the
     * broker under another name than it listens on; `host: '0.0.0.0'` cannot do without. Default: `host`.
     */
    advertisedHost: string | undefined;
    /** 0: any free port. With several nodes, the first of as many ports in a row. Default 0. */
    port: number;
    /** How many nodes: listeners of one process, with the leaders spread over them. Default 1. */
    brokers: number;
    /** Where records are kept; without it everything is in memory. */
    dataDirectory: string | undefined;
    /** `num.partitions`: of a topic that is created without a number. Default 1. */
    numPartitions: number;
    /** `auto.create.topics.enable`. Default true. */
    autoCreateTopicsEnable: boolean;
    /** `message.max.bytes`. Default 1048588. */
    messageMaxBytes: number;
    /** `log.segment.bytes`. Default 1 GiB. */
    logSegmentBytes: number;
    /** `fetch.max.bytes`. Default 57671680. */
    fetchMaxBytes: number;
    /** `socket.request.max.bytes`: a larger request closes its connection. Default 100 MiB. */
    socketRequestMaxBytes: number;
    /** `connections.max.idle.ms`. Default 10 minutes. */
    connectionsMaxIdleMs: number;
    /** `group.initial.rebalance.delay.ms`. Default 0: one machine has nobody to wait for. */
    groupInitialRebalanceDelayMs: number;
    groupMinSessionTimeoutMs: number;
    groupMaxSessionTimeoutMs: number;
    groupMaxSize: number;
    /** `offset.metadata.max.bytes`. Default 4096. */
    offsetMetadataMaxBytes: number;
}
