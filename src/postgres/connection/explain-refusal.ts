import { DatabaseError } from "pg";
import { DatabaseUnavailable } from "./errors.ts";

/** Why PostgreSQL cannot be used, for whoever runs the program, and what to do about it. */
export interface Refusal {
  /** A sentence without its subject, which is PostgreSQL. */
  readonly found: string;
  readonly way_out: string;
}

const TRY_AGAIN = "try again in a moment";
const TLS_WAY_OUT =
  "trust its certificate (sslrootcert=… in DATABASE_URL, or NODE_EXTRA_CA_CERTS), or use sslmode=no-verify on a network that you trust";

/** By SQLSTATE. The message of the server names the role or the database. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  "28P01": "correct the password in DATABASE_URL",
  "28000": "correct the role in DATABASE_URL, or allow it in pg_hba.conf of the server",
  "3D000": "create it (createdb), or correct the name in DATABASE_URL",
  "42501":
    "grant it to the role in DATABASE_URL, or use its owner: docs/operating.md lists what a role needs",
  "53300": "lower DATABASE_POOL_SIZE, or raise max_connections of the server",
  "53100": "free space on the disk of the server",
  "53200": "give the server more memory",
  "25006": "point DATABASE_URL at the primary server: this one is a standby or is set to read only",
  "57P03": TRY_AGAIN,
  "57P01": TRY_AGAIN,
  "57P02": TRY_AGAIN,
  "57014": `see pg_stat_activity for what keeps the server busy, and ${TRY_AGAIN}`,
  "55P03": `see pg_locks for who holds the lock, and ${TRY_AGAIN}`,
};
/** Errors of the network, by the code that Node gives them. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "start PostgreSQL, or correct host and port in DATABASE_URL",
  ENOENT: "start PostgreSQL, or correct the socket in DATABASE_URL",
  ENOTFOUND: "correct the host in DATABASE_URL",
  EAI_AGAIN: "check the network and its DNS, or the host in DATABASE_URL",
};
const NETWORK_WAY_OUT = "check the server, the network and its firewalls, or the host in DATABASE_URL";
/** Errors of the driver, which have no code. */
const DRIVER: readonly (readonly [RegExp, Refusal])[] = [
  [
    /password must be a string|SASL.*password/i,
    { found: "wants a password, and DATABASE_URL has none", way_out: "put the password into DATABASE_URL" },
  ],
  [
    /does not support SSL connections/,
    { found: "does not offer TLS", way_out: "set sslmode=disable in DATABASE_URL, or turn TLS on there" },
  ],
  [
    /establishing an SSL connection/,
    { found: "ends the connection before TLS begins", way_out: TLS_WAY_OUT },
  ],
  [
    /timeout e/,
    { found: "gave no connection in time", way_out: "check that it is up, and has connections to give" },
  ],
  [/^Query read timeout/, { found: "did not answer in time", way_out: `see its log, and ${TRY_AGAIN}` }],
  [/^Connection terminated/, { found: "ended the connection", way_out: `see its log, and ${TRY_AGAIN}` }],
];
const TLS_CODE = /CERT|^ERR_TLS|^ERR_SSL|^UNABLE_TO/;

/**
 * Returns why the server refuses or cannot be reached, in words that lead to the right machine. Undefined for
 * an error that says nothing of the kind, such as a violated constraint or a bug.
 */
export function explainRefusal(error: unknown): Refusal | undefined {
  if (error instanceof DatabaseUnavailable)
    return (
      explainRefusal(error.cause) ?? {
        found: `does not answer: ${messageOf(error.cause)}`,
        way_out: TRY_AGAIN,
      }
    );
  if (error instanceof AggregateError) return explainRefusal(error.errors[0]);
  if (!(error instanceof Error)) return undefined;
  if (error instanceof DatabaseError) return answered(error);
  const code = "code" in error ? String(error.code) : "";
  if (TLS_CODE.test(code))
    return { found: `offers a certificate that is not trusted: ${messageOf(error)}`, way_out: TLS_WAY_OUT };
  // The same codes come from files: only a socket connects, reads or looks a name up.
  const isSocket =
    "syscall" in error && /^(connect|read|write|shutdown|getaddrinfo)$/.test(String(error.syscall));
  if (isSocket)
    return { found: `does not answer: ${messageOf(error)}`, way_out: NETWORK[code] ?? NETWORK_WAY_OUT };
  return DRIVER.find(([message]) => message.test(error.message))?.[1];
}

function answered(error: DatabaseError): Refusal | undefined {
  const { code = "" } = error;
  // A pooler that has no place for us says it by a protocol error.
  const way_out =
    WAYS_OUT[code] ??
    (code.startsWith("08") ? "correct DATABASE_URL, or see the log of the pooler" : undefined);
  return way_out === undefined ? undefined : { found: `refuses: ${messageOf(error)}`, way_out };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
