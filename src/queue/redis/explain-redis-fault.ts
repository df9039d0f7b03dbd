/** What is wrong with a Redis, as the end of a sentence, and what an operator can do. */
export interface RedisFault {
  readonly found: string;
  readonly way_out: string;
}

/** Characters of a message that are shown. What answers may be no Redis at all. */
const MESSAGE_MAX = 200;
const START = "start it, or correct REDIS_URL (redis:// without TLS, rediss:// with it)";

/** The first that matches the message of an error. Replies of the server begin with a code. */
const FAULTS: readonly (readonly [message: RegExp, found: string, way_out: string])[] = [
  [/^WRONGPASS|invalid password/, "refuses the user or the password", "correct them in REDIS_URL"],
  [/^NOAUTH/, "asks for a password", "put it into REDIS_URL"],
  [/^NOPERM/, "refuses this user a command", "allow it lists, CLIENT, COMMAND, PING, GET, SET and EXPIRE"],
  [/^LOADING/, "is still loading its data", "wait until it has"],
  [/^READONLY/, "is a replica that takes no writes", "name its primary in REDIS_URL"],
  [/^MASTERDOWN/, "is a replica that lost its primary", "name its primary in REDIS_URL"],
  [/^OOM/, "is out of memory", "raise its maxmemory"],
  [/^MISCONF/, "cannot save to its disk and takes no writes", "see its log"],
  [/DB index is out of range/, "has no database of this number", "correct it in REDIS_URL"],
  [/max number of clients/, "takes no more connections", "raise its maxclients"],
  [/^MOVED|^CROSSSLOT|^CLUSTERDOWN/, "refuses these keys", "see QUEUE_KEY_PREFIX in README.md"],
  [/ENOTFOUND|EAI_AGAIN/, "has a host name that is not found", "correct REDIS_URL"],
  [/ECONNREFUSED/, "refuses connections", START],
  [/no reply within|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, "does not reply", START],
  [/certificate|altname/i, "has a certificate that is not trusted", "see NODE_EXTRA_CA_CERTS"],
  [/wrong version number|packet length|SSL|TLS|EPROTO/, "speaks no TLS", "write redis:// in REDIS_URL"],
  [/RESP|Protocol error/, "does not speak as Redis does", START],
  [/Connection is closed|ECONNRESET|EPIPE/, "ends the connection", START],
];

/** Explains an error of a connection or of a command, without anything that was sent. */
export function explainRedisFault(error: unknown): RedisFault {
  const message = messageOf(error);
  const [, found, way_out] = FAULTS.find(([pattern]) => pattern.test(message)) ?? [
    undefined,
    "cannot be used",
    START,
  ];
  return { found: `${found} (${message.slice(0, MESSAGE_MAX)})`, way_out };
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  const message = error instanceof Error ? error.message : String(error);
  // A server that does not know a command repeats its arguments, which may be a password.
  return message.replace(/, with args beginning with.*/s, "").replace(/\.$/, "");
}
