import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isAlive } from "../../src/local/process-table.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { directoryWith } from "../support/directory-with.ts";
import { httpClient } from "../support/http-client.ts";
import { startIep, startProcess, type StartedProcess } from "../support/processes.ts";
import { jobEnded, postJobType } from "../support/stack.ts";
import { dataFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

test("starts from nothing, keeps its data for the second start, and Ctrl-C leaves no process behind", async () => {
  const cwd = await dataFolder();
  const first = await startDev(cwd);
  const customer = await printed(first, "Demo customer");
  const request = httpClient(await printed(first, "API"), await printed(first, "Its key"));
  expect((await request("GET", `/customers/${customer}/wallet`)).body).toMatchObject({
    available_cents: 10_000,
  });
  const metrics = await (await fetch(await printed(first, "Metrics"))).text();
  expect(metrics).toMatch(/^iep_http_request_duration_seconds_count\{.*\} 1$/m);
  expect(metrics).toMatch(/^iep_runner_slots \d+$/m);
  expect(metrics).toMatch(/^iep_slots\{state="free"\} 32$/m);
  const postgres = await postgresPid(cwd);
  first.signal("SIGINT");
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(isAlive(postgres)).toBe(false);

  const second = await startDev(cwd);
  expect(await printed(second, "Demo customer")).toBe(customer);
  expect(await printed(second, "Admin key")).toBe(await printed(first, "Admin key"));
  console.log(`first start: ${readyLine(first)} second start: ${readyLine(second)}`);
});

test("what the shell says for another PostgreSQL, and any letter in the path of the checkout, are no obstacle", async () => {
  const checkout = join(await temporaryFolder(), "a?b #1 %20 'q' \"q\" é");
  await mkdir(checkout);
  const repository = fileURLToPath(new URL("../..", import.meta.url));
  for (const name of ["bin", "src", "migrations", "package.json"])
    await cp(join(repository, name), join(checkout, name), { recursive: true });
  await symlink(join(repository, "node_modules"), join(checkout, "node_modules"));
  await mkdir(join(checkout, "processors"));
  await writeFile(
    join(checkout, "processors", "own.ts"),
    `import { defineProcessor } from "innovation-ecosystem-platform/processors";
     const answer: number = 42;
     export default defineProcessor({ id: "own", run: () => Promise.resolve({ answer }) });`,
  );
  const env = {
    PORT: "0",
    LOG_LEVEL: "info",
    PGHOST: "nowhere.invalid",
    PGPORT: "1",
    PGUSER: "somebody",
    PGPASSWORD: "wrong",
    PGDATABASE: "other",
    PGSSLMODE: "verify-full",
    PGSSLNEGOTIATION: "direct",
    PGOPTIONS: "-c default_transaction_read_only=on",
    PGCLIENT_ENCODING: "LATIN1",
  };
  const iep = (...args: string[]) =>
    startProcess(process.execPath, [join(checkout, "bin/iep.js"), ...args], { cwd: checkout, env });
  const dev = iep("dev");
  await dev.waitForLine(/^Ready in/);
  expect(await dev.waitForLine(/"processors":\[[^\]]*"own"/)).toBeTruthy();
  await dev.waitForLine(/registered/);
  const list = iep("runners", "--json");
  expect(await list.exited).toEqual({ code: 0, signal: null });
  expect(JSON.parse(list.stdout.join(""))).toHaveLength(1);
});

test("a port that is taken is no obstacle", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => void taken.listen(0, "127.0.0.1", resolve));
  atTheEnd(() => new Promise((resolve) => void taken.close(resolve)));
  const address = taken.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const dev = startIep(["dev"], { cwd: await dataFolder(), env: { PORT: String(port) } });
  await dev.waitForLine(/^Ready in/);
  const request = httpClient(await printed(dev, "API"), "nobody");
  expect((await request("GET", "/healthz")).status).toBe(200);
});

test("a second start in the same folder is refused by name and leaves the first alone", async () => {
  const cwd = await dataFolder();
  const first = await startDev(cwd);
  const second = startIep(["dev"], { cwd, env: { PORT: "0" } });
  expect((await second.exited).code).toBe(1);
  expect(second.stderr).toEqual([expect.stringMatching(/^error: .*already runs on .*process \d+/)]);
  const json = startIep(["dev", "--json"], { cwd, env: { PORT: "0" } });
  expect((await json.exited).code).toBe(1);
  expect(JSON.parse(json.stderr.join("\n"))).toMatchObject({ error: { code: "unavailable" } });
  const request = httpClient(await printed(first, "API"), "nobody");
  expect((await request("GET", "/readyz")).status).toBe(200);
});

