import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { isAlive } from "../../src/local/process-table.ts";
import { atTheEnd } from "./cleanup.ts";
import { connect } from "./sql.ts";
import { createTestDatabase } from "./database.ts";
import { startIep, startProcess } from "./processes.ts";
import { redisNamespace, startRedis } from "./redis.ts";
import { waitFor } from "./wait-for.ts";

test("databases cloned at once have all migrations and share no rows", async () => {
  const databases = await Promise.all(Array.from({ length: 8 }, () => createTestDatabase()));
  const [first, second] = await Promise.all(databases.slice(0, 2).map(({ url }) => connect(url)));
  await first?.query("CREATE TABLE mine ()");
  const mine = "SELECT to_regclass('mine') IS NOT NULL AS mine, to_regclass('jobs') IS NOT NULL AS jobs";
  expect((await first?.query(mine))?.rows).toEqual([{ mine: true, jobs: true }]);
  expect((await second?.query(mine))?.rows).toEqual([{ mine: false, jobs: true }]);
});

test("a database that is dropped is gone, also for who is connected, and may be dropped again", async () => {
  const database = await createTestDatabase();
  const client = await connect(database.url);
  await database.drop();
  await database.drop();
  await expect(client.query("SELECT 1")).rejects.toThrow(/terminat|not queryable/);
  await expect(connect(database.url)).rejects.toThrow("does not exist");
});

test("every test file has keys of its own on the shared Redis", async () => {
  const { url, prefix } = redisNamespace();
  const redis = new Redis(url);
  atTheEnd(() => redis.quit());
  expect(await redis.keys(`${prefix}*`)).toEqual([]);
  expect(redisNamespace().prefix).not.toBe(prefix);
});

test("a Redis that was killed comes back empty where it was", async () => {
  const first = await startRedis();
  const redis = new Redis(first.url, { retryStrategy: () => 10 });
  redis.on("error", () => undefined); // The connection is lost on purpose.
  atTheEnd(() => redis.quit());
  await redis.set("key", "value");
  await first.stop("SIGKILL");
  expect(isAlive(first.pid)).toBe(false);
  const second = await startRedis({ port: first.port });
  expect(second.url).toBe(first.url);
  expect(await redis.get("key")).toBeNull();
});

test("waiting in vain ends with what was waited for and the last answer", async () => {
  const inVain = waitFor(() => 0, { timeoutMs: 30, describe: "a number above 0" });
  await expect(inVain).rejects.toThrow("waited 30 ms for a number above 0; the last answer was 0");
  const stuck = waitFor(() => new Promise(() => undefined), { timeoutMs: 30, describe: "an answer" });
  await expect(stuck).rejects.toThrow("waited 30 ms for an answer; the last answer was 'no answer in time'");
  const failing = waitFor(() => Promise.reject(new Error("not yet")), { timeoutMs: 30 });
  await expect(failing).rejects.toThrow("not yet");
});

test("waiting for a line ends when the process ends without it", async () => {
  const started = startProcess(process.execPath, [
    "--eval",
    "console.log('one'); console.error('two'); process.exit(3)",
  ]);
  expect((await started.waitForLine(/^o(n)e$/))[1]).toBe("n");
  await expect(started.waitForLine(/three/)).rejects.toThrow(
    /ended \(3\) without a line like \/three\/ in\none\ntwo/,
  );
  expect(await started.exited).toEqual({ code: 3, signal: null });
  expect([started.stdout, started.stderr]).toEqual([["one"], ["two"]]);
});

test.each([
  { from: "package", loads: /\/dist\/cli\/program\.js/, never: /\/src\/|\/node_modules\/(tsx|esbuild)\// },
  { from: "checkout", loads: /\/src\/cli\/program\.ts/, never: /\/dist\/cli\// },
] as const)("iep of the $from loads the code of the $from alone", async ({ from, loads, never }) => {
  const iep = startIep(["--help"], { from, env: { NODE_DEBUG: "esm" } });
  expect(await iep.exited).toEqual({ code: 0, signal: null });
  const loaded = iep.stderr.join("\n");
  expect(loaded).toMatch(loads);
  expect(loaded).not.toMatch(never);
});
