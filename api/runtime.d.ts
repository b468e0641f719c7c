// address
/**
 * `host:port` as people write it and as settings take it: an IPv6 address stands in brackets. Source:
 * `Utils.formatAddress`, RFC 3986.
 */
export declare function formatAddress(host: string, port: number): string;
/** The host alone: `[::1]`, as addresses are written with a port, becomes `::1`, as it is dialled and listened on. */
export declare function bareHost(host: string): string;

// machine
/**
 * A protocol state machine: pure, synchronous, told the time. It is given events and answers with effects; it never
 * performs them. `wakeAt` says when it wants a `tick` even if nothing happens (monotonic ms; Infinity = never).
 */
export interface Machine<Event, Effect> {
    step(event: Event, now: number): readonly Effect[];
    readonly wakeAt: number;
}

// node
/** The real world: this process's clock, sockets, files. There is one of it. */
export declare function nodeRuntime(): Runtime;
/** One turn of the event loop: everything that is ready now has run when it resolves. */
export declare function turn(): Promise<void>;

// pair
/**
 * Two connected transports in memory: what is written to one arrives at the other, on a later microtask. For tests and
 * for a client and a broker in one process without a socket.
 */
export declare function transportPair(): [Transport, Transport];

// runtime
/**
 * The world, behind one interface: clock, timers, randomness, network, disk, names.
 *
 * `node.ts` implements it with the real thing and is the only file of the four libraries that may touch it;
 * `sim.ts` implements it with a seeded, virtual one. Everything else takes a `Runtime` and can therefore be
 * replayed from a seed.
 */
export interface Runtime {
    /** Monotonic milliseconds since some fixed point; never goes back. Deadlines are counted on this clock. */
    now(): number;
    /** Milliseconds since the Unix epoch, for record timestamps. May jump. */
    wallTime(): number;
    /** Calls `fire` once, when `now()` has reached `at` (monotonic). A time in the past fires on the next turn. */
    timer(at: number, fire: () => void): Timer;
    /** Resolves on the next turn of the event loop: everything that is ready now, timers and sockets too, has its turn before. */
    turn(): Promise<void>;
    /** A number in [0, 1). */
    random(): number;
    /** `length` random bytes, fit for ids (cryptographic in node.ts, seeded in sim.ts). */
    randomBytes(length: number): Uint8Array;
    /** Resolves a host name to its addresses, in the resolver's order. Rejects with a `NetworkError`. */
    resolve(host: string): Promise<readonly string[]>;
    /**
     * Opens a connection. Resolves once it is established (TLS: once the handshake is done); rejects with a
     * `NetworkError` that says at which stage it failed, at the latest after `timeoutMs`.
     */
    dial(target: DialTarget): Promise<Transport>;
    /** Listens; `port: 0` picks a free one. Rejects with a `NetworkError` when the port is taken. */
    listen(target: ListenTarget, accept: (transport: Transport) => void): Promise<Listener>;
    /** Files below one data directory. */
    readonly disk: Disk;
    /**
     * Told each step of the state machines that run here, where somebody counts them, as the simulated world does: where
     * the machine was and what came.
     */
    readonly observe?: ((machine: string, state: string, event: string) => void) | undefined;
}
export interface Timer {
    /** Legal at any time, also after it fired. */
    cancel(): void;
}
export interface DialTarget {
    host: string;
    port: number;
    /** How long connecting, with the TLS handshake, may take. Milliseconds. */
    timeoutMs: number;
    /** TLS when present. */
    tls?: TlsOptions;
    /** Aborts the attempt; `dial` then rejects with the signal's reason. */
    signal?: AbortSignal;
}
/** PEM texts. Field meanings are those of node:tls. */
export interface TlsOptions {
    ca?: string | readonly string[];
    cert?: string;
    key?: string;
    passphrase?: string;
    /** Name checked against the certificate; default: the host that is dialled. */
    servername?: string;
    /** Default true. */
    rejectUnauthorized?: boolean;
}
export interface ListenTarget {
    host: string;
    port: number;
    tls?: TlsOptions;
}
export interface Listener {
    readonly host: string;
    /** The real port, also when 0 was asked for. */
    readonly port: number;
    /** Stops accepting. Connections that are open stay open: whoever accepted them closes them. */
    close(): Promise<void>;
}
/** An ordered stream of bytes in both directions: a TCP or TLS connection, or a simulated one. */
export interface Transport {
    /** `host:port` of the other side, for messages and logs. */
    readonly remote: string;
    readonly local: string;
    /** Attaches the receiving end; must be called once, in the same turn in which the transport was obtained. */
    attach(sink: Sink): void;
    /**
     * Queues bytes. The transport may keep a reference until they have left: the caller must not change them until
     * `drained` (or forever). Returns false when so much is queued that the caller should wait for `sink.drained`.
     * After the end it does nothing and returns false.
     */
    write(pieces: readonly Uint8Array[]): boolean;
    /** Bytes queued and not yet handed to the operating system. */
    readonly queuedBytes: number;
    /** Bytes handed to the operating system since the beginning. */
    readonly sentBytes: number;
    /** Stops reading until `resume`; the other side then feels back-pressure. */
    pause(): void;
    resume(): void;
    /** Sends what is queued, then closes. `sink.ended` follows. */
    close(): void;
    /** Drops everything at once. `sink.ended` follows, on a later turn. */
    destroy(): void;
}
/**
 * The receiving end of a transport. Bytes are read straight into the sink's own memory, so a frame can be read
 * into its final place without a copy.
 */
