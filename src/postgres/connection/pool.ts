import { Pool, type ClientBase, type ClientConfig } from "pg";
import {
  CONNECT_TIMEOUT_MS,
  FIGURES_LOCK_MS,
  FIGURES_STATEMENT_MS,
  FIGURES_WAIT_MS,
  OTHER_LOCK_MS,
  OTHER_STATEMENT_MS,
  REPORT_LOCK_MS,
  REPORT_STATEMENT_MS,
  REQUEST_LOCK_MS,
  REQUEST_STATEMENT_MS,
  RUNNER_LOCK_MS,
  RUNNER_STATEMENT_MS,
} from "../../core/model/limits.ts";
import { checkSession } from "./check-session.ts";
import { splitDatabaseUrl } from "./database-url.ts";
import { sessionOptions } from "./session-settings.ts";
import { valueParsers } from "./value-parsers.ts";

export interface PoolConfig {
  readonly url: string;
  /** Connections at most. */
  readonly size: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly limits: Limits;
  /** Gets a line when a session lacks a bound that it should have. */
  readonly warn?: ((line: string) => void) | undefined;
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
/** For the figures of metrics: a scrape waits for them. */
export const GAUGE_LIMITS: Limits = {
  statement_ms: FIGURES_STATEMENT_MS,
  lock_ms: FIGURES_LOCK_MS,
  connect_ms: FIGURES_WAIT_MS,
};
const OTHER_LIMITS: Limits = {
  statement_ms: OTHER_STATEMENT_MS,
  lock_ms: OTHER_LOCK_MS,
  connect_ms: CONNECT_TIMEOUT_MS,
};

/**
 * How long a connection is silent before Node sends the first keep-alive probe: ten follow, one a second.
 * Finds a network that swallows everything. The server probes as set below.
 */
const KEEP_ALIVE_MS = 5_000;
/** How long after the server's statement_timeout a statement may still run: then its socket is dead. */
const SILENCE_MS = 1_000;

/**
 * How every connection of ours is opened. The URL says where to, and whether by TLS: what it says, no PG…
 * variable of the environment changes. What the session is like is ours to say, by the start-up parameter
 * `options`, and hot statements are prepared by name. PgBouncer in transaction mode therefore needs
 * `ignore_startup_parameters = options`, the same settings on the role (ALTER ROLE … SET), and
 * `max_prepared_statements` above 0 (1.21 or newer). LISTEN does not work through it, so runners without
 * Redis poll.
 */
export function connectionConfig(url: string, name: string, limits = OTHER_LIMITS): ClientConfig {
  const { connectionString, options } = splitDatabaseUrl(url);
  return {
    connectionString,
    application_name: name,
    connectionTimeoutMillis: limits.connect_ms,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // Unless the URL asks for it. Left out, `pg` would read PGSSLMODE and PGSSLNEGOTIATION.
    ssl: false,
    sslnegotiation: "postgres",
    options: sessionOptions(limits, options),
    types: valueParsers,
  };
}

/**
 * Opens no connection yet. A connection that dies while idle leaves the pool silently; the next query opens
 * another. Each is checked once, when it opens: one whose session would read values wrong is not used.
 */
export function openPool({ url, size, name, limits, warn }: PoolConfig): Pool {
  const options = {
    ...connectionConfig(url, name, limits),
    max: size,
    // A connection sends a query without waiting for the one before it: `followedBy`.
    pipeline: true,
    // A dead socket must not hold its caller for ever.
    query_timeout: limits.statement_ms + SILENCE_MS,
    // The pool waits for it, which its type does not say.
    onConnect: async (client: ClientBase): Promise<void> => {
      // Without a listener, the error of any connection, idle or in use, ends the process. The query that needs
      // the connection reports the error.
      client.on("error", () => undefined);
      const warning = await checkSession(client);
      if (warning !== undefined) warn?.(warning);
    },
  };
  const pool = new Pool(options);
  pool.on("error", () => undefined);
  return pool;
}
