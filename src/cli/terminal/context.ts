import type { Platform } from "../../core/use-cases/platform.ts";
import type { KnownProcessors, Trial, TrialListener, TrialResult } from "../../core/model/trial.ts";
import type { MigrationStatus, RevertRisk, SchemaChanges, SchemaState } from "../../core/model/migration.ts";

/** Facts about the database server, as it reports them. */
export interface ServerFacts {
  /** Such as `18.1 (Debian 18.1-1)`. */
  readonly version: string;
  /** Of the database, such as `UTF8`. */
  readonly encoding: string;
  readonly fsync: string;
  readonly synchronous_commit: string;
  /** Time of its clock, by which heartbeats are measured. */
  readonly now: string;
  /** How far the clock of this host is ahead of it. */
  readonly host_ahead_ms: number;
  /** What a session of ours is like: settings by name. `0` for statement_timeout is no bound. */
  readonly session: Readonly<Record<string, string>>;
}

/** Why a server cannot be used, as a sentence without its subject, and what to do about it. */
export interface Refusal {
  readonly found: string;
  readonly way_out: string;
}

export interface ScreenTake {
  readonly onKey: (key: string) => void;
  readonly restore: string;
}

/**
 * What commands need from their process. Commands never read the environment or open connections: `src/bin`
 * does.
 */
export interface CliContext {
  /** Opens the platform of the environment, or of the local stack, runs `work`, and closes the platform. */
  withPlatform<T>(work: (platform: Platform) => Promise<T>): Promise<T>;
  readonly migrations: {
    /** `say` gets a line when something is waited for. */
    up(say: (line: string) => void): Promise<SchemaChanges>;
    down(steps: number, say: (line: string) => void): Promise<string[]>;
    /** What `down` would lose. */
    risk(steps: number): Promise<RevertRisk>;
    status(): Promise<MigrationStatus[]>;
    /** What `up` would do, and what is newer than this release. */
    pending(): Promise<SchemaState>;
  };
  /** Why the database refuses or cannot be reached; undefined for any other error. */
  explain(error: unknown): Promise<Refusal | undefined>;
  /** Asks the person at the terminal; undefined where nobody is. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
  /**
   * JSON Schemas of what the processors of this machine return, by id. Those that do not say are left out, and
   * `say` gets a line for each that cannot be loaded.
   */
  outputSchemas(say: (line: string) => Promise<void>): Promise<ReadonlyMap<string, object>>;
  /** Works without our tables. Throws the error of the driver when the server cannot be reached. */
  serverFacts(): Promise<ServerFacts>;
  /** From now on Ctrl-C does not end the process but aborts this, once. Left out: it ends the process. */
  readonly interruption?: (() => AbortSignal) | undefined;
  /** Works without a database. */
  readonly localProcessors: {
    /** Absolute path of PROCESSORS_DIR, or of `./processors`. It may not exist. */
    directory(): Promise<string>;
    /** Loads all of them, as a runner would. */
    list(): Promise<KnownProcessors>;
    /**
     * Loads them to run trials, with this process guarded as a runner's: from now on stdout has nothing that a
     * processor writes by `console`.
     */
    open(): Promise<{
      readonly known: KnownProcessors;
      /** One attempt. Never rejects. `signal` cancels it. */
      run(trial: Trial, listener: TrialListener, signal: AbortSignal): Promise<TrialResult>;
    }>;
  };
  /** The long-running processes. Each resolves with its exit code when it has stopped. */
  readonly processes: {
    api(): Promise<number>;
    runner(): Promise<number>;
    dev(options: { stopWithParent: boolean; json: boolean }): Promise<number>;
    demo(options: { json: boolean }): Promise<number>;
  };
  /** For `--input -`. Default: standard input of the process. */
  readonly stdin?: AsyncIterable<Uint8Array | string> | undefined;
  /**
   * Makes the terminal a screen that is drawn again and again. Keys are told one by one, and what is typed is
   * not shown; a signal that asks the process to end is told as Ctrl-C. `restore` is written when what this
   * returns is called, and however else the process ends. Left out: there is no terminal.
   */
  readonly takeScreen?: ((take: ScreenTake) => () => void) | undefined;
  /** Whether what is shown may have colours. */
  readonly hasColors?: boolean | undefined;
  readonly stdout: NodeJS.WritableStream & {
    isTTY?: boolean | undefined;
    columns?: number | undefined;
    rows?: number | undefined;
  };
  readonly stderr: NodeJS.WritableStream;
}
