import type { ClientBase } from "pg";
import { databaseClock } from "../../core/lib/database-clock.ts";
import { LIMIT_SETTINGS, NEEDED_SETTINGS } from "./session-settings.ts";
import { SessionError } from "./session-error.ts";

const NAMES = [...Object.keys(NEEDED_SETTINGS), ...LIMIT_SETTINGS];

/**
 * glibc gives memory at the end of a heap back to the system when 128 KiB of it are free, and asks for it again for the
 * next statement, page by page. Once it has freed one block of this size, it keeps twice as much (measured: one of eight
 * connections had 20 faults a job and needed 1.6 times the processor time; with the block none has).
 */
const KEPT_BYTES = 1_000_000;

/** One statement for all, because every new connection waits for it. */
const READ = `SELECT quote_ident(session_user) AS role,
  quote_ident(current_database()) AS database,
  (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS database_ms,
  length(repeat('x', ${KEPT_BYTES})) AS kept,
  ${NAMES.map((name) => `current_setting('${name}') AS "${name}"`).join(", ")}`;

interface Facts extends Readonly<Record<string, unknown>> {
  readonly role: string;
  readonly database: string;
  readonly database_ms: number;
}

/**
 * Checks a new connection. Throws a `SessionError` when the session has a setting with which values would be
 * read wrong. Returns a line about bounds that did not arrive, and undefined when all is well. On the way it
 * reads the database's clock.
 */
export async function checkSession(client: ClientBase): Promise<string | undefined> {
  const asked_at = performance.now();
  const { rows } = await client.query<Facts>(READ);
  const [facts] = rows;
  if (!facts) throw new Error("the session did not say its settings");
  databaseClock.read({ database_ms: facts.database_ms, asked_at, answered_at: performance.now() });
  const wrong = Object.entries(NEEDED_SETTINGS).filter(
    ([name, { value, accepts }]) => !(accepts ?? ((actual) => actual === value))(String(facts[name])),
  );
  if (wrong.length > 0) throw refusal(facts, wrong);
  const unbounded = LIMIT_SETTINGS.filter((name) => facts[name] === "0");
  return unbounded.length === 0 ? undefined : warning(facts, unbounded);
}

function refusal(facts: Facts, wrong: readonly (readonly [string, { value: string }])[]): SessionError {
  const found = wrong.map(([name]) => `${name} ${String(facts[name])}`).join(", ");
  const wayOut = wrong.map(([name, { value }]) => alterRole(facts, name, value)).join("; ");
  return new SessionError(
    `The sessions of PostgreSQL have ${found}, with which values would be read or written wrong. ` +
      `${DROPPED} Set it on the role, then let the pooler connect anew: ${wayOut}`,
  );
}

function warning(facts: Facts, unbounded: readonly string[]): string {
  const wayOut = unbounded.map((name) => alterRole(facts, name, LIMIT_EXAMPLE)).join("; ");
  return (
    `The sessions of PostgreSQL have no ${unbounded.join(", no ")}: a statement may wait for ever. ` +
    `${DROPPED} Set it on the role, for example: ${wayOut}`
  );
}

const DROPPED = "A pooler drops the start-up parameter `options`, or the role has a setting that wins.";
const LIMIT_EXAMPLE = "10s";

function alterRole({ role, database }: Facts, name: string, value: string): string {
  return `ALTER ROLE ${role} IN DATABASE ${database} SET ${name.toLowerCase()} = '${value}'`;
}
