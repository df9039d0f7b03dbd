/** What decides over our sessions, and is therefore taken from the URL and merged, or not taken at all. */
const OURS = [
  "options",
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout",
  "client_encoding",
  "replication",
];
/** What `pg` reads as libpq does only when it is asked to: TLS whose certificate need not be trusted. */
const AS_LIBPQ = new Set(["require", "verify-ca"]);

interface Target {
  /** For `pg`: the URL without what is ours. */
  readonly connectionString: string;
  /** What `options` of the URL asks for. */
  readonly options: string;
}

/** Splits a database's URL into where it leads, and what it asks of a session. */
export function splitDatabaseUrl(url: string): Target {
  const [target = "", query = ""] = splitOnce(url, "?");
  const parameters = new URLSearchParams(query);
  const options = parameters.get("options") ?? "";
  for (const name of OURS) parameters.delete(name);
  if (AS_LIBPQ.has(parameters.get("sslmode") ?? "")) parameters.set("uselibpqcompat", "true");
  return {
    connectionString: parameters.size === 0 ? target : `${target}?${parameters.toString()}`,
    options,
  };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
