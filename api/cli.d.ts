// run
/**
 * Runs `samsa` with the arguments behind its name.
 * @param args e.g. `['broker', '--port', '0']`
 * @returns the exit code: 0 done, 1 failed, 2 the command line or a setting is wrong. Never rejects
 */
export declare function run(args: readonly string[], terminal: Terminal): Promise<number>;

// terminal
/** Where a command writes and what it is told from outside: the process, or a test's stand-in. */
export interface Terminal {
    /** Data, and what was asked for. */
    out(text: string): void;
    /** Everything else: problems, progress. */
    err(text: string): void;
    /**
     * What is in a file, or what is piped in when there is no name; nothing once `stopped` is aborted.
     * @throws Error when it cannot be read or has more than `maxBytes`; UsageError when nothing is piped in
     */
    read(file: string | undefined, maxBytes: number): Promise<Uint8Array>;
    /** Whether what goes to `out` may carry colours. */
    readonly outIsColoured: boolean;
    /** Whether what goes to `err` may carry colours. */
    readonly errIsColoured: boolean;
    /** Aborted by the first SIGINT, SIGTERM or SIGHUP, and when nobody reads `out` any more: stop in order. */
    readonly stopped: AbortSignal;
}
