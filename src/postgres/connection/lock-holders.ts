import { Client, type ClientConfig } from "pg";

const LOOK_EVERY_MS = 250;

/** Whether or not this role may see what another one runs, it sees who is there. A prepared one has no process. */
const HOLDERS = `
  SELECT b.pid, a.application_name AS application, a.usename, a.state,
         extract(epoch FROM clock_timestamp() - a.state_change)::bigint AS seconds
    FROM unnest(pg_blocking_pids($1)) b (pid)
    LEFT JOIN pg_stat_activity a ON a.pid = b.pid
   LIMIT 3`;

interface Holder {
  readonly pid: number;
  readonly application: string | null;
  readonly usename: string | null;
  readonly state: string | null;
  readonly seconds: number | null;
}

export interface LockHolders {
  /** Who held what was waited for when that was last seen, in words; undefined when nobody was seen. */
  last(): string | undefined;
  stop(): Promise<void>;
}

/**
 * Looks from a connection of its own who holds the locks that the backend `pid` waits for: once a wait has
 * ended, nobody can tell any more. Opens the connection only for a wait, and never fails.
 */
export function watchLockHolders(config: ClientConfig, pid: number): LockHolders {
  let seen: string | undefined;
  let client: Client | undefined;
  let stopped = false;
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
  timer.unref();

  async function look(): Promise<void> {
    if (client === undefined) {
      client = new Client(config);
      client.on("error", () => undefined);
      await client.connect();
    }
    const { rows } = await client.query<Holder>(HOLDERS, [pid]);
    if (rows.length > 0 && !stopped) seen = rows.map(inWords).join(" and ");
  }

  return {
    last: () => seen,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await client?.end().catch(() => undefined);
    },
  };
}

function inWords({ pid, application, usename, state, seconds }: Holder): string {
  if (pid === 0) return "a prepared transaction (see pg_prepared_xacts)";
  const facts = [
    application || "no application name",
    usename && `role ${usename}`,
    state && `${state} for ${seconds} s`,
  ];
  return `process ${pid} (${facts.filter(Boolean).join(", ")})`;
}