test("killed -9, it takes its PostgreSQL along, and the next start recovers the data", async () => {
  const cwd = await dataFolder();
  const first = await startDev(cwd);
  const customer = await printed(first, "Demo customer");
  const postgres = await postgresPid(cwd);
  first.signal("SIGKILL");
  await waitFor(() => !isAlive(postgres), { describe: `PostgreSQL ${postgres} to end` });
  expect(await printed(await startDev(cwd), "Demo customer")).toBe(customer);
});

test("npm start: npm is killed -9, and it stops too, with its PostgreSQL", async () => {
  const cwd = await dataFolder();
  const repository = fileURLToPath(new URL("../..", import.meta.url));
  const { scripts } = JSON.parse(await readFile(`${repository}package.json`, "utf8")) as {
    scripts: { start: string };
  };
  const start = scripts.start.replace("bin/iep.js", `'${repository}bin/iep.js'`);
  await writeFile(`${cwd}/package.json`, JSON.stringify({ scripts: { start } }));
  const npm = startProcess("npm", ["start"], { cwd, env: { PORT: "0" } });
  await npm.waitForLine(/^Ready in/);
  const postgres = await postgresPid(cwd);
  npm.signal("SIGKILL");
  await waitFor(() => !isAlive(postgres), { describe: `PostgreSQL ${postgres} to end` });
});

test("whose parent is killed -9, it stops too, with its PostgreSQL", async () => {
  const cwd = await dataFolder();
  const iep = new URL("../../bin/iep.js", import.meta.url).pathname;
  // A parent as npm is one: it waits for its child. `echo` keeps the shell from replacing itself by the child.
  const parent = startProcess(
    "sh",
    ["-c", `'${process.execPath}' '${iep}' dev --stop-with-parent & echo "child $!"; wait`],
    { cwd, env: { PORT: "0" } },
  );
  const [, child = ""] = await parent.waitForLine(/^child (\d+)$/);
  await parent.waitForLine(/^Ready in/);
  const postgres = await postgresPid(cwd);
  parent.signal("SIGKILL");
  await waitFor(() => !isAlive(Number(child)) && !isAlive(postgres), {
    describe: `processes ${child} and ${postgres} to end`,
  });
});

test("what processors log and write to stderr is seen at once, in readable lines; LOG_LEVEL still wins", async () => {
  const processors = await directoryWith({
    "logs.ts": `import { defineProcessor } from "innovation-ecosystem-platform/processors";
      export default defineProcessor({ id: "logs", run: (_input, ctx) => { ctx.log.info({ n: 1 }, "hello from ctx"); throw new Error("the reason"); } });`,
    "tool/processor.json": JSON.stringify({
      id: "tool",
      command: ["sh", "-c", "echo hello from stderr >&2"],
    }),
  });
  const run = async (settings: Readonly<Record<string, string>>): Promise<StartedProcess> => {
    const cwd = await dataFolder();
    const env = { PORT: "0", PROCESSORS_DIR: processors, ...settings };
    const dev = startIep(["dev"], { cwd, env });
    await dev.waitForLine(/^Ready in/);
    const admin = httpClient(await printed(dev, "API"), await printed(dev, "Admin key"));
    const customer_id = await printed(dev, "Demo customer");
    for (const processing_logic_id of ["logs", "tool"]) {
      const job_type_id = await postJobType(admin, {
        processing_logic_id,
        standard_cost_cents: 1,
        max_attempts: 1,
      });
      const job = await admin<{ id: string }>("POST", "/jobs", {
        customer_id,
        job_type_id,
        input_data: null,
      });
      await jobEnded(admin, job.body.id);
    }
    return dev;
  };
  const dev = await run({});
  await dev.waitForLine(/INFO: hello from ctx .*"n":1/);
  await dev.waitForLine(/INFO: hello from stderr /);
  await dev.waitForLine(/WARN: attempt failed .*"message":"the reason"/);
  await dev.waitForLine(/^ +Error: the reason$/);
  await dev.waitForLine(/^ +at .*logs\.ts/);
  expect(dev.stdout.filter((line) => line.startsWith("{"))).toEqual([]);
  const quiet = await run({ LOG_LEVEL: "error" });
  expect(quiet.stdout.join("\n")).not.toMatch(/INFO|WARN/);
});

async function startDev(cwd: string): Promise<StartedProcess> {
  const dev = startIep(["dev"], { cwd, env: { PORT: "0" } });
  await dev.waitForLine(/^Ready in/);
  return dev;
}

async function printed(dev: StartedProcess, label: string): Promise<string> {
  const [, value = ""] = await dev.waitForLine(new RegExp(`^ +${label} +(\\S+)$`));
  return value;
}

function readyLine(dev: StartedProcess): string {
  return dev.stdout.find((line) => line.startsWith("Ready in")) ?? "";
}

async function postgresPid(cwd: string): Promise<number> {
  return Number.parseInt(await readFile(`${cwd}/.data/postgres/postmaster.pid`, "utf8"), 10);
}
