import { beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { createTestDatabase } from "../../test/support/database.ts";
import { createTestPlatform } from "../../test/support/test-platform.ts";
import { startIep } from "../../test/support/processes.ts";
import { PlatformError } from "../core/lib/errors.ts";
import { OperatorError } from "../core/lib/operator-error.ts";
import { migrateDown, readSchemaState } from "../postgres/connection/migrator.ts";
import type { CliContext } from "./terminal/context.ts";
import { createTestCli } from "../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;

beforeAll(async () => {
  cli = await createTestCli();
});

test("--help leads with examples and lists every command", async () => {
  const { exitCode, stdout, stderr } = await cli.run("--help");
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(/^Examples:\n {2}npm start/);
  const commands = [
    "dev",
    "api",
    "runner",
    "demo",
    "migrate",
    "customers",
    "operators",
    "wallets",
    "job-types",
    "jobs",
    "queue",
    "runners",
    "doctor",
    "audit",
  ];
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
});

test("the help of a command leads with examples and names --json", async () => {
  const { stdout } = await cli.run("jobs", "submit", "--help");
  expect(stdout).toMatch(/^Examples:\n {2}iep jobs submit/);
  expect(stdout).toContain("--json");
});

test.each([[[]], [["help"]], [["--json"]]])("%j prints the help of the program, exit 0", async (argv) => {
  const { stdout } = await cli.run("--help");
  expect(await cli.run(...argv)).toEqual({ exitCode: 0, stdout, stderr: "" });
});

test("iep help jobs submit prints that help", async () => {
  const { stdout } = await cli.run("jobs", "submit", "--help");
  expect(await cli.run("help", "jobs", "submit")).toEqual({ exitCode: 0, stdout, stderr: "" });
});

test("to show the help neither a client of a server nor the validation of options is loaded", async () => {
  const help = startIep(["--help"], { env: { NODE_DEBUG: "esm" } });
  expect(await help.exited).toEqual({ code: 0, signal: null });
  const loaded = help.stderr.join("\n");
  expect(loaded).toContain("node_modules/commander/");
  expect(loaded).not.toMatch(/node_modules\/(zod|pg|kysely|ioredis|fastify|pino)\//);
});

test("--version is the package's", async () => {
  expect(await cli.run("--version")).toEqual({
    exitCode: 0,
    stdout: `${packageJson.version}\n`,
    stderr: "",
  });
});

test.each([
  { argv: ["custmers", "list"], says: "Did you mean customers?" },
  { argv: ["customers", "lst"], says: "Did you mean list?" },
  { argv: ["customers", "list", "--limt", "5"], says: "Did you mean --limit?" },
  { argv: ["customers", "list", "more"], says: "too many arguments" },
  { argv: ["customers", "show"], says: "missing required argument 'id'" },
  { argv: ["migrate", "down", "--all", "--steps", "2"], says: "cannot be used with" },
  { argv: ["customers"], says: "a command is missing here" },
])("wrong usage is exit 2, with a hint: $argv", async ({ argv, says }) => {
  const text = await cli.run(...argv);
  expect(text).toMatchObject({ exitCode: 2, stdout: "" });
  expect(text.stderr).toContain(says);

  const json = await cli.run("--json", ...argv);
  expect(json).toMatchObject({ exitCode: 2, stdout: "" });
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "usage", errors: [] } });
  expect(json.stderr).toContain(says);
});

test("every wrong option is named at once", async () => {
  const argv = ["wallets", "top-up", "not-an-id", "--amount-cents", "0"];
  const { exitCode, stderr } = await cli.run(...argv);
  expect(exitCode).toBe(2);
  expect(stderr.split("\n").slice(1)).toEqual([
    "  <customer-id> must be a UUID",
    "  --amount-cents must be a whole number from 1 to 1000000000000",
    "  --reference is required",
    "",
  ]);
  expect(JSON.parse((await cli.run(...argv, "--json")).stderr)).toMatchObject({
    error: {
      code: "usage",
      errors: [
        { option: "<customer-id>" },
        { option: "--amount-cents" },
        { option: "--reference", message: "is required" },
      ],
    },
  });
});

test("a wrong command line opens nothing", async () => {
  const closed = await createTestCli({ withPlatform: () => Promise.reject(new Error("opened")) });
  expect(await closed.run("customers", "show", "not-an-id")).toMatchObject({ exitCode: 2 });
  await expect(closed.run("customers", "list")).rejects.toThrow("opened");
});

test("an error that is not meant for users is thrown on, for the process to tell", async () => {
  const broken = await createTestCli({ withPlatform: () => Promise.reject(new TypeError("a bug")) });
  await expect(broken.run("audit", "--json")).rejects.toThrow(new TypeError("a bug"));
});

test("a wrong configuration is exit 78 with its message, as text and as JSON", async () => {
  const wrong = new OperatorError("configuration", "The environment is not valid:\n  PORT: must be set");
  const unset = await createTestCli({ withPlatform: () => Promise.reject(wrong) });
  expect(await unset.run("queue")).toEqual({
    exitCode: 78,
    stdout: "",
    stderr: `error: ${wrong.message}\n`,
  });
  const { exitCode, stderr } = await unset.run("queue", "--json");
  expect(exitCode).toBe(78);
  expect(JSON.parse(stderr)).toEqual({
    error: { code: "configuration", message: wrong.message, errors: [] },
  });
});

test("a database without the schema is an error that says what to run", async () => {
  const { url } = await createTestDatabase();
  await migrateDown(url, Number.MAX_SAFE_INTEGER);
  const { platform } = await createTestPlatform({ databaseUrl: url });
  const empty = await createTestCli({
    withPlatform: (work) => work(platform),
    migrations: { ...noMigrations, pending: () => readSchemaState(url) },
  });
  const { exitCode, stderr } = await empty.run("customers", "list");
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^error: \d+ migrations have not run on this database: run iep migrate up\n$/);
});

test("a server that is away is exit 1, and says so", async () => {
  const away = new PlatformError("unavailable", "The database does not answer. Try again.");
  const unreachable = await createTestCli({ withPlatform: () => Promise.reject(away) });
  expect(await unreachable.run("queue")).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: ${away.message}\n`,
  });
});

test("the processes get their options, and their exit code is the program's", async () => {
  const calls: unknown[] = [];
  const started = (name: string, exitCode: number) => (options?: unknown) => {
    calls.push([name, options]);
    return Promise.resolve(exitCode);
  };
  const processes: CliContext["processes"] = {
    api: started("api", 0),
    runner: started("runner", 5),
    dev: started("dev", 0),
    demo: started("demo", 1),
  };
  const starting = await createTestCli({ processes });
  expect((await starting.run("api")).exitCode).toBe(0);
  expect((await starting.run("runner")).exitCode).toBe(5);
  expect((await starting.run("dev", "--stop-with-parent")).exitCode).toBe(0);
  expect((await starting.run("demo", "--json")).exitCode).toBe(1);
  expect(calls).toEqual([
    ["api", undefined],
    ["runner", undefined],
    ["dev", { stopWithParent: true, json: false }],
    ["demo", { json: true }],
  ]);
});

const noMigrations: CliContext["migrations"] = {
  up: () => Promise.resolve({ migrations: [], functions: [] }),
  down: () => Promise.resolve([]),
  status: () => Promise.resolve([]),
  risk: () => Promise.resolve({ tables: [], liveRunners: 0 }),
  pending: () => Promise.resolve({ migrations: [], functions: [], newerMigrations: [], newerFunctions: [] }),
};
