import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { expect, inject, test } from "vitest";
import { atTheEnd } from "../support/cleanup.ts";
import { httpClient } from "../support/http-client.ts";
import { killDescendants } from "../support/process-tree.ts";
import { startProcess } from "../support/processes.ts";
import { redisNamespace } from "../support/redis.ts";
import { runShell } from "../support/run-shell.ts";

const README = fileURLToPath(new URL("../../README.md", import.meta.url));

test("the production part of the README works when it is pasted into a fresh shell", async () => {
  const text = await readFile(README, "utf8");
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = ""]) => block);
  const database = blocks.filter((block) => block.includes("psql -c"));
  const processes = blocks.filter((block) => block.includes("ADMIN_API_KEY="));
  expect([database.length, processes.length]).toEqual([1, 1]);
  await setUpDatabase(database[0] ?? "");
  await runInProduction(processes[0] ?? "");
});

/** The four lines of the database set-up; the SQL goes through the driver, as a machine with Node alone has no psql. */
async function setUpDatabase(block: string): Promise<void> {
  const superuser = new Client(inject("postgresUrl"));
  await superuser.connect();
  atTheEnd(() => superuser.end());
  for (const [, statement = ""] of block.matchAll(/^psql -c "(.*)"$/gm)) await superuser.query(statement);
  const [, example = ""] = /^export DATABASE_URL=(.*)$/m.exec(block) ?? [];
  const url = new URL(example);
  url.port = new URL(inject("postgresUrl")).port;
  const migrate = block.split("\n").filter((line) => line.startsWith("npx "));
  const output = await runShell(migrate.join("\n"), { DATABASE_URL: url.href });
  expect(output).toContain("audit");
}

/**
 * Pastes the block of the production part into a shell that has nothing but PATH and HOME. Only the ports of
 * the two servers are the test's, and the API's is free.
 */
async function runInProduction(block: string): Promise<void> {
  const redis = redisNamespace();
  const pasted = block
    .replace("127.0.0.1:5432", `127.0.0.1:${new URL(inject("postgresUrl")).port}`)
    .replace("redis://127.0.0.1:6379", redis.url);
  // A shell that somebody types into lives on, and ends what it started when it is told to.
  const shell = `export PORT=0 QUEUE_KEY_PREFIX=${redis.prefix}\n${pasted}trap 'kill %1 %2' TERM\nwait\nwait\n`;
  const started = startProcess("bash", ["-c", shell]);
  // When this test fails midway, the shell is killed and ends nothing.
  atTheEnd(() => killDescendants(started.pid));
  const [, key = ""] = await started.waitForLine(/^admin key: ([0-9a-f]{48})$/);
  const [, api = ""] = await started.waitForLine(/Server listening at (http:\/\/127\.0\.0\.1:\d+)/);
  await started.waitForLine(/"registered"/);
  const me = await httpClient(api, key)("GET", "/me");
  expect([me.status, me.body]).toEqual([200, { kind: "admin", name: "admin", role: "admin" }]);
  const logged = started.stdout.filter((line) => !line.startsWith("admin key: "));
  expect(logged.filter((line) => !line.startsWith("{"))).toEqual([]);
  started.signal("SIGTERM");
  await started.exited;
}