export interface Sink {
    /** Memory that the next bytes may be written to. Never empty. */
    room(): Uint8Array;
    /** `length` bytes of the last `room()` were filled. */
    filled(length: number): void;
    /** The queue of written bytes is short again after `write` returned false. */
    drained(): void;
    /** The connection is over; called exactly once. `cause` is undefined when the other side closed in order. */
    ended(cause: NetworkError | undefined): void;
}
/** At which stage the network failed. */
export type NetworkStage = 'resolve' | 'connect' | 'handshake' | 'listen' | 'read' | 'write' | 'timeout' | 'aborted';
/** A failure of the network below Kafka, with the system's own code (`ECONNREFUSED`, `ENOTFOUND`, ...). */
export declare class NetworkError extends Error {
    readonly name = "NetworkError";
    readonly stage: NetworkStage;
    /** The system's or TLS library's error code; '' when it gave none. */
    readonly code: string;
    /** `host:port`. */
    readonly address: string;
    constructor(stage: NetworkStage, code: string, address: string, message: string, options?: ErrorOptions);
}
/**
 * Files. Reads and writes are synchronous: on cached data a call costs 1-5 us, a trip through a thread pool 35-60.
 * Only forcing to the medium waits, so it alone returns a promise. Paths use '/' and are given whole.
 * Failures throw a `DiskError`.
 */
export interface Disk {
    /** Opens for reading and writing; `create` makes the file when it is missing. */
    open(path: string, options?: {
        create?: boolean;
    }): DiskFile;
    /** Names in a directory, sorted; `undefined` when there is no such directory. */
    list(path: string): readonly string[] | undefined;
    /** Makes a directory with its parents; does nothing when it exists. */
    makeDirectory(path: string): void;
    exists(path: string): boolean;
    /** A whole small file; `undefined` when it is missing. */
    read(path: string): Uint8Array | undefined;
    /** Replaces a whole small file atomically and durably: write beside, force, rename, force the directory. */
    replace(path: string, bytes: Uint8Array): void;
    rename(from: string, to: string): void;
    remove(path: string): void;
    /** Removes a directory and everything in it; does nothing when it is missing. */
    removeDirectory(path: string): void;
    /** Forces a directory's entries (created, renamed, removed names) to the medium. */
    syncDirectory(path: string): void;
    /**
     * Takes an exclusive lock on a directory for this process, by a lock file that a dead owner cannot keep.
     * Throws a `DiskError` with code `ELOCKED` that names the owner's process id while a live one holds it.
     */
    lock(path: string): {
        release(): void;
    };
}
export interface DiskFile {
    size(): number;
    /** Reads up to `into.length` bytes at `position`; returns how many there were. */
    read(position: number, into: Uint8Array): number;
    /** Writes all pieces, one after the other, at `position`. */
    write(position: number, pieces: readonly Uint8Array[]): void;
    truncate(size: number): void;
    /** Forces written bytes to the medium (fdatasync). Rejects with a `DiskError`. */
    sync(): Promise<void>;
    /** The same, blocking; for recovery and shutdown. */
    syncNow(): void;
    close(): void;
}
/** A failure of the disk, with the system's own code (`ENOSPC`, `EIO`, `ENOENT`, ...). */
export declare class DiskError extends Error {
    readonly name = "DiskError";
    readonly code: string;
    readonly path: string;
    constructor(code: string, path: string, message: string, options?: ErrorOptions);
}

