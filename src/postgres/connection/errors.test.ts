import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { Client, DatabaseError, Pool } from "pg";
import { beforeAll, expect, inject, test } from "vitest";
import { startTcpProxy } from "../../../test/support/tcp-proxy.ts";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { createTestDatabase } from "../../../test/support/database.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import { startEmbeddedPostgres, type PostgresServer } from "../../local/embedded-postgres.ts";
import { createDatabase } from "./database.ts";
import { toPlatformError } from "./errors.ts";
import { connectionConfig, openPool, REQUEST_LIMITS } from "./pool.ts";

// Every error here was provoked on a real server.

let url: string;

beforeAll(async () => {
  ({ url } = await createTestDatabase());
  const client = await open();
  await client.query(
    "CREATE TABLE things (id int PRIMARY KEY, n int NOT NULL); INSERT INTO things VALUES (1, 0), (2, 0)",
  );
});

const STATES: readonly [state: string, name: string, provoke: () => Promise<unknown>][] = [
  ["40001", "serialization failure", serializationFailure],
  ["40P01", "deadlock", deadlock],
  ["55P03", "lock timeout", lockTimeout],
  [
    "57014",
    "statement timeout",
    async () =>
      await failing(async (client) => {
        await client.query("SET statement_timeout = 20");
        await client.query("SELECT pg_sleep(5)");
      }),
  ],
  [
    "57P01",
    "backend ended by an operator",
    async () =>
      await failing(async (client, other) => {
        const sleeping = client.query("SELECT pg_sleep(5)");
        sleeping.catch(() => undefined);
        await terminate(other, client);
        await sleeping;
      }),
  ],
  ["57P05", "ended for being idle", async () => await silentEnd("SET idle_session_timeout = 20")],
  [
    "25P03",
    "ended for being idle in a transaction",
    async () => await silentEnd("SET idle_in_transaction_session_timeout = 20; BEGIN"),
  ],
  [
    "25006",
    "read only",
    async () =>
      await failing(async (client) => {
        await client.query("SET default_transaction_read_only = on");
        await client.query("UPDATE things SET n = 1");
      }),
  ],
  ["3D000", "no such database", async () => await connecting({ database: "nowhere" })],
  ["28P01", "wrong password", async () => await connecting({ password: "wrong" })],
  ["0A000", "a plan from before a migration", stalePlan],
];

test.each(STATES)("%s, %s: unavailable", async (state, _name, provoke) => {
  const error = await provoke();
  expect(error).toBeInstanceOf(DatabaseError);
  expect(error).toMatchObject({ code: state });
  expect(toPlatformError(error)).toMatchObject({ code: "unavailable", retryable: true, cause: error });
});

test("57P02, the server crashed, and 57P03, it is going down: unavailable", async () => {
  const server = await ownServer();
  // Today's PostgreSQL says 57P02 as a warning and hangs up; the reset can overtake the warning, and then it
  // crashes once more.
  const warned = await waitFor(async () => {
    const [victim, witness] = [await open(server.url), await open(server.url)];
    const { rows } = await victim.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    let warning: unknown;
    witness.on("notice", (notice) => (warning = notice));
    const witnessed = caught(witness.query("SELECT pg_sleep(10)"));
    process.kill(rows[0]?.pid ?? 0, "SIGKILL");
    expect(toPlatformError(await witnessed)).toMatchObject({ code: "unavailable" });
    return warning;
  });
  expect(warned).toMatchObject({ code: "57P02" });

  const last = await waitFor(() => open(server.url));
  process.kill(server.pid, "SIGTERM"); // Waits for those who are there, and lets nobody in.
  const refusal = await waitFor(() =>
    open(server.url).then(
      () => false,
      (error: unknown) => error,
    ),
  );
  expect(refusal).toMatchObject({ code: "57P03" });
  expect(toPlatformError(refusal)).toMatchObject({ code: "unavailable" });
  await last.end();
});

