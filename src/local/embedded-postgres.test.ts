import { once } from "node:events";
import { chmod, cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { expect, test } from "vitest";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { startProcess, type StartedProcess } from "../../test/support/processes.ts";
import { postgresBinDir } from "../../test/support/servers.ts";
import { fastestParent } from "../../test/support/temp-folder.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import {
  type EmbeddedPostgresOptions,
  type PostgresServer,
  startEmbeddedPostgres,
} from "./embedded-postgres.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { isAlive } from "./process-table.ts";

const isLinuxRoot = process.platform === "linux" && process.getuid?.() === 0;

test("the first start makes a durable server that only a password opens", async () => {
  const server = await start({ dataDir: await newDataDir() });
  expect(await query(server.url, "SHOW fsync")).toBe("on");
  expect(await query(server.url, "SHOW synchronous_commit")).toBe("on");
  expect(await query(server.url, "SHOW server_encoding")).toBe("UTF8");
  expect(await query(server.url, "SHOW listen_addresses")).toBe("127.0.0.1");
  const url = new URL(server.url);
  url.password = "wrong";
  await expect(query(url.href, "SELECT 1")).rejects.toThrow("password authentication failed");
});

test("the second start keeps the data and the password", async () => {
  const dataDir = await newDataDir();
  const first = await start({ dataDir });
  await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
  await first.stop();
  const second = await start({ dataDir, port: first.port });
  expect(second.url).toBe(first.url);
  expect(await query(second.url, "SELECT answer FROM kept")).toBe(42);
});

test("settings win over the defaults", async () => {
  const server = await start({
    dataDir: await newDataDir(),
    settings: { max_connections: "17", fsync: "off" },
  });
  expect(await query(server.url, "SHOW max_connections")).toBe("17");
  expect(await query(server.url, "SHOW fsync")).toBe("off");
});

test("a port that is taken is not insisted on", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  atTheEnd(() => new Promise((resolve) => taken.close(resolve)));
  const address = taken.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const server = await start({ dataDir: await newDataDir(), port });
  expect(server.port).not.toBe(port);
  expect(await query(server.url, "SHOW port")).toBe(String(server.port));
});

test("stop resolves when the process is gone, and again when asked again", async () => {
  const server = await start({ dataDir: await newDataDir() });
  await Promise.all([server.stop(), server.stop("immediate")]);
  expect(isAlive(server.pid)).toBe(false);
  await server.stop();
});

test("what is committed survives an immediate stop", async () => {
  const dataDir = await newDataDir();
  const first = await start({ dataDir });
  await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
  await first.stop("immediate");
  expect(await query((await start({ dataDir })).url, "SELECT answer FROM kept")).toBe(42);
});

test("a parent that is killed with -9 leaves no server behind, and the next start has the data", async () => {
  const dataDir = await newDataDir();
  const parent = startServerProcess(dataDir);
  const [, url = "", pid = ""] = await parent.waitForLine(/^started (\S+) (\d+)$/);
  await query(url, "CREATE TABLE kept AS SELECT 42 AS answer");
  expect(isAlive(Number(pid))).toBe(true);
  parent.signal("SIGKILL");
  await waitFor(() => !isAlive(Number(pid)), { describe: `PostgreSQL ${pid} to die with its parent` });
  expect(await query((await start({ dataDir })).url, "SELECT answer FROM kept")).toBe(42);
});

test("a server does not keep its parent running, and dies when it ends", async () => {
  const parent = startServerProcess(await newDataDir(), { thenIdle: false });
  const [, , pid = ""] = await parent.waitForLine(/^started (\S+) (\d+)$/);
  expect(await parent.exited).toEqual({ code: 0, signal: null });
  await waitFor(() => !isAlive(Number(pid)), { describe: `PostgreSQL ${pid} to die with its parent` });
});

test("a first start that is killed in the middle is done anew", async () => {
  const dataDir = await newDataDir();
  const unfinished = async (): Promise<string[]> =>
    (await readdir(dirname(dataDir))).filter((name) => name.startsWith("postgres.new-"));
  const parent = startServerProcess(dataDir);
  await waitFor(async () => (await unfinished()).length > 0, { describe: "initdb to begin" });
  parent.signal("SIGKILL");
  await parent.exited;
  expect(await unfinished()).toHaveLength(1);
  const server = await start({ dataDir });
  expect(await query(server.url, "SELECT 1 AS one")).toBe(1);
  expect(await unfinished()).toEqual([]);
});

test("a second server on the same folder is refused by the number of the first, which lives on", async () => {
  const dataDir = await newDataDir();
  const first = await start({ dataDir });
  await expect(start({ dataDir })).rejects.toThrow(
    `a PostgreSQL already runs on ${dataDir} (process ${first.pid})`,
  );
  expect(await query(first.url, "SELECT 1 AS one")).toBe(1);
});

