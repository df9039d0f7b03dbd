import { DatabaseError } from "pg";
import { PlatformError } from "../../core/lib/errors.ts";
import { SessionError } from "./session-error.ts";

/** SQLSTATEs after which the same call may succeed, on this connection or a new one. */
const RETRYABLE_STATES = new Set([
  "40001", // serialization failure
  "40P01", // deadlock
  "55P03", // lock timeout
  "57014", // statement timeout, or cancelled by an operator
  "57P01", // backend ended by an operator, or the server stops
  "57P02", // the server crashed
  "57P03", // the server starts or stops
  "57P04", // the database was dropped: a new one may take its name
  "57P05", // ended for being idle
  "25P03", // ended for being idle in a transaction
  "25P04", // the transaction took too long
  "25006", // read only: after a failover this is not the primary any more
  "3D000", // no such database (yet)
]);
/**
 * Connection exceptions, authorization (a password is being changed), insufficient resources (connections,
 * disk).
 */
const RETRYABLE_CLASSES = new Set(["08", "28", "53"]);
/** A prepared statement from before a migration: nothing was done, and a new connection prepares it anew. */
const STALE_PLAN = { state: "0A000", routine: "RevalidateCachedQuery" };
/**
 * The system calls of a socket or a look-up of its address. The codes of their errors are many (ECONNREFUSED,
 * EPIPE …).
 */
const SOCKET_CALLS = new Set(["connect", "read", "write", "shutdown", "getaddrinfo"]);
/** What `pg` throws without a code when a connection ends, does not open, or sends what `pg` cannot read. */
const DRIVER_MESSAGES =
  /^Connection terminated|^timeout e|^Query read timeout|is not queryable$|^Received unexpected \w+ message from backend|calling end on the pool$|establishing an SSL connection$/;

/** PostgreSQL cannot be used now. `explainRefusal` reads the reason from the cause. */
export class DatabaseUnavailable extends PlatformError {
  constructor(cause: unknown) {
    super("unavailable", "The database does not answer. Try again.", { cause });
  }
}

/**
 * The one place where an error of the database becomes one of ours. A server that is away becomes
 * `unavailable`. A violated rule of the schema passes through, for callers to handle by name (see
 * `isViolationOf`), and so does a bug. After a broken connection, what was asked for may have been done.
 */
export function toPlatformError(error: unknown): unknown {
  return isAway(error) ? new DatabaseUnavailable(error) : error;
}

function isAway(error: unknown): boolean {
  if (error instanceof DatabaseError) {
    const state = error.code ?? "";
    return (
      RETRYABLE_STATES.has(state) ||
      RETRYABLE_CLASSES.has(state.slice(0, 2)) ||
      (state === STALE_PLAN.state && error.routine === STALE_PLAN.routine)
    );
  }
  // Somebody changed the role: new connections are of no use until it is changed back.
  if (error instanceof SessionError) return true;
  if (error instanceof AggregateError) return error.errors.some(isAway);
  if (!(error instanceof Error)) return false;
  return (
    ("syscall" in error && SOCKET_CALLS.has(String(error.syscall))) ||
    ("code" in error && error.code === "ERR_STREAM_DESTROYED") ||
    DRIVER_MESSAGES.test(error.message)
  );
}

/** Whether one named constraint refused the write: never "any 23505". */
export function isViolationOf(error: unknown, constraint: string): boolean {
  return error instanceof DatabaseError && error.constraint === constraint;
}
