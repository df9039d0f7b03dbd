import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;
let jobType: string;

beforeAll(async () => {
  cli = await createTestCli();
  jobType = await createJobType(cli.platform, { standard_cost_cents: 60 });
});

const limits = (customer: string, ...more: string[]): string[] => ["wallets", "limits", customer, ...more];
const submit = (customer: string): string[] => ["jobs", "submit", "--customer", customer, "--type", jobType];

test("limits are set one by one, shown, and taken away with none", async () => {
  const customer = await createCustomer(cli.platform, 1_000);
  expect(await cli.json(...limits(customer, "--credit-limit-cents", "500"))).toMatchObject({
    credit_limit_cents: 500,
    low_balance_cents: null,
    monthly_spend_limit_cents: null,
    available_cents: 1_500,
  });
  const both = ["--low-balance-cents", "-20", "--monthly-spend-limit-cents", "0"];
  const set = { credit_limit_cents: 500, low_balance_cents: -20, monthly_spend_limit_cents: 0 };
  expect(await cli.json(...limits(customer, ...both))).toMatchObject(set);

  const { stdout } = await cli.run("wallets", "show", customer);
  expect(stdout).toMatch(/^credit limit +5\.00 EUR$/m);
  expect(stdout).toMatch(/^low balance below +-0\.20 EUR$/m);
  expect(stdout).toMatch(/^monthly spend limit +0\.00 EUR$/m);
  expect(stdout).toMatch(/^charged this month +0\.00 EUR$/m);
  expect(stdout).not.toContain("frozen");

  const none = ["--low-balance-cents", "none", "--monthly-spend-limit-cents", "none"];
  expect(await cli.json(...limits(customer, ...none))).toMatchObject({
    credit_limit_cents: 500,
    low_balance_cents: null,
    monthly_spend_limit_cents: null,
  });
  expect((await cli.run("wallets", "show", customer)).stdout).toMatch(/^monthly spend limit +none$/m);
});

test("a credit limit below what is used is exit 1, and stays as it was", async () => {
  const customer = await createCustomer(cli.platform, 0);
  await cli.json(...limits(customer, "--credit-limit-cents", "60"));
  await cli.json(...submit(customer));
  const { exitCode, stderr } = await cli.run(...limits(customer, "--credit-limit-cents", "59"), "--json");
  expect(exitCode).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: "insufficient_funds", required_cents: 0, available_cents: -1 },
  });
  expect(await cli.json("wallets", "show", customer)).toMatchObject({ credit_limit_cents: 60 });
});

test("a frozen wallet takes no new jobs until it is unfrozen", async () => {
  const customer = await createCustomer(cli.platform, 1_000);
  const frozen = (await cli.json("wallets", "freeze", customer)) as { frozen_at: string };
  expect(frozen).toMatchObject({ frozen_at: expect.any(String), available_cents: 0 });
  expect(await cli.json("wallets", "freeze", customer)).toMatchObject({ frozen_at: frozen.frozen_at });
  expect((await cli.run("wallets", "show", customer)).stdout).toMatch(/^frozen since +\S+Z$/m);
  const { exitCode, stderr } = await cli.run(...submit(customer), "--json");
  expect(exitCode).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "wallet_frozen" } });

  expect(await cli.json("wallets", "unfreeze", customer)).toMatchObject({
    frozen_at: null,
    available_cents: 1_000,
  });
  expect(await cli.json(...submit(customer))).toMatchObject({ status: "pending" });
});

test("limits that name nothing, or what is no limit, are wrong usage", async () => {
  const customer = uuidv7();
  expect(await cli.run(...limits(customer))).toEqual({
    exitCode: 2,
    stdout: "",
    stderr:
      "error: nothing to change: set --credit-limit-cents, --low-balance-cents or --monthly-spend-limit-cents\n",
  });
  const wrong = ["--credit-limit-cents", "none", "--low-balance-cents", "low"];
  const { exitCode, stderr } = await cli.run(
    ...limits(customer, ...wrong, "--monthly-spend-limit-cents", "-1"),
  );
  expect(exitCode).toBe(2);
  expect(stderr.split("\n").slice(1)).toEqual([
    "  --credit-limit-cents must be a whole number from 0 to 1000000000000",
    "  --low-balance-cents must be none or a whole number from -1000000000000 to 1000000000000",
    "  --monthly-spend-limit-cents must be none or a whole number from 0 to 1000000000000",
    "",
  ]);
});

test("a customer that is not there is exit 1", async () => {
  const id = uuidv7();
  for (const argv of [
    limits(id, "--credit-limit-cents", "5"),
    ["wallets", "freeze", id],
    ["wallets", "unfreeze", id],
  ])
    expect(await cli.run(...argv)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `error: There is no customer ${id}.\n`,
    });
});
