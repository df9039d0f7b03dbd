import { expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
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
  expect(await cli.json("migrate", "down", "--steps", "2")).toEqual({
    reverted: names.slice(-2).toReversed(),
  });
  expect(await cli.json("migrate", "down", "--all")).toEqual({
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
  await cli.json("migrate", "down", "--steps", String(steps.length - first));
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
