import type { Platform } from "../../core/use-cases/platform.ts";
import type { MigrationStatus, SchemaChanges } from "../../core/model/migration.ts";

/** What the database server says of itself. */
export interface ServerFacts {
  /** Such as `18.1 (Debian 18.1-1)`. */
  readonly version: string;
  readonly fsync: string;
  readonly synchronous_commit: string;
  /** Its clock: heartbeats are measured by it. */
  readonly now: string;
}

/** What the commands need from the process they run in: `src/bin` reads the environment and opens things, never a command. */
export interface CliContext {
  /** Opens the platform that the environment names, or the local stack's, runs, and closes it. */
  withPlatform<T>(work: (platform: Platform) => Promise<T>): Promise<T>;
  readonly migrations: {
    up(): Promise<SchemaChanges>;
    down(steps: number): Promise<string[]>;
    status(): Promise<MigrationStatus[]>;
    /** What `up` would do. */
    pending(): Promise<SchemaChanges>;
  };
  /** Works without our tables. Throws what the driver throws when the server is away. */
  serverFacts(): Promise<ServerFacts>;
  /** The long-running processes; each resolves with its exit code once it has stopped. */
  readonly processes: {
    api(): Promise<number>;
    runner(): Promise<number>;
    dev(options: { stopWithParent: boolean; json: boolean }): Promise<number>;
    demo(options: { json: boolean }): Promise<number>;
  };
  /** For `--input -`. Left out: the process's own. */
  readonly stdin?: AsyncIterable<Uint8Array | string> | undefined;
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean | undefined; columns?: number | undefined };
  readonly stderr: NodeJS.WritableStream;
}
