const SSL_MODES = ["disable", "require", "verify-ca", "verify-full", "no-verify"];

/** Parameters that other drivers know, or that do not do here what is expected, and what does. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  schema: "options=-c%20search_path%3D… names a schema",
  currentSchema: "options=-c%20search_path%3D… names a schema",
  search_path: "options=-c%20search_path%3D… names a schema",
  statement_timeout: "the platform sets its own bounds",
  lock_timeout: "the platform sets its own bounds",
  idle_in_transaction_session_timeout: "the platform sets its own bounds",
  query_timeout: "the platform sets its own bounds",
  connect_timeout: "the platform sets its own bounds",
  connection_limit: "DATABASE_POOL_SIZE sets it",
  pool_size: "DATABASE_POOL_SIZE sets it",
  target_session_attrs: "name the primary server",
  replication: "the platform needs an ordinary connection",
};

/** Returns what is wrong with the parameters of DATABASE_URL, which is a URL. */
export function findParameterFault(url: string): string | undefined {
  const { searchParams } = new URL(url);
  const mode = searchParams.get("sslmode");
  if (mode === "prefer" || mode === "allow")
    return `sslmode=${mode} is not offered: say sslmode=require or sslmode=disable`;
  if (mode !== null && !SSL_MODES.includes(mode)) return `sslmode must be one of ${SSL_MODES.join(", ")}`;
  if (mode === "verify-ca" && !searchParams.has("sslrootcert"))
    return "sslmode=verify-ca needs sslrootcert=… in the URL, the file of the authority's certificate";
  return undefined;
}

/** Returns a line for each parameter of DATABASE_URL that says nothing here. */
export function parametersWithoutEffect(url: string): string[] {
  const { searchParams } = new URL(url);
  return Object.entries(WITHOUT_EFFECT).flatMap(([name, instead]) =>
    searchParams.has(name) ? [`DATABASE_URL: the parameter ${name} has no effect: ${instead}.`] : [],
  );
}

/** PG… variables that hold, as in `psql`, where the URL says nothing. `pg` reads the others by itself. */
const VARIABLES = { PGHOST: "host", PGPORT: "port", PGOPTIONS: "options", PGSSLMODE: "sslmode" } as const;

/** Completes DATABASE_URL from the environment. Nothing that the URL says is changed. */
export function completeDatabaseUrl(url: string, environment: NodeJS.ProcessEnv): string {
  const { hostname, port, searchParams } = new URL(url);
  const isSaid = (name: string): boolean =>
    searchParams.has(name) ||
    (name === "host" && hostname !== "") ||
    (name === "port" && port !== "") ||
    (name === "sslmode" && searchParams.has("ssl"));
  const more = Object.entries(VARIABLES).flatMap(([variable, name]) => {
    const value = environment[variable] ?? "";
    // These two ask for TLS only where the server offers it. Without it the connection is as they allow.
    const isIdle = name === "sslmode" && (value === "prefer" || value === "allow");
    return value === "" || isIdle || isSaid(name) ? [] : [`${name}=${encodeURIComponent(value)}`];
  });
  if (more.length === 0) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${more.join("&")}`;
}
