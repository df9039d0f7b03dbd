import { Pool, types, type ClientConfig } from "pg";
import {
  CONNECT_TIMEOUT_MS,
  IDLE_IN_TRANSACTION_TIMEOUT_MS,
  OTHER_LOCK_MS,
  OTHER_STATEMENT_MS,
  REPORT_LOCK_MS,
  REPORT_STATEMENT_MS,
  REQUEST_LOCK_MS,
  REQUEST_STATEMENT_MS,
  RUNNER_LOCK_MS,
  RUNNER_STATEMENT_MS,
} from "../../core/model/limits.ts";

export interface PoolConfig {
  readonly url: string;
  /** Connections at most. */
  readonly size: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly limits: Limits;
}

/** How long a connection of a pool may wait, by what it waits for. */
export interface Limits {
  /** A statement that runs longer is ended by the server. */
  readonly statement_ms: number;
  /** Waiting for a row lock. Holders release within milliseconds; a longer wait is a fault elsewhere. */
  readonly lock_ms: number;
  /** Opening a connection, or waiting for a free one of the pool. */
  readonly connect_ms: number;
}

/** A client waits for the response: better a 503 that says when to come back than a long silence. */
export const REQUEST_LIMITS: Limits = {
  statement_ms: REQUEST_STATEMENT_MS,
  lock_ms: REQUEST_LOCK_MS,
  connect_ms: CONNECT_TIMEOUT_MS,
};
/** For claims and settles of up to 1,000 jobs, which are tried again until they are done. */
export const RUNNER_LIMITS: Limits = {
  statement_ms: RUNNER_STATEMENT_MS,
  lock_ms: RUNNER_LOCK_MS,
  connect_ms: CONNECT_TIMEOUT_MS,
};
/** For reports that read every row there is. */
export const REPORT_LIMITS: Limits = {
  statement_ms: REPORT_STATEMENT_MS,
  lock_ms: REPORT_LOCK_MS,
  connect_ms: CONNECT_TIMEOUT_MS,
};
const OTHER_LIMITS: Limits = {
  statement_ms: OTHER_STATEMENT_MS,
  lock_ms: OTHER_LOCK_MS,
  connect_ms: CONNECT_TIMEOUT_MS,
};

/**
 * How often the server checks, while a statement runs or waits for a lock, that its client is still
 * connected. If it is not, the server rolls back.
 */
const CONNECTION_CHECK_MS = 1_000;
/**
 * How long a connection is silent before Node sends the first keep-alive probe: ten follow, one a second.
 * Finds a network that swallows everything. The server probes as set below.
 */
const KEEP_ALIVE_MS = 5_000;
/** How long after the server's statement_timeout a statement may still run: then its socket is dead. */
const SILENCE_MS = 1_000;

/**
 * The session settings that every connection of ours has. They travel in the start-up parameter `options`,
 * and hot statements are prepared by name. PgBouncer in transaction mode therefore needs
 * `ignore_startup_parameters = options`, the same settings on the role (ALTER ROLE … SET), and
 * `max_prepared_statements` above 0 (1.21 or newer). LISTEN does not work through it, so runners without
 * Redis poll.
 */
export function connectionConfig(url: string, name: string, limits = OTHER_LIMITS): ClientConfig {
  const settings = {
    // A batch is one short function call: compiling it costs more than it saves.
    jit: "off",
    // The text formats that `parsers` reads.
    TimeZone: "UTC",
    DateStyle: "ISO",
    statement_timeout: limits.statement_ms,
    lock_timeout: limits.lock_ms,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    client_connection_check_interval: CONNECTION_CHECK_MS,
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 2,
    tcp_keepalives_count: 3,
  };
  return {
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: limits.connect_ms,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    options: Object.entries(settings)
      .map(([setting, value]) => `-c ${setting}=${value}`)
      .join(" "),
    types: { getTypeParser: (oid: number) => parsers[oid] ?? asText },
  };
}

/**
 * Opens no connection yet. A connection that dies while idle leaves the pool silently; the next query opens
 * another.
 */
export function openPool({ url, size, name, limits }: PoolConfig): Pool {
  const pool = new Pool({
    ...connectionConfig(url, name, limits),
    max: size,
    // A dead socket must not hold its caller for ever.
    query_timeout: limits.statement_ms + SILENCE_MS,
  });
  // Without a listener, the error of any connection, idle or in use, ends the process. The query that needs
  // the connection reports the error.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

const { builtins } = types;
/** pg_type.oid of uuid[], which `pg` has no name for. */
const UUID_ARRAY = 2951;
const asText = (text: string): string => text;

/** How values arrive: cents as safe integers, timestamps as RFC 3339 text with all their microseconds. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [builtins.BOOL]: (text) => text === "t",
  [builtins.INT2]: Number,
  [builtins.INT4]: Number,
  [builtins.INT8]: parseSafeInteger,
  [builtins.FLOAT8]: Number,
  [builtins.JSON]: (text) => JSON.parse(text) as unknown,
  [builtins.JSONB]: (text) => JSON.parse(text) as unknown,
  [builtins.TIMESTAMPTZ]: parseTimestamp,
  [UUID_ARRAY]: parseUuidArray,
};

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`bigint ${text} is beyond 2^53`);
  return value;
}

function parseUuidArray(text: string): (string | null)[] {
  const elements = text.slice(1, -1);
  return elements === "" ? [] : elements.split(",").map((id) => (id === "NULL" ? null : id));
}

/**
 * `2026-11-23 21:06:00.5+00` becomes `2026-11-23T21:06:00.5Z`: the session's time zone is UTC, so the offset
 * is +00.
 */
function parseTimestamp(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
}
