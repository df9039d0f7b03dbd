import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { createTestDatabase } from "../support/database.ts";
import { startIep } from "../support/processes.ts";
import { runSql } from "../support/sql.ts";
import { ADMIN_API_KEY, postCustomer, postJobType, startApi } from "../support/stack.ts";
import { dataFolder } from "../support/temporary-folder.ts";

/** The library that `faketime` preloads. Empty: there is none. The program itself, when killed, leaves its child. */
const clockLibrary = await promisify(execFile)("faketime", ["-f", "+0", "printenv", "LD_PRELOAD"]).then(
  ({ stdout }) => stdout.trim(),
  () => "",
);

// Skipped where libfaketime is not installed: on Debian, apt-get install faketime.
test.skipIf(clockLibrary === "")(
  "jobs of API hosts whose clocks are off are found by created_after, stand in their order, and it is told",
  async () => {
    const environment = { DATABASE_URL: (await createTestDatabase()).url };
    const off =
      (by: string): typeof startIep =>
      (args, options) =>
        startIep(args, { ...options, env: { ...options?.env, LD_PRELOAD: clockLibrary, FAKETIME: by } });
    const right = await startApi(environment);
    const late = await startApi(environment, off("-5m"));
    const early = await startApi(environment, off("+1h"));
    await late.api.waitForLine(/The clock of this host is (?:299|300)\.\d s behind that of the database/);
    await early.api.waitForLine(/The clock of this host is 3(?:599|600)\.\d s ahead of that of the database/);

    const job_type_id = await postJobType(right.request, {
      processing_logic_id: "echo",
      standard_cost_cents: 1,
    });
    const customer_id = await postCustomer(right.request, "Timely", 100);
    const submitted: string[] = [];
    const since = new Date(Date.now() - 30_000).toISOString();
    for (const { request } of [right, early, late, right, late, early, right]) {
      const { body } = await request<Job>("POST", "/jobs", { customer_id, job_type_id, input_data: null });
      submitted.push(body.id);
    }
    for (const { request } of [right, late, early]) {
      const { body } = await request<{ data: Job[] }>("GET", `/jobs?created_after=${since}`);
      expect(body.data.map(({ id }) => id)).toEqual(submitted.toReversed());
    }
  },
);

const PASSWORDS = [
  "postgres://127.0.0.1:1/iep?user=iep&password=hunter2sesame",
  "postgres://iep:hunter2sesame@127.0.0.1:1/iep",
  "postgres://iep:12#hunter2sesame@127.0.0.1:1/iep",
  "postgres://iep:12?hunter2sesame@127.0.0.1:1/iep",
  "postgres://iep:12/hunter2sesame@127.0.0.1:1/iep",
  "postgres://iep:50%hunter2sesame@127.0.0.1:1/iep",
  "postgres://iep:hunter2sesame@%2Fnowhere/iep",
  "postgres://iep:hunter2sesame@a:1,b:2/iep",
];

test.each(PASSWORDS)("%s: runner and doctor show nothing of the password", async (DATABASE_URL) => {
  const REDIS_URL = "redis://iep:hunter2sesame@127.0.0.1:1/0";
  const runner = startIep(["runner"], { env: { DATABASE_URL, REDIS_URL } });
  const doctor = startIep(["doctor", "--json"], { env: { DATABASE_URL, REDIS_URL } });
  await Promise.race([runner.exited, runner.waitForLine(/Trying for 30 s|not valid/, 25_000)]);
  runner.signal("SIGKILL");
  await Promise.all([runner.exited, doctor.exited]);
  const said = [runner, doctor].flatMap(({ stdout, stderr }) => [...stdout, ...stderr]).join("\n");
  expect(said).toMatch(/DATABASE_URL/);
  expect(said).not.toContain("sesame");
});

test("sessions that would lose triggers: api and CLI refuse at once, exit 78, and say the way out", async () => {
  const { url: DATABASE_URL } = await createTestDatabase();
  const name = new URL(DATABASE_URL).pathname.slice(1);
  await runSql(DATABASE_URL, `ALTER DATABASE ${name} SET session_replication_role = 'replica'`);
  const env = { DATABASE_URL, ADMIN_API_KEY, PORT: "0" };
  for (const args of [["api"], ["customers", "list"]]) {
    const iep = startIep(args, { env });
    expect((await iep.exited).code).toBe(78);
    expect(iep.stderr.join("\n")).toMatch(
      /have session_replication_role replica, .*ALTER ROLE postgres IN DATABASE \w+ SET session_replication_role = 'origin'/,
    );
  }
});

test("whatever PG… says in the shell, npm start works on its own PostgreSQL, and its files are the owner's alone", async () => {
  const cwd = await dataFolder();
  await mkdir(`${cwd}/.data`);
  await writeFile(`${cwd}/.data/local-stack.json`, "{}");
  await chmod(`${cwd}/.data/local-stack.json`, 0o644);
  const env = {
    PGSSLMODE: "require",
    PGSSLNEGOTIATION: "direct",
    PGHOST: "nowhere.invalid",
    PGPORT: "1",
    PGUSER: "nobody",
    PGPASSWORD: "wrong",
    PGDATABASE: "none",
    PGOPTIONS: "-c no_such_setting=1",
    PGAPPNAME: "shell",
    PGTZ: "Asia/Tokyo",
    PORT: "0",
  };
  // `npm start` is a command of a checkout.
  const dev = startIep(["dev"], { cwd, env, from: "checkout" });
  await dev.waitForLine(/Ready in/);
  const { mode } = await stat(`${cwd}/.data/local-stack.json`);
  expect((mode & 0o777).toString(8)).toBe("600");
  const { database_url } = JSON.parse(await readFile(`${cwd}/.data/local-stack.json`, "utf8")) as {
    database_url: string;
  };
  const { rows } = await runSql(database_url, "SELECT count(*)::int AS jobs FROM jobs");
  expect(rows).toEqual([{ jobs: 0 }]);
  dev.signal("SIGTERM");
  expect((await dev.exited).code).toBe(0);
});

test(".env that names another variable than DATABASE_URL starts nothing", async () => {
  const cwd = await dataFolder();
  await writeFile(
    `${cwd}/.env`,
    "\uFEFFDATABASE_URI=postgres://iep:sesame@127.0.0.1:5432/iep\r\nRUNNER_CONCURENCY=abc\r\n",
  );
  const dev = startIep(["dev"], { cwd });
  expect((await dev.exited).code).toBe(78);
  const said = [...dev.stdout, ...dev.stderr].join("\n");
  expect(said).toContain("write DATABASE_URL");
  expect(said).toContain("write RUNNER_CONCURRENCY");
  expect(said).not.toContain("sesame");
});
