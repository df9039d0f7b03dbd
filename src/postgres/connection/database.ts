import { Kysely, PostgresDialect, sql } from "kysely";
import type { Pool } from "pg";
import { isRetryable } from "../../core/lib/with-retry.ts";
import { toPlatformError } from "./errors.ts";
import type { DB } from "./tables.gen.ts";

/** One prepared statement: parsed and planned once a connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * The way to the database: Kysely for ordinary queries, functions.gen.ts for functions. Both throw
 * what `toPlatformError` makes of an error.
 */
export interface Database {
  readonly kysely: Kysely<DB>;
  /**
   * Runs a prepared statement. Returns rows as arrays, in the order of the columns, a third cheaper to read
   * than objects: functions.gen.ts knows what is in them.
   */
  call(statement: Statement, values: readonly unknown[]): Promise<(readonly unknown[])[]>;
}

export function createDatabase(pool: Pool): Database {
  return {
    kysely: new Kysely<DB>({ dialect: new PostgresDialect({ pool: withOurErrors(pool) }) }),
    async call(statement, values) {
      const query = { ...statement, values: [...values], rowMode: "array" as const };
      const result = await mapped(pool.query<unknown[]>(query));
      return result.rows;
    },
  };
}

/** Throws `unavailable` when the database does not reply. */
export async function ping(database: Database): Promise<void> {
  await sql`SELECT 1`.execute(database.kysely);
}

type DialectPool = Extract<ConstructorParameters<typeof PostgresDialect>[0]["pool"], { connect: unknown }>;

/** A pool for Kysely, which uses only connect, query and release. Errors become ours on the way through. */
function withOurErrors(pool: Pool): DialectPool {
  return {
    async connect() {
      const client = await mapped(pool.connect());
      let isSuspect = false;
      return {
        async query(text: string, values: readonly unknown[]) {
          try {
            return await mapped(client.query(text, [...values]));
          } catch (error) {
            isSuspect ||= isRetryable(error);
            throw error;
          }
        },
        // A connection that was silent or cut may still be at work: it must not go back to the pool.
        release: () => client.release(isSuspect),
        // Kysely's type asks for the cursor overload as well, which is never called without a `cursor` in the
        // dialect.
      } as unknown as Awaited<ReturnType<DialectPool["connect"]>>;
    },
    end: () => Promise.resolve(),
  };
}

async function mapped<T>(run: Promise<T>): Promise<T> {
  try {
    return await run;
  } catch (error) {
    throw toPlatformError(error);
  }
}
