import { setTimeout as pause } from "node:timers/promises";
import { Client, DatabaseError, type ClientConfig, type QueryConfig } from "pg";
import {
  MIGRATION_LOCK_MS,
  MIGRATION_PATIENCE_MS,
  OTHER_LOCK_MS,
  OTHER_STATEMENT_MS,
} from "../../core/model/limits.ts";
import { watchLockHolders, type LockHolders } from "./lock-holders.ts";
import { MigrationError } from "./migration-error.ts";
import { connectionConfig } from "./pool.ts";

// Everything here works through a pooler that gives each transaction another connection of the server: no
// lock and no setting outlives its transaction.

/** Any constant serves, as long as every version of the platform uses the same. */
const LOCK_KEY = 4_957_413;
const LOCK_NOT_AVAILABLE = "55P03";
/** Between two tries. Whoever queued up behind our lock gets through meanwhile. */
const PAUSE_MS = 200;
/** A pooler that has no connection to give lets the first statement wait. */
const SILENCE_MS = 1_000;

export interface MigrationOptions {
  /** Gets a line when something is waited for: what, and who holds it. */
  readonly say?: ((line: string) => void) | undefined;
  /** How long locks are tried for, all tries together. */
  readonly patience_ms?: number | undefined;
}

/** A connection to the database, for `work`. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(migrationConfig(url));
  // A connection that dies fails the query that needs it; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Reads in one snapshot. It takes no lock that anybody waits for, and needs no right to write. */
export async function inReadOnly<T>(client: Client, work: () => Promise<T>): Promise<T> {
  return await inTransaction(client, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work, {
    statement_ms: OTHER_STATEMENT_MS,
    lock_ms: OTHER_LOCK_MS,
  });
}

/**
 * Runs `work` in a transaction that has the lock of all migrations, and so alone. A lock that is not free
 * within `MIGRATION_LOCK_MS`, that one or a table's, rolls back and is tried again: while a statement waits
 * for a table, everybody else waits behind it. Throws a `MigrationError` that names the holder when all tries
 * together took `patience_ms`.
 */
export async function inMigration<T>(
  client: Client,
  { url, what, say, patience_ms = MIGRATION_PATIENCE_MS }: MigrationOptions & { url: string; what: string },
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patience_ms;
  const said = new Set<string>();
  for (;;) {
    let holders: LockHolders | undefined;
    try {
      return await inTransaction(
        client,
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        async () => {
          const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
          holders = watchLockHolders(migrationConfig(url), rows[0]?.pid ?? 0);
          await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK_KEY]);
          return await work();
        },
        { statement_ms: 0, lock_ms: MIGRATION_LOCK_MS },
      );
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      const holder = holders?.last() ?? "a session that could not be seen";
      if (performance.now() + MIGRATION_LOCK_MS > deadline) throw gaveUp(what, holder, patience_ms, error);
      if (!said.has(holder)) say?.(`${what} waits for a lock. It is held by ${holder}.`);
      said.add(holder);
      await pause(PAUSE_MS);
    } finally {
      await holders?.stop();
    }
  }
}

function migrationConfig(url: string): ClientConfig {
  return connectionConfig(url, "iep migrate");
}

/** The settings are the transaction's own: a pooler may have dropped those that the connection asked for. */
async function inTransaction<T>(
  client: Client,
  begin: string,
  work: () => Promise<T>,
  limits: { readonly statement_ms: number; readonly lock_ms: number },
): Promise<T> {
  const settings = Object.entries({
    statement_timeout: limits.statement_ms,
    lock_timeout: limits.lock_ms,
    TimeZone: "UTC",
    DateStyle: "ISO",
  });
  const start: QueryConfig & { query_timeout: number } = {
    text: [begin, ...settings.map(([name, value]) => `SET LOCAL ${name} = '${value}'`)].join("; "),
    query_timeout: OTHER_STATEMENT_MS + SILENCE_MS,
  };
  await client.query(start);
  try {
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined); // A connection that broke has rolled back.
    throw error;
  }
}

function isLockTimeout(error: unknown): boolean {
  const cause = error instanceof MigrationError ? error.cause : error;
  return cause instanceof DatabaseError && cause.code === LOCK_NOT_AVAILABLE;
}

function gaveUp(what: string, holder: string, patience_ms: number, cause: unknown): MigrationError {
  return new MigrationError(
    `${what} waited ${patience_ms / 1_000} s for a lock and gave up: it is held by ${holder}. Nothing of it was ` +
      "done. End that session, for example by SELECT pg_terminate_backend(<process>), or wait until it ends; " +
      "then run it again",
    { cause },
  );
}