test("53300, too many connections: unavailable, and others again when some have gone", async () => {
  const server = await ownServer({ max_connections: "5", superuser_reserved_connections: "0" });
  const clients: Client[] = [];
  const full = await waitFor(() =>
    open(server.url).then(
      (client) => void clients.push(client),
      (error: unknown) => error,
    ),
  );
  expect(clients).toHaveLength(5);
  expect(full).toMatchObject({ code: "53300" });
  expect(toPlatformError(full)).toMatchObject({ code: "unavailable" });
  await clients[0]?.end();
  await waitFor(() => open(server.url));
});

const LINES: readonly [name: string, message: RegExp, provoke: () => Promise<unknown>][] = [
  ["nobody listens", /ECONNREFUSED/, async () => await connecting({ port: 1 })],
  ["no such socket file", /ENOENT/, async () => await caught(new Client({ host: "/nowhere" }).connect())],
  ["no such name", /ENOTFOUND|EAI_AGAIN/, async () => await connecting({ host: "nowhere.invalid" })],
  [
    "the line is cut under a query",
    /Connection terminated|ECONNRESET/,
    async () => {
      const proxy = await startTcpProxy(url);
      const client = await open(proxy.url);
      const sleeping = caught(client.query("SELECT pg_sleep(5)"));
      proxy.cut();
      return await sleeping;
    },
  ],
  [
    "the line was cut before the query",
    /is not queryable/,
    async () => {
      const proxy = await startTcpProxy(url);
      const client = await open(proxy.url);
      const lost = new Promise((resolve) => client.once("end", resolve));
      proxy.cut();
      await lost;
      return await caught(client.query("SELECT 1"));
    },
  ],
  [
    "the line goes silent under a query",
    /Query read timeout/,
    async () => {
      const proxy = await startTcpProxy(url);
      const client = await open(proxy.url, { query_timeout: 100 });
      proxy.blackHole();
      return await caught(client.query("SELECT 1"));
    },
  ],
  [
    "a server that says nothing, to a client",
    /timeout expired/,
    async () =>
      await caught(
        new Client({ ...connectionConfig(await silentUrl(), "test"), connectionTimeoutMillis: 50 }).connect(),
      ),
  ],
  [
    "a server that says nothing, to a pool",
    /Connection terminated due to connection timeout/,
    async () =>
      await caught(
        openPool({
          url: await silentUrl(),
          size: 1,
          name: "test",
          limits: { ...REQUEST_LIMITS, connect_ms: 50 },
        }).connect(),
      ),
  ],
  [
    "no free connection in the pool",
    /timeout exceeded/,
    async () => {
      const pool = openPool({ url, size: 1, name: "test", limits: { ...REQUEST_LIMITS, connect_ms: 500 } });
      const client = await pool.connect();
      const error = await caught(pool.query("SELECT 1"));
      client.release();
      await pool.end();
      return error;
    },
  ],
  [
    "the pool was closed",
    /calling end on the pool/,
    async () => {
      const pool = new Pool({ connectionString: url });
      await pool.end();
      return await caught(pool.query("SELECT 1"));
    },
  ],
];

test.each(LINES)("%s: unavailable", async (_name, message, provoke) => {
  const error = await provoke();
  expect(String(error)).toMatch(message);
  expect(toPlatformError(error)).toMatchObject({ code: "unavailable", cause: error });
});

test("a bug, a broken rule and wrong SQL are passed on as they are", async () => {
  const client = await open();
  const errors = [
    new TypeError("x is not a function"),
    await caught(client.query("INSERT INTO things VALUES (1, 0)")),
    await caught(client.query("SELEKT 1")),
    await caught(client.query("SELECT 1 / 0")),
  ];
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error);
    expect(toPlatformError(error)).toBe(error);
  }
});