// sim
export interface SimOptions {
    /** All that is left to chance follows from it. */
    seed: number | string;
    /**
     * Resolves once everything that can run now has run: the world's one wish to the real event loop, `turn` of node.ts.
     * Promises that are ready run as microtasks; only the event loop can tell that none is left, and only then may
     * virtual time go on. It is handed in so that the simulation itself touches nothing of the real world.
     */
    turn: () => Promise<void>;
    network?: Partial<NetworkSettings>;
    disk?: Partial<DiskSettings>;
    /** How much faster or slower (a share of 1) than the world's time the clocks of hosts may go at most. Default 0. */
    drift?: number;
    /** Told each step of the state machines of all hosts; see `Runtime.observe`. */
    observe?: (machine: string, state: string, event: string) => void;
    /** Called after each event, when everything has run that it made possible. */
    onStep?: () => void;
    /** Told each event, for people. */
    onLine?: (line: string) => void;
}
/**
 * A world from a seed: hosts with clocks, disks and a network between them, all in one process and in virtual time.
 * Every host is a `Runtime`; the code that runs on it cannot tell. What happens is a function of the seed and of that
 * code alone, so a run can be repeated, and `digest` tells whether it was the same.
 *
 *   const world = new SimWorld({ seed: 1, turn })
 *   const broker = await world.until(startBroker({ runtime: world.host('broker'), host: 'broker' }), 1000)
 */
export declare class SimWorld {
    #private;
    readonly network: Network;
    /** The seed's numbers for whoever drives the world. */
    readonly random: Random;
    constructor(options: SimOptions);
    /** Virtual milliseconds since the beginning. */
    get now(): number;
    /**
     * Hash of everything that has happened: equal for equal runs. Between versions of Node it differs where zlib
     * compresses differently. 16 hexadecimal digits.
     */
    get digest(): string;
    /** How many events there were. */
    get events(): number;
    /** The program that runs on a host; starts one, on a new host or on the disk of one that was killed. */
    host(name: string): Host;
    /** Kills the program of a host, as `kill -9` does: its files are as it left them. `host` starts the next one. */
    kill(name: string): void;
    /** Cuts the power of a host: its program is gone, and so is what was not forced to its disk, or parts of it. */
    cutPower(name: string): void;
    /** From now on a read of a host's files gives a wrong bit with this chance; the medium itself keeps the right one. */
    damageReads(name: string, chance: number): void;
    /** The program of a host stands still for a while, as under a debugger or on a laptop that sleeps, and then goes on. */
    freeze(name: string, ms: number): void;
    /** Sets the wall clock of a host forwards or, with less than 0, back. */
    jumpWallClock(name: string, ms: number): void;
    /** Lets something happen at a time, outside of any host: a fault, or its end. */
    at(ms: number, run: () => void): void;
    /** Takes something into the trace that happened outside of the hosts: a fault, or what a test has seen. */
    note(what: string, where: string, detail?: string | number): void;
    /**
     * Lets the world go on until a promise is settled, and gives its outcome; or until a condition holds.
     * @param limitMs virtual time after which it is given up
     * @throws Error when the limit is reached, or before it when nothing is left to happen
     */
    until<T>(work: PromiseLike<T> | (() => boolean), limitMs: number, what?: string): Promise<T>;
    /** Lets so much virtual time pass. */
    pass(ms: number): Promise<void>;
}

