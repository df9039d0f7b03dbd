import type { ClientBase } from "pg";
import { databaseClock } from "../../core/lib/database-clock.ts";

const SETTINGS = ["TimeZone", "DateStyle", "statement_timeout"];
const READ = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS database_ms,
  json_build_object(${SETTINGS.map((name) => `'${name}', current_setting('${name}')`).join(", ")}) AS session`;

type Session = Readonly<Record<string, string>>;

/** What a session is like, and how far the clock of this host is ahead of the database's: for `iep doctor`. */
export async function readSession(client: ClientBase): Promise<{ session: Session; host_ahead_ms: number }> {
  const asked_at = performance.now();
  const { rows } = await client.query<{ database_ms: number; session: Session }>(READ);
  const [row] = rows;
  if (!row) throw new Error("the session did not say its settings");
  const { database_ms, session } = row;
  databaseClock.read({ database_ms, asked_at, answered_at: performance.now() });
  return { session, host_ahead_ms: databaseClock.hostAheadMs() ?? 0 };
}
