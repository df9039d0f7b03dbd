import { expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import { addMigration, copyOfMigrations, emptyDatabase } from "../../../../test/support/schema.ts";
import { createCustomer, createRunner } from "../../../../test/support/test-platform.ts";
import { migrateUp } from "../../../postgres/connection/migrator.ts";
import { readRevertRisk } from "../../../postgres/connection/revert-risk.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import type { MigrationStatus } from "../../../core/model/migration.ts";

test("migrations go down, up, and tell their status", async () => {
  const cli = await createTestCli();
  const all = (await cli.json("migrate", "status")) as MigrationStatus[];
  const names = all.map(({ version, name }) => `${version}_${name}`);
  const newest = all.at(-1);
  const newestName = names.at(-1);
  expect(all.every(({ applied_at }) => applied_at !== null)).toBe(true);

  expect(await cli.run("migrate", "up")).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "Nothing to do: the schema is up to date.\n",
  });
  expect(await cli.json("migrate", "down")).toEqual({ reverted: [newestName] });
  expect((await cli.run("migrate", "status")).stdout).toMatch(
    new RegExp(`^${newest?.version}  ${newest?.name} +-$`, "m"),
  );
  expect((await cli.run("migrate", "status")).stderr).toMatch(/^Not up to date: .*submit_jobs/);
  expect((await cli.run("migrate", "up")).stdout).toMatch(
    new RegExp(`^applied ${newestName}\n(applied \\w+\n)*applied submit_jobs\n`),
  );
  expect(await cli.json("migrate", "down", "--steps", "2", "--yes")).toEqual({
    reverted: names.slice(-2).toReversed(),
  });
  expect(await cli.json("migrate", "down", "--all", "--yes")).toEqual({
    reverted: names.slice(0, -2).toReversed(),
  });
  expect(await cli.json("migrate", "up")).toEqual({
    applied: names,
    functions: expect.arrayContaining(["submit_jobs", "audit"]),
  });
});

test("a step keeps what is there: prices are in the currency of most wallets from then on", async () => {
  const cli = await createTestCli();
  for (const [name, currency] of [
    ["a", "JPY"],
    ["b", "JPY"],
    ["c", "EUR"],
  ] as const)
    await cli.json("customers", "create", "--name", name, "--email", "x@example.com", "--currency", currency);
  const type = ["--name", "Echo", "--processing-logic-id", "echo", "--cost-cents", "500"];
  await cli.json("job-types", "create", ...type);
  const steps = (await cli.json("migrate", "status")) as readonly { name: string }[];
  const first = steps.findIndex(({ name }) => name === "prices_by_currency");
  await cli.json("migrate", "down", "--yes", "--steps", String(steps.length - first));
  await cli.json("migrate", "up");
  expect(await cli.json("job-types", "show", "Echo")).toMatchObject({ currency: "JPY" });
  expect((await cli.run("job-types", "prices", "Echo")).stdout).toContain("500 minor units");
});

test("a migration that fails is exit 1 with its reason", async () => {
  const cli = await createTestCli();
  await runSql(cli.databaseUrl, "UPDATE schema_migrations SET checksum = 'other'");
  const { exitCode, stdout, stderr } = await cli.run("migrate", "status", "--json");
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "migration_failed" } });
  expect(stderr).toContain("was edited after it ran");
});

test("down that would lose rows needs --yes, and says what it would lose", async () => {
  const cli = await createTestCli();
  await createCustomer(cli.platform);
  const refused = await cli.run("migrate", "down", "--all");
  expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
  expect(refused.stderr).toMatch(
    /deletes what is in .*wallets \(1 rows\), wallet_entries \(1 rows\).*add --yes/,
  );
  const json = await cli.run("migrate", "down", "--all", "--json");
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "usage" } });
  expect((await cli.platform.customers.list({ limit: 10 })).length).toBe(1);
  // A step whose tables are empty loses nothing.
  expect(await cli.json("migrate", "down")).toMatchObject({ reverted: [expect.any(String)] });
  await cli.json("migrate", "up");
  expect(
    ((await cli.json("migrate", "down", "--all", "--yes")) as { reverted: string[] }).reverted.length,
  ).toBe(((await cli.json("migrate", "status")) as unknown[]).length);
});

test.each([
  ["yes", true, 0],
  ["anything else", false, 2],
])("at a terminal down asks, and %s is taken at its word", async (_answer, agrees, exitCode) => {
  const asked: string[] = [];
  const confirm = (question: string) => {
    asked.push(question);
    return Promise.resolve(agrees);
  };
  const cli = await createTestCli({ confirm });
  await createCustomer(cli.platform);
  expect((await cli.run("migrate", "down", "--all")).exitCode).toBe(exitCode);
  expect(asked).toEqual([expect.stringContaining("wallets (1 rows)")]);
});

test("down refuses while a runner lives, also with --yes", async () => {
  const cli = await createTestCli();
  await createCustomer(cli.platform);
  await createRunner(cli.platform);
  const refused = await cli.run("migrate", "down", "--all", "--yes");
  expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
  expect(refused.stderr).toContain("1 runners are alive on this database: stop them");
  await runSql(cli.databaseUrl, "UPDATE runners SET heartbeat_at = now() - interval '1 minute'");
  expect((await cli.run("migrate", "down", "--all", "--yes")).exitCode).toBe(0);
});

test("a column with rows in its table is a loss too", async () => {
  const { url, client } = await emptyDatabase();
  const folder = await copyOfMigrations();
  await addMigration(
    folder,
    "2999-01-01-000001_column",
    "ALTER TABLE customers ADD COLUMN probe int;",
    "ALTER TABLE customers\n  DROP COLUMN probe;",
  );
  await migrateUp(url, folder);
  expect(await readRevertRisk(url, 1, folder)).toEqual({ tables: [], liveRunners: 0 });
  await client.query(
    "INSERT INTO customers (id, name, email) VALUES (gen_random_uuid(), 'Ada', 'a@example.com')",
  );
  expect((await readRevertRisk(url, 1, folder)).tables).toEqual([{ name: "customers", rows: 1 }]);
});
