import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { beforeAll, expect, inject, test } from "vitest";
import { VERSION } from "../../src/core/lib/version.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { httpClient } from "../support/http-client.ts";
import { startIep, startProcess } from "../support/processes.ts";
import { redisNamespace } from "../support/redis.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Commands that other tests run, as these scripts: here it only counts that the README's name leads there. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "npm start": "exec node bin/iep.js dev --stop-with-parent", // below
  "npm run demo": "exec node bin/iep.js demo", // demo.test.ts
  "npm test": "vitest run", // this suite
};
const OURS_TO_SKIP = [
  "npm ci",
  "npm run verify",
  "npm run verify:long",
  "npm run bench",
  // package.test.ts
  "npm pack",
  `npm install ./innovation-ecosystem-platform-${VERSION}.tgz zod`,
];

let blocks: string[];
let environment: Record<string, string>;

beforeAll(async () => {
  const readme = await readFile(`${REPOSITORY}README.md`, "utf8");
  blocks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = ""]) => block);
  const cwd = await temporaryFolder();
  const dev = startIep(["dev"], { cwd, env: { PORT: "0" } });
  await dev.waitForLine(/^Ready in/, 20_000);
  const printed = async (label: string): Promise<string> =>
    (await dev.waitForLine(new RegExp(`^ +${label} +(\\S+)$`)))[1] ?? "";
  environment = {
    API: await printed("API"),
    ADMIN: await printed("Admin key"),
    KEY: await printed("Its key"),
    CUSTOMER: await printed("Demo customer"),
    CWD: cwd,
  };
});

test("every shell block of the README works as it stands", async () => {
  const ran: string[] = [];
  const named: string[] = [];
  const scripts: string[] = [];
  for (const block of blocks) {
    if (block.includes("psql -c")) await setUpDatabase(block);
    else if (block.includes("ADMIN_API_KEY=")) await runInProduction(block);
    else if (block.startsWith("export API=")) named.push(...variablesOf(block));
    else if (linesOf(block).every((line) => line.startsWith("npm "))) scripts.push(...linesOf(block));
    else ran.push(await runShell(block, environment));
  }
  expect(named).toEqual(["API", "ADMIN", "KEY", "CUSTOMER"]);
  expect(await scriptsOf(scripts.filter((line) => !OURS_TO_SKIP.includes(line)))).toEqual(SCRIPTS);
  expect(ran).toHaveLength(3);
  const [http = "", cli = "", money = ""] = ran;
  expect(http).toContain('"status":"pending"');
  expect(http).toContain('"kind":"top_up"');
  expect(http).not.toContain('"code":');
  expect(cli).toContain("Ada Lovelace");
  expect(cli).toMatch(/hello.*world/s);
  expect(cli).not.toContain("BROKEN");
  expect(money).toContain('"kind":"grant"');
  expect(money).toContain("closing_balance");
  expect(money).not.toContain('"code":');
}, 60_000);

test("README, .env.example and the code know the same environment variables", async () => {
  const [readme, example, code] = await Promise.all(
    ["README.md", ".env.example", "src/bin/config.ts"].map((file) =>
      readFile(`${REPOSITORY}${file}`, "utf8"),
    ),
  );
  const inCode = namesIn(code, /^ {2}([A-Z][A-Z_]+):/gm);
  expect(inCode.length).toBeGreaterThan(10);
  expect(namesIn(example, /^# ([A-Z][A-Z_]+)=/gm)).toEqual(inCode);
  const [, table = ""] = /^\| variable .*\n([^]*?)\n\n/m.exec(readme ?? "") ?? [];
  const cells = table.split("\n").map((row) => row.split("|")[1] ?? "");
  expect(namesIn(cells.join(), /`([A-Z][A-Z_]+)`/g)).toEqual(inCode);
});

test("the curl lines that npm start prints work when they are pasted", async () => {
  const cwd = await temporaryFolder();
  const dev = startIep(["dev"], { cwd, env: { PORT: "0" } });
  await dev.waitForLine(/^Ready in/, 20_000);
  const lines = dev.stdout.filter((line) => line.trimStart().startsWith("curl "));
  expect(lines.length).toBeGreaterThanOrEqual(2);
  const output = await runShell(lines.join("\n"), {});
  expect(output).toContain('"status":"pending"');
  expect(output).toContain('"kind":"top_up"');
});

function namesIn(text: string | undefined, pattern: RegExp): string[] {
  return [...(text ?? "").matchAll(pattern)].map(([, name = ""]) => name).toSorted();
}

function variablesOf(block: string): string[] {
  return [...block.matchAll(/^export (\w+)=/gm)].map(([, name = ""]) => name);
}

/** What package.json runs for each `npm …` line. */
async function scriptsOf(lines: readonly string[]): Promise<Record<string, string | undefined>> {
  const text = await readFile(`${REPOSITORY}package.json`, "utf8");
  const { scripts } = JSON.parse(text) as { scripts: Record<string, string> };
  return Object.fromEntries(lines.map((line) => [line, scripts[line.replace(/^npm (run )?/, "")]]));
}

function linesOf(block: string): string[] {
  return block.split("\n").filter((line) => line !== "");
}

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
  const lines = linesOf(block);
  expect(lines.some((line) => line.startsWith("npm "))).toBe(false);
  const redis = redisNamespace();
  const pasted = block
    .replace("127.0.0.1:5432", `127.0.0.1:${new URL(inject("postgresUrl")).port}`)
    .replace("redis://127.0.0.1:6379", redis.url);
  // A shell that somebody types into lives on, and ends what it started when it is told to.
  const shell = `export PORT=0 QUEUE_KEY_PREFIX=${redis.prefix}\n${pasted}trap 'kill %1 %2' TERM\nwait\nwait\n`;
  const started = startProcess("bash", ["-c", shell]);
  const [, key = ""] = await started.waitForLine(/^admin key: ([0-9a-f]{48})$/);
  const [, api = ""] = await started.waitForLine(/Server listening at (http:\/\/127\.0\.0\.1:\d+)/, 60_000);
  await started.waitForLine(/"registered"/, 60_000);
  const me = await httpClient(api, key)("GET", "/me");
  expect([me.status, me.body]).toEqual([200, { kind: "admin" }]);
  const logged = started.stdout.filter((line) => !line.startsWith("admin key: "));
  expect(logged.filter((line) => !line.startsWith("{"))).toEqual([]);
  started.signal("SIGTERM");
  await started.exited;
}

/** Runs a block in bash, where `npx iep` is this checkout's. Throws with its output when a command fails. */
async function runShell(block: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const prelude = `set -euo pipefail\nnpx() { shift; '${process.execPath}' '${REPOSITORY}bin/iep.js' "$@"; }\n`;
  return await new Promise((resolve, reject) => {
    execFile(
      "bash",
      ["-c", prelude + block],
      {
        cwd: variables["CWD"] ?? REPOSITORY,
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...variables },
      },
      (error, stdout, stderr) =>
        error ? reject(new Error(`${block}\n${stdout}\n${stderr}`)) : resolve(stdout),
    );
  });
}
