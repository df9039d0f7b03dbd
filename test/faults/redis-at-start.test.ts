import { createServer as createHttpServer } from "node:http";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createTcpServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { submitJob } from "../../src/core/use-cases/submit-jobs.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startIep, startProcess, type StartedProcess } from "../support/processes.ts";
import { findRedis } from "../support/redis-binary.ts";
import { startRedis } from "../support/redis.ts";
import { postCustomer, postJobType, startApi } from "../support/stack.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { createCustomer, createJobType, createTestPlatform } from "../support/test-platform.ts";
import { dataFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

// A Redis that does not work when a process starts costs speed and nothing else: processes start, say it once
// without a password, and work from PostgreSQL.

const PASSWORD = "the-password-of-redis";

const faults: { what: string; url: () => Promise<string>; said: RegExp }[] = [
  {
    what: "refuses connections",
    url: async () => `redis://:${PASSWORD}@127.0.0.1:${await freePort()}`,
    said: /refuses connections \(.*ECONNREFUSED/,
  },
  {
    what: "is a black hole",
    async url() {
      const proxy = await startTcpProxy((await startRedis()).url);
      proxy.blackHole();
      return proxy.url;
    },
    said: /does not reply/,
  },
  {
    what: "has another password",
    url: async () => withPassword((await startRedis({ args: ["--requirepass", "another"] })).url),
    said: /refuses the user or the password \(WRONGPASS/,
  },
  {
    what: "asks for a password",
    url: async () => (await startRedis({ args: ["--requirepass", PASSWORD] })).url,
    said: /asks for a password \(NOAUTH/,
  },
  { what: "loads its data", url: startLoadingRedis, said: /is still loading its data \(LOADING/ },
  {
    what: "is a read-only replica",
    url: async () => (await startRedis({ args: ["--replicaof", "127.0.0.1", "1"] })).url,
    said: /is a replica that takes no writes \(READONLY/,
  },
  {
    what: "is out of memory",
    url: async () => (await startRedis({ args: ["--maxmemory", "1"] })).url,
    said: /is out of memory \(OOM/,
  },
  {
    what: "has a host name that nobody knows",
    url: async () => "redis://no-such-host.invalid:6379",
    said: /has a host name that is not found/,
  },
  {
    what: "has fewer databases",
    url: async () => `${(await startRedis()).url}/99`,
    said: /has no database of this number/,
  },
  {
    what: "speaks no TLS",
    url: async () => (await startRedis()).url.replace("redis:", "rediss:"),
    said: /does not reply .*rediss:\/\//,
  },
  {
    what: "speaks TLS only",
    url: async () => `redis://127.0.0.1:${await listen(createTlsServer())}`,
    said: /ends the connection .*rediss:\/\//,
  },
  {
    what: "is no Redis",
    url: async () => `redis://127.0.0.1:${await listen(createHttpServer())}`,
    // It answers and hangs up: which of the two is heard first is chance.
    said: /does not speak as Redis does|ends the connection/,
  },
];

test.each(faults)("Redis $what: a runner starts, says it once, and works", async ({ url, said }) => {
  const REDIS_URL = await url();
  const { platform, databaseUrl } = await createTestPlatform();
  const runner = startIep(["runner"], { env: { DATABASE_URL: databaseUrl, REDIS_URL } });
  const { id } = await submitJob(platform, {
    customer_id: await createCustomer(platform),
    job_type_id: await createJobType(platform),
    input_data: 1,
  });
  const succeeded = async () => (await platform.jobs.findById(id))?.status === "succeeded";
  await waitFor(succeeded, { timeoutMs: PATIENCE_MS, describe: "the job to succeed" });
  await runner.waitForLine(/Redis at/);
  expectSaidOnce(runner, REDIS_URL, said);
});

test("Redis refuses: the API serves, and it and doctor tell", async () => {
  const REDIS_URL = `redis://:${PASSWORD}@127.0.0.1:${await freePort()}`;
  const environment = { DATABASE_URL: (await createTestDatabase()).url, REDIS_URL };
  const { request, api } = await startApi(environment);
  const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 1 });
  const customer = await postCustomer(request, "Optional", 100);
  const job = { customer_id: customer, job_type_id: type, input_data: 1 };
  expect(await request("POST", "/jobs", job)).toMatchObject({ status: 201 });
  expect(await request("GET", "/readyz")).toMatchObject({ status: 200, body: { status: "degraded" } });
  expect((await request("GET", "/queue")).body).toMatchObject({ ready_queue_status: "unavailable" });
  expectSaidOnce(api, REDIS_URL, /refuses connections/);
  const doctor = startIep(["doctor", "--json"], { env: environment });
  await doctor.exited;
  expect(doctor.stdout.join("\n")).toMatch(/refuses connections .*Jobs run from PostgreSQL/);
  expect(doctor.stdout.join("\n")).not.toContain(PASSWORD);
});

function expectSaidOnce(process: StartedProcess, url: string, said: RegExp): void {
  const lines = linesOf(process, /Redis at/);
  expect(lines).toEqual([expect.stringMatching(said)]);
  expect(lines[0]).toContain(`Redis at ${new URL(url).host} (REDIS_URL)`);
  expect(lines[0]).toContain("Jobs run all the same, from PostgreSQL");
  expect(linesOf(process, new RegExp(PASSWORD))).toEqual([]);
}

test("Redis comes later: all say so and use it", async () => {
  const REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
  const environment = { DATABASE_URL: (await createTestDatabase()).url, REDIS_URL, LOG_LEVEL: "info" };
  const dev = startIep(["dev"], { cwd: await dataFolder(), env: { ...environment, PORT: "0" } });
  await dev.waitForLine(/^Ready in/);
  await dev.waitForLine(new RegExp(`Ready queue +PostgreSQL, until Redis at ${REDIS_URL.slice(8)} works`));
  const { request, api } = await startApi(environment);
  await startRedis({ port: Number(new URL(REDIS_URL).port) });
  await Promise.all(
    [dev, api].map((process) => process.waitForLine(/Redis at 127\.0\.0\.1:\d+ works again/)),
  );
  expect(await request("GET", "/readyz")).toMatchObject({ status: 200, body: { status: "ok" } });
  const redis = new Redis(REDIS_URL);
  atTheEnd(() => Promise.resolve(redis.disconnect()));
  await waitFor(async () => /cmdstat_b?lmpop/.test(await redis.info("commandstats")), { describe: "a pop" });
  expect(linesOf(dev, /refuses connections/)).toHaveLength(1);
});

test("two platforms on one prefix are told of each other, once, and work; doctor says it", async () => {
  const { url: REDIS_URL } = await startRedis();
  const [mine, theirs] = await Promise.all(
    [1, 2].map(async () => ({ DATABASE_URL: (await createTestDatabase()).url, REDIS_URL })),
  );
  if (!mine || !theirs) throw new Error("no databases");
  const first = startIep(["runner"], { env: mine });
  await first.waitForLine(/runner ready/);
  const redis = new Redis(REDIS_URL);
  atTheEnd(() => Promise.resolve(redis.disconnect()));
  await waitFor(() => redis.get("jobs:owner"), { describe: "the owner to be noted" });
  const second = startIep(["runner"], { env: theirs });
  const [line] = await second.waitForLine(/Two platforms use the Redis lists jobs:p\*.*/);
  for (const { DATABASE_URL } of [mine, theirs])
    expect(line).toContain(`database "${new URL(DATABASE_URL).pathname.slice(1)}`.replace('"', '\\"'));
  expect(line).toContain("QUEUE_KEY_PREFIX");
  await first.waitForLine(/Two platforms use the Redis lists/);
  for (const env of [mine, theirs]) {
    const doctor = startIep(["doctor", "--json"], { env });
    await doctor.exited;
    expect(doctor.stdout.join("\n")).toContain("Two platforms use the Redis lists jobs:p*");
  }
  // The note is a hint: wiped, it is there again, and whoever has gone is forgotten.
  second.signal("SIGTERM");
  expect((await second.exited).code).toBe(0);
  await redis.flushall();
  await waitFor(() => redis.get("jobs:owner"), {
    timeoutMs: PATIENCE_MS,
    describe: "the owner to come back",
  });
  expect(await redis.ttl("jobs:owner")).toBeGreaterThan(0);
  expect(linesOf(first, /Two platforms/)).toHaveLength(1);
  expect(linesOf(second, /Two platforms/)).toHaveLength(1);
});

function linesOf({ stdout, stderr }: StartedProcess, pattern: RegExp): string[] {
  return [...stdout, ...stderr].filter((line) => pattern.test(line));
}

function withPassword(text: string): string {
  const url = new URL(text);
  url.password = PASSWORD;
  return url.href;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listenOn(server);
  server.close();
  await once(server, "close");
  return port;
}

async function listen(server: Server): Promise<number> {
  server.on("tlsClientError", () => undefined);
  atTheEnd(() => new Promise((resolve) => void server.close(resolve)));
  return await listenOn(server);
}

async function listenOn(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** Loads for 40 s: 800 keys of 50 ms each, large enough that it listens after each. */
async function startLoadingRedis(): Promise<string> {
  const folder = await temporaryFolder();
  const first = await startRedis({ args: ["--dir", folder] });
  const redis = new Redis(first.url);
  for (let n = 0; n < 800; n += 1) await redis.set(`key-${n}`, randomBytes(4_096));
  await redis.save();
  redis.disconnect();
  await first.stop();
  const args = ["--dir", folder, "--save", "", "--key-load-delay", "50000", "--bind", "127.0.0.1"];
  args.push("--loading-process-events-interval-bytes", "1024");
  startProcess(await findRedis(), [...args, "--port", String(first.port)]);
  await waitFor(
    async () => {
      const probe = new Redis(first.url, { lazyConnect: true, enableReadyCheck: false });
      probe.on("error", () => undefined);
      try {
        return await probe.ping().then(
          () => false,
          (error: Error) => error.message.startsWith("LOADING"),
        );
      } finally {
        probe.disconnect();
      }
    },
    { describe: "Redis to load" },
  );
  return first.url;
}
