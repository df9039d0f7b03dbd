import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;
let customer: string;

beforeAll(async () => {
  cli = await createTestCli();
  customer = await createCustomer(cli.platform);
});

test("a customer's own price is charged until it ends, and history keeps every price, newest first", async () => {
  const job_type_id = await createJobType(cli.platform, { name: "Priced", standard_cost_cents: 60 });
  const submit = ["jobs", "submit", "--customer", customer, "--type", "Priced"];
  const own = ["Priced", "--customer", customer];
  expect(await cli.json("job-types", "set-price", ...own, "--cost-cents", "4")).toEqual({
    job_type_id,
    customer_id: customer,
    cost_cents: 4,
    currency: "EUR",
    updated_at: expect.any(String),
  });
  expect(await cli.json(...submit)).toMatchObject({ estimated_cost_cents: 4 });
  const changed = await cli.run("job-types", "set-price", job_type_id, ...own.slice(1), "--cost-cents", "0");
  expect(changed.stdout).toMatch(/^job type +Priced$/m);
  expect(changed.stdout).toMatch(/^cost +0\.00 EUR$/m);
  expect(await cli.json(...submit)).toMatchObject({ estimated_cost_cents: 0 });

  expect(await cli.json("job-types", "end-price", ...own)).toEqual({
    job_type_id,
    customer_id: customer,
    ended: true,
  });
  expect(await cli.json(...submit)).toMatchObject({ estimated_cost_cents: 60 });

  const change = (customer_id: string | null, cost_cents: number | null) => ({
    job_type_id,
    customer_id,
    cost_cents,
    currency: cost_cents === null ? null : "EUR",
    valid_from: expect.any(String),
  });
  const history = [change(customer, null), change(customer, 0), change(customer, 4), change(null, 60)];
  expect(await cli.json("job-types", "prices", "Priced")).toEqual(history);
  expect(await cli.json("job-types", "prices", job_type_id, "--limit", "1")).toEqual(history.slice(0, 1));

  const { stdout } = await cli.run("job-types", "prices", "Priced");
  expect(stdout).toMatch(/^\S+Z {2}\(standard\) +0\.60 EUR$/m);
  expect(stdout).toMatch(new RegExp(`^\\S+Z  ${customer}  standard again$`, "m"));
});

test("a price that is not there cannot end", async () => {
  await createJobType(cli.platform, { name: "Plain", standard_cost_cents: 60 });
  expect(await cli.run("job-types", "end-price", "Plain", "--customer", customer)).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: Customer ${customer} has no price of their own for job type Plain.\n`,
  });
  await cli.json("job-types", "set-price", "Plain", "--customer", customer, "--cost-cents", "5");
  expect(await cli.run("job-types", "end-price", "Plain", "--customer", customer)).toMatchObject({
    exitCode: 0,
    stdout: `${customer} pays the standard cost of Plain again: 0.60 EUR\n`,
  });
});

test("a job type or a customer that is not there is exit 1", async () => {
  await createJobType(cli.platform, { name: "Lonely" });
  const id = uuidv7();
  for (const argv of [
    ["prices", id],
    ["set-price", id, "--customer", customer, "--cost-cents", "5"],
    ["end-price", id, "--customer", customer],
  ])
    expect(await cli.run("job-types", ...argv)).toMatchObject({
      exitCode: 1,
      stderr: `error: There is no job type ${id}.\n`,
    });
  expect(await cli.run("job-types", "set-price", "Lonely", "--customer", id, "--cost-cents", "5")).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: There is no customer ${id}.\n`,
  });
});

test("a price without a customer or a cost is wrong usage", async () => {
  const { exitCode, stderr } = await cli.run("job-types", "set-price", "Echo", "--cost-cents", "-1");
  expect(exitCode).toBe(2);
  expect(stderr.split("\n").slice(1)).toEqual([
    "  --customer is required",
    "  --cost-cents must be a whole number from 0 to 1000000000000",
    "",
  ]);
});
