import type { Platform } from "../../core/use-cases/platform.ts";
import type { MigrationStatus, SchemaChanges } from "../../core/model/migration.ts";

/** Facts about the database server, as it reports them. */
export interface ServerFacts {
  /** Such as `18.1 (Debian 18.1-1)`. */
  readonly version: string;
  readonly fsync: string;
  readonly synchronous_commit: string;
  /** Time of its clock, by which heartbeats are measured. */
  readonly now: string;
  /** How far the clock of this host is ahead of it. */
  readonly host_ahead_ms: number;
  /** What a session of ours is like: settings by name. `0` for statement_timeout is no bound. */
  readonly session: Readonly<Record<string, string>>;
}

/**
 * What commands need from their process. Commands never read the environment or open connections: `src/bin`
 * does.
 */
export interface CliContext {
  /** Opens the platform of the environment, or of the local stack, runs `work`, and closes the platform. */
  withPlatform<T>(work: (platform: Platform) => Promise<T>): Promise<T>;
  readonly migrations: {
    up(): Promise<SchemaChanges>;
    down(steps: number): Promise<string[]>;
    status(): Promise<MigrationStatus[]>;
    /** What `up` would do. */
    pending(): Promise<SchemaChanges>;
  };
  /** Works without our tables. Throws the error of the driver when the server cannot be reached. */
  serverFacts(): Promise<ServerFacts>;
  /** The long-running processes. Each resolves with its exit code when it has stopped. */
  readonly processes: {
    api(): Promise<number>;
    runner(): Promise<number>;
    dev(options: { stopWithParent: boolean; json: boolean }): Promise<number>;
    demo(options: { json: boolean }): Promise<number>;
  };
  /** For `--input -`. Default: standard input of the process. */
  readonly stdin?: AsyncIterable<Uint8Array | string> | undefined;
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean | undefined; columns?: number | undefined };
  readonly stderr: NodeJS.WritableStream;
}
