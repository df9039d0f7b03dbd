import { Kysely, PostgresDialect } from "kysely";
import type { Pool } from "pg";
import { isRetryable } from "../../core/lib/with-retry.ts";
import { toPlatformError } from "./errors.ts";
import type { DB } from "./tables.gen.ts";

/** One prepared statement: parsed and planned once a connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** The way to the database: Kysely for ordinary queries, `call` for the functions of the hot path. Both throw errors of ours. */
export interface Database {
  readonly kysely: Kysely<DB>;
  /** Rows as arrays, in the order of the columns: a third cheaper to read than objects. The caller knows their types. */
  call<Row extends unknown[]>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

export function createDatabase(pool: Pool): Database {
  return {
    kysely: new Kysely<DB>({ dialect: new PostgresDialect({ pool: withOurErrors(pool) }) }),
    async call<Row extends unknown[]>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
      const result = await mapped(pool.query<Row>({ ...statement, values: [...values], rowMode: "array" }));
      return result.rows;
    },
  };
}

type DialectPool = Extract<ConstructorParameters<typeof PostgresDialect>[0]["pool"], { connect: unknown }>;

/** Kysely sees only connect, query and release; errors are mapped on the way through. */
function withOurErrors(pool: Pool): DialectPool {
  return {
    async connect() {
      const client = await mapped(pool.connect());
      let lost = false;
      return {
        async query(text: string, values: readonly unknown[]) {
          try {
            return await mapped(client.query(text, [...values]));
          } catch (error) {
            lost ||= isRetryable(error);
            throw error;
          }
        },
        // Nobody knows what a connection is still doing that was silent or cut: it must not go back to the pool.
        release: () => client.release(lost),
        // Kysely's type asks for the cursor overload as well, which is never called without a `cursor` in the dialect.
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
