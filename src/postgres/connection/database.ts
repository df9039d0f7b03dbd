import { Kysely, PostgresDialect, sql } from "kysely";
import { DatabaseError, type Pool, type QueryArrayConfig, type QueryArrayResult } from "pg";
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
  /**
   * The same database, but each `call` sends `statement` right behind, over the same connection: the server runs it
   * as soon as the call is committed, a round trip earlier. Nobody waits for it or learns whether it worked, and it
   * runs also when the call failed. It has no parameters.
   */
  followedBy(statement: Statement): Database;
}

/**
 * What a server says that does not have the statement which this connection prepared, or has it already: a
 * pooler gave the connection another one of the server. Nothing was executed.
 */
const LOST_STATEMENT_SQLSTATES: readonly unknown[] = ["26000", "42P05"];

/** The pool must have been opened by `openPool`. */
export function createDatabase(pool: Pool): Database {
  // A pooler that does not know prepared statements (PgBouncer before 1.21) is noticed by the first that is lost.
  let keepsStatements = true;
  const toQuery = ({ name, text }: Statement, values: readonly unknown[]) => ({
    name: keepsStatements ? name : undefined,
    text,
    values: [...values],
    rowMode: "array" as const,
  });
  const withKysely = {
    kysely: new Kysely<DB>({ dialect: new PostgresDialect({ pool: withOurErrors(pool) }) }),
    followedBy: (behind: Statement) => create((query) => queryFollowedBy(pool, query, toQuery(behind, []))),
  };
  const create = (
    run: (query: ReturnType<typeof toQuery>) => Promise<QueryArrayResult<unknown[]>>,
  ): Database => ({
    ...withKysely,
    async call(statement, values) {
      try {
        return (await mapped(run(toQuery(statement, values)))).rows;
      } catch (error) {
        if (!isLostStatement(error)) throw error;
        keepsStatements = false;
        return (await mapped(run(toQuery(statement, values)))).rows;
      }
    },
  });
  return create((query) => pool.query<unknown[]>(query));
}

/** As `pool.query`: a connection whose query failed is closed, and one whose second query is under way is in use. */
async function queryFollowedBy(
  pool: Pool,
  query: QueryArrayConfig,
  behind: QueryArrayConfig,
): Promise<QueryArrayResult<unknown[]>> {
  const client = await pool.connect();
  const first = client.query<unknown[]>(query);
  const both = Promise.allSettled([first, client.query(behind)]);
  void both.then((outcomes) => client.release(outcomes.some(({ status }) => status === "rejected")));
  return await first;
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

function isLostStatement(error: unknown): boolean {
  return error instanceof DatabaseError && LOST_STATEMENT_SQLSTATES.includes(error.code);
}

async function mapped<T>(run: Promise<T>): Promise<T> {
  try {
    return await run;
  } catch (error) {
    throw toPlatformError(error);
  }
}