// sim/connection
/**
 * When a connection is cut, counted on what one side writes: at once; when it writes next, before any of it or after
 * all of it has left; after so many more bytes, which may be amid a frame.
 */
export type Cut = 'now' | 'beforeWrite' | 'afterWrite' | {
    readonly afterBytes: number;
};
/** How connections behave. */
interface ConnectionSettings {
    /** What the operating systems of both sides take before the writer has to wait. */
    readonly windowBytes: number;
    /** How likely a stretch of the stream arrives in pieces of the seed's choice. */
    readonly pieceChance: number;
    /** How likely the bytes that are on their way are lost, from some byte on, when their writer drops the connection. */
    readonly tearChance: number;
}

// sim/disk
/** How the disk behaves. */
export interface DiskSettings {
    /** Between which times (ms) forcing a file takes. */
    readonly syncMs: readonly [number, number];
    /** How likely forcing takes a hundred times as long, as disks that share do now and then. */
    readonly stallChance: number;
}

// sim/host
/** What a program needs of the world. */
interface HostOptions {
    readonly scheduler: Scheduler;
    readonly network: Network;
    readonly random: Random;
    readonly trace: Trace;
    readonly station: Station;
    /** Added to the world's time: every host has been up for another time. Milliseconds. */
    readonly uptimeMs: number;
    /** How fast its clocks go: 1 as the world's, 1.01 is a hundredth faster. */
    readonly rate: number;
    /** The host's wall clock at the world's beginning, milliseconds since the epoch; a function because it may jump. */
    readonly epochMs: () => number;
    /** Whoever counts what state machines go through. */
    readonly observe: Runtime['observe'];
}
/** A program of a simulated host, as the code that runs in it sees its world. */
export declare class Host implements Runtime, Program {
    #private;
    readonly station: Station;
    readonly disk: Disk;
    readonly observe: Runtime['observe'];
    isAlive: boolean;
    stillUntil: number;
    constructor(options: HostOptions, mount: (program: Program) => Disk);
    get name(): string;
    /** Timers that were neither fired nor cancelled. */
    get timers(): number;
    now(): number;
    wallTime(): number;
    timer(at: number, fire: () => void): Timer;
    turn(): Promise<void>;
    /**
     * The program works for so long (ms of the world) without giving its event loop a turn: its clock goes on, and no
     * timer fires and nothing arrives before that time is over. Called from outside, it stands still: a debugger, a
     * sleeping laptop.
     */
    block(ms: number): void;
    random(): number;
    randomBytes(length: number): Uint8Array;
    resolve(host: string): Promise<readonly string[]>;
    dial(target: DialTarget): Promise<Transport>;
    listen(target: ListenTarget, accept: (transport: Transport) => void): Promise<Listener>;
    /** @internal The program is killed: none of its timers fires any more. */
    die(): void;
}

// sim/network
/** How the network behaves while nobody breaks it. */
export interface NetworkSettings extends ConnectionSettings {
    /** Between which times (ms) the usual delay from one host to another is drawn; each parcel adds some of its own. */
    readonly delayMs: readonly [number, number];
}
/** A connection as those who break it see it. */
export interface SimConnection {
    /** Name of the host that dialled. */
    readonly from: string;
    /** Name and port of the listener: `broker:9092`. */
    readonly to: string;
    /** Breaks it off; see `Cut`. `side` is whose writes are counted, by default those of the client. */
    cut(when: Cut, side?: 'client' | 'server'): void;
    /**
     * Holds back what one side writes, by default the client, from what is on its way on, until a time of the world. When
     * the writer gives up meanwhile, the other side still gets what was written, and learns of the end behind it.
     */
    hold(until: number, side?: 'client' | 'server'): void;
}
/** Hosts, what listens on them, the connections between them, and what is wrong with the ways. */
declare class Network {
    #private;
    constructor(scheduler: Scheduler, random: Random, trace: Trace, settings: NetworkSettings);
    /** Connections that are being opened or of which an end is not over. */
    get connections(): readonly SimConnection[];
    /**
     * How often bytes of a host arrived where it had dialled after it had given up the connection: a request of which it
     * knows nothing any more may have been carried out then.
     */
    late(host: string): number;
    /**
     * Lets nothing through between two places any more, or with `oneWay` nothing from the first to the second. What is
     * sent meanwhile is not lost but late; who dials waits until its time is up.
     */
    split(from: Place, to: Place, options?: {
        oneWay?: boolean;
    }): void;
    /** Takes back the split of two places. */
    heal(from: Place, to: Place): void;
    /** Takes back every split and every slowness. */
    healAll(): void;
    /** Multiplies the delay from one host to another; 1 is as usual. */
    slow(from: string, to: string, factor: number): void;
    /** @internal A host is new. */
    join(station: Station): void;
    /** @internal The processes of a host died. */
    died(station: Station): void;
    /** @internal The program of a host takes nothing in before a time of the world. */
    stall(station: Station, until: number): void;
    /** @internal A host is up again: what waited for it sets out. */
    isBack(): void;
    /** @internal */
    resolve(program: Program, host: string): Promise<readonly string[]>;
    /** @internal */
    dial(program: Program, target: DialTarget): Promise<Transport>;
    /** @internal */
    listen(program: Program, target: ListenTarget, accept: (transport: Transport) => void): Promise<Listener>;
}