test("a connection that went silent inside a transaction does not go back to its pool", async () => {
  const proxy = await startTcpProxy(url);
  // Long enough for a statement that is answered, however busy the machine is.
  const limits = { statement_ms: 2_000, lock_ms: 2_000, connect_ms: 5_000 };
  const pool = openPool({ url: proxy.url, size: 1, name: "test", limits });
  atTheEnd(() => pool.end());
  const database = createDatabase(pool);
  const transaction = database.kysely.transaction().execute(async (tx) => {
    await tx.selectFrom("jobs").select("id").execute();
    proxy.blackHole();
    return await tx.selectFrom("jobs").select("id").execute();
  });
  await expect(transaction).rejects.toBeInstanceOf(PlatformError);
  proxy.heal();
  expect(await database.call({ name: "one", text: "SELECT 1" }, [])).toEqual([[1]]);
});

async function open(to = url, options: { query_timeout?: number } = {}): Promise<Client> {
  const client = new Client({ connectionString: to, ...options });
  client.on("error", () => undefined);
  await client.connect();
  atTheEnd(() => client.end());
  return client;
}

async function caught(run: Promise<unknown>): Promise<unknown> {
  return await run.then(
    () => "no error",
    (error: unknown) => error,
  );
}

async function failing(run: (client: Client, other: Client) => Promise<unknown>): Promise<unknown> {
  return await caught(run(await open(), await open()));
}

async function connecting(change: {
  database?: string;
  password?: string;
  port?: number;
  host?: string;
}): Promise<unknown> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const target = {
    host: hostname,
    port: Number(port),
    user: username,
    password,
    database: pathname.slice(1),
  };
  return await caught(new Client({ ...target, ...change }).connect());
}

async function terminate(by: Client, victim: Client): Promise<void> {
  // `processID` is there once connected; the types do not know it.
  await by.query("SELECT pg_terminate_backend($1)", [(victim as unknown as { processID: number }).processID]);
}

/** The server ends the session while nobody asks anything: the error comes as an event. */
async function silentEnd(set: string): Promise<unknown> {
  const client = await open();
  const told = once(client, "error");
  await client.query(set);
  return (await told)[0];
}

async function serializationFailure(): Promise<unknown> {
  return await failing(async (client, other) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await client.query("SELECT * FROM things");
    await other.query("UPDATE things SET n = n + 1 WHERE id = 1");
    await client.query("UPDATE things SET n = n + 1 WHERE id = 1");
  });
}

async function deadlock(): Promise<unknown> {
  return await failing(async (client, other) => {
    for (const each of [client, other]) await each.query("SET deadlock_timeout = 20; BEGIN");
    await client.query("UPDATE things SET n = n + 1 WHERE id = 1");
    await other.query("UPDATE things SET n = n + 1 WHERE id = 2");
    await Promise.all([
      client.query("UPDATE things SET n = n + 1 WHERE id = 2"),
      other.query("UPDATE things SET n = n + 1 WHERE id = 1"),
    ]);
  });
}

async function lockTimeout(): Promise<unknown> {
  return await failing(async (client, other) => {
    await other.query("BEGIN; UPDATE things SET n = n + 1 WHERE id = 1");
    await client.query("SET lock_timeout = 20");
    await client.query("UPDATE things SET n = n + 1 WHERE id = 1");
  });
}

async function stalePlan(): Promise<unknown> {
  return await failing(async (client, other) => {
    await other.query("CREATE TABLE changing (a int)");
    const prepared = { name: "prepared", text: "SELECT * FROM changing" };
    await client.query(prepared);
    await other.query("ALTER TABLE changing ADD COLUMN b text");
    await client.query(prepared);
  });
}

async function ownServer(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const server = await startEmbeddedPostgres({
    dataDir: `${await temporaryFolder()}/postgres`,
    settings: { fsync: "off", ...settings },
  });
  atTheEnd(() => server.stop("immediate"));
  return server;
}

/** A port that takes connections and never says a word. */
async function silentUrl(): Promise<string> {
  const server = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  atTheEnd(() => Promise.resolve(server.close()));
  // A server that listens on TCP has an address of this form.
  const silent = new URL(inject("postgresUrl"));
  silent.port = String((server.address() as AddressInfo).port);
  return silent.href;
}
