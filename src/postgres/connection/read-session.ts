import type { ClientBase } from "pg";
import { databaseClock } from "../../core/lib/database-clock.ts";

const READ = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS database_ms,
  current_setting('TimeZone') AS "TimeZone",
  current_setting('DateStyle') AS "DateStyle",
  current_setting('statement_timeout') AS statement_timeout`;

interface Session {
  readonly TimeZone: string;
  readonly DateStyle: string;
  readonly statement_timeout: string;
}

/** What a session is like, and how far the clock of this host is ahead of the database's: for `iep doctor`. */
export async function readSession(client: ClientBase): Promise<{ session: Session; host_ahead_ms: number }> {
  const asked_at = performance.now();
  const { rows } = await client.query<Session & { database_ms: number }>(READ);
  const [row] = rows;
  if (!row) throw new Error("the session did not say its settings");
  const { database_ms, ...session } = row;
  databaseClock.read({ database_ms, asked_at, answered_at: performance.now() });
  return { session, host_ahead_ms: databaseClock.hostAheadMs() ?? 0 };
}