// sim/random
/**
 * Random numbers from a seed: xoshiro128** (Blackman and Vigna, 2018), its 128 bits of state filled by splitmix32 from
 * the FNV-1a hash of the seed's text. Fast, long enough (2^128 - 1), and not fit for secrets.
 *
 * Each part of the world draws from a stream of its own (`fork`), so that one more draw in one part does not change
 * what another part meets.
 */
export declare class Random {
    #private;
    constructor(seed: string);
    /** Another stream, which depends on the seed and the name only. */
    fork(name: string): Random;
    /** A number in [0, 1) with 53 random bits. */
    next(): number;
    /** A number in [low, high). */
    between(low: number, high: number): number;
    /** A whole number from low to high, both included. */
    whole(low: number, high: number): number;
    chance(probability: number): boolean;
    /** One of a list that is not empty. */
    pick<T>(list: readonly T[]): T;
    bytes(length: number): Uint8Array;
}

// sim/scheduler
/**
 * The virtual clock and what is to happen on it. Events happen one at a time in the order of their times; those of the
 * same time in the order in which they were asked for. Nothing here runs by itself: the world takes the steps.
 */
declare class Scheduler {
    #private;
    /** Milliseconds since the beginning of the world. */
    get now(): number;
    /** When the next event happens; Infinity when none ever does. */
    get nextAt(): number;
    /** Lets `run` happen at `at`, rounded up to the clock's step; what should have been before is next. */
    at(at: number, run: () => void): Timer;
    /** Lets `run` happen in `ms`. */
    after(ms: number, run: () => void): Timer;
    /** The next event happens: the clock goes there. */
    step(): void;
    /** Time passes without an event; never beyond the next one. */
    passTo(at: number): void;
}

// sim/station
/** A host as the network knows it. */
interface Station {
    readonly name: string;
    readonly address: string;
    /** False while the host is down: what is sent to it waits, as for a machine that boots. */
    isUp: boolean;
}
/** A running program of a host. */
interface Program {
    readonly station: Station;
    /** False once it was killed: nothing happens in it or is told to it any more. */
    isAlive: boolean;
    /** A time of the world before which it stands still, or is at work without a turn of its event loop. */
    readonly stillUntil: number;
}

// sim/trace
/** Everything that happened in a world, as one running hash; and, for people, as lines. */
declare class Trace {
    #private;
    /** How many events there were. */
    count: number;
    constructor(onLine?: (line: string) => void);
    /**
     * Takes an event into the hash: when, what, where, and what exactly. Bytes count with every one of them, so that two
     * runs that differ in a single bit on the wire differ in their hashes.
     */
    note(at: number, what: string, where: string, detail?: string | number | Uint8Array): void;
    /** 16 hexadecimal digits (FNV-1a). */
    get digest(): string;
}

// sim/ways
/** A host by its name, or one port of it: `broker`, `broker:9092`. */
export type Place = string;