test("a postmaster.pid that names a stranger after a power cut does not prevent the start", async () => {
  const dataDir = await newDataDir();
  const first = await start({ dataDir });
  const pidFile = join(dataDir, "postmaster.pid");
  const content = await readFile(pidFile, "utf8");
  await first.stop("immediate");
  // PostgreSQL takes only processes of its own user for a rival.
  const { uid } = await stat(dataDir);
  const script = `process.setuid(${uid}); console.log("here"); setInterval(() => {}, 1000)`;
  const stranger = startProcess(process.execPath, ["--eval", script]);
  await stranger.waitForLine(/^here$/);
  await writeFile(pidFile, content.replace(String(first.pid), String(stranger.pid)));
  await start({ dataDir });
  expect(isAlive(stranger.pid)).toBe(true);
});

test("a folder with other content is left alone", async () => {
  const dataDir = await newDataDir();
  await mkdir(dataDir);
  await writeFile(join(dataDir, "letter.txt"), "dear");
  await expect(start({ dataDir })).rejects.toThrow("holds something other than a PostgreSQL");
  expect(await readdir(dirname(dataDir))).toEqual(["postgres"]);
  expect(await readdir(dataDir)).toEqual(["letter.txt"]);
});

test("a server that refuses to start says why", async () => {
  const settings = { shared_buffers: "lots" };
  await expect(start({ dataDir: await newDataDir(), settings })).rejects.toThrow(
    /PostgreSQL ended before it was ready \(exit code 1\)[^]*invalid value for parameter "shared_buffers"/,
  );
});

test.runIf(isLinuxRoot)(
  "as root on Linux: the server runs as another user, without capabilities",
  async () => {
    const server = await start({ dataDir: await newDataDir() });
    const status = await processStatus(server.pid);
    expect(status["Uid"]).not.toMatch(/\b0\b/);
    expect(status["CapEff"]).toMatch(/^0+$/);
  },
);

test.runIf(isLinuxRoot)("as root on Linux: it starts on a folder that root copied", async () => {
  const dataDir = await newDataDir();
  const first = await start({ dataDir });
  await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
  await first.stop();
  const copy = `${dataDir}-copy`;
  await cp(dataDir, copy, { recursive: true });
  expect((await stat(copy)).uid).toBe(0);
  await chmod(copy, 0o700);
  expect(await query((await start({ dataDir: copy })).url, "SELECT answer FROM kept")).toBe(42);
});

test.runIf(isLinuxRoot)(
  "as root on Linux: it starts from a checkout and a data folder that only root may enter",
  async () => {
    const folder = await temporaryFolder();
    const { postgres } = await findPostgresBinaries(postgresBinDir);
    const native = dirname(dirname(postgres));
    // Another PostgreSQL knows its libraries by absolute path: there only the data is out of reach.
    const binDir = postgresBinDir ?? join(folder, "native/bin");
    if (!postgresBinDir)
      await cp(native, join(folder, "native"), { recursive: true, verbatimSymlinks: true });
    await chmod(folder, 0o700);
    const dataDir = join(folder, "data");

    const first = await start({ dataDir, binDir });
    const status = await processStatus(first.pid);
    expect(status["Uid"]).not.toMatch(/\b0\b/);
    expect(status["CapEff"]).toMatch(/^0+2$/); // CAP_DAC_OVERRIDE and nothing else
    await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await first.stop();
    const second = await start({ dataDir, binDir });
    expect(await query(second.url, "SELECT answer FROM kept")).toBe(42);
  },
);

async function newDataDir(): Promise<string> {
  return join(await temporaryFolder(await fastestParent()), "postgres");
}

async function start(options: EmbeddedPostgresOptions): Promise<PostgresServer> {
  const server = await startEmbeddedPostgres({ binDir: postgresBinDir, ...options });
  atTheEnd(() => server.stop("immediate"));
  return server;
}

/** A process of its own that starts a server, to be killed. */
function startServerProcess(dataDir: string, { thenIdle = true } = {}): StartedProcess {
  const module = new URL("./embedded-postgres.ts", import.meta.url).href;
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    const server = await startEmbeddedPostgres(${JSON.stringify({ dataDir, binDir: postgresBinDir })});
    console.log("started", server.url, server.pid);
    ${thenIdle ? "setInterval(() => {}, 1000);" : ""}`;
  return startProcess(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script]);
}

/** The first column of the first row. */
async function query(url: string, statement: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: statement, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

async function processStatus(pid: number): Promise<Record<string, string>> {
  const lines = (await readFile(`/proc/${pid}/status`, "utf8")).trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/:\s+/, 2)));
}
