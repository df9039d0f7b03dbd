import { IDLE_IN_TRANSACTION_TIMEOUT_MS } from "../../core/model/limits.ts";

/**
 * How often the server checks, while a statement runs or waits for a lock, that its client is still
 * connected. If it is not, the server rolls back.
 */
const CONNECTION_CHECK_MS = 1_000;

/** A setting on which it depends what values mean, and what statements see. */
interface NeededSetting {
  readonly value: string;
  /** Whether another value does as well. */
  readonly accepts?: (value: string) => boolean;
  /** A superuser's setting: it cannot be asked for when a connection opens. */
  readonly isChecked?: "only";
}

const UTC_NAMES = /^(?:Etc\/)?(?:UTC|UCT|GMT|Zulu|Universal|Greenwich)$/i;

/**
 * By name. A role or a database may have others (ALTER … SET), and so may `options` in the URL: those of a
 * connection win, and a pooler may drop them, which is why every session is asked.
 */
export const NEEDED_SETTINGS: Readonly<Record<string, NeededSetting>> = {
  // The text formats that `valueParsers` reads.
  TimeZone: { value: "UTC", accepts: (zone) => UTC_NAMES.test(zone) },
  DateStyle: { value: "ISO", accepts: (style) => style.startsWith("ISO") },
  client_encoding: { value: "UTF8" },
  extra_float_digits: { value: "1", accepts: (digits) => Number(digits) >= 1 },
  bytea_output: { value: "hex" },
  // The forms of the text that is sent: intervals, array literals, and strings with a backslash.
  IntervalStyle: { value: "postgres" },
  array_nulls: { value: "on" },
  standard_conforming_strings: { value: "on" },
  // A function locks rows in one statement, and the next one sees what others have committed.
  default_transaction_isolation: { value: "read committed" },
  // Any other value turns triggers off that guard money.
  session_replication_role: { value: "origin", isChecked: "only" },
};

/** Settings that bound how long a session may wait. 0 is without bounds. */
export const LIMIT_SETTINGS = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];

interface Limits {
  readonly statement_ms: number;
  readonly lock_ms: number;
}

/**
 * The start-up parameter `options` of a connection. The server applies it from left to right: of what `more`
 * asks for, such as a search_path, all stays that we do not set.
 */
export function sessionOptions({ statement_ms, lock_ms }: Limits, more: string): string {
  const needed = Object.entries(NEEDED_SETTINGS)
    .filter(([, { isChecked }]) => isChecked === undefined)
    .map(([name, { value }]) => [name, value] as const);
  const settings = {
    ...Object.fromEntries(needed),
    // A batch is one short function call: compiling it costs more than it saves.
    jit: "off",
    statement_timeout: statement_ms,
    lock_timeout: lock_ms,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    client_connection_check_interval: CONNECTION_CHECK_MS,
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 2,
    tcp_keepalives_count: 3,
  };
  const ours = Object.entries(settings).map(
    ([name, value]) => `-c ${name}=${String(value).replaceAll(" ", "\\ ")}`,
  );
  return [more, ...ours].filter((part) => part !== "").join(" ");
}
