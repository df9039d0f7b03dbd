import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;
let customer: string;
let jobType: string;

beforeAll(async () => {
  cli = await createTestCli();
  customer = await createCustomer(cli.platform, 100);
  jobType = await createJobType(cli.platform, {
    name: "Priced",
    standard_cost_cents: 60,
    input_schema: { type: "object", required: ["text"] },
  });
});

const estimate = (...more: string[]): string[] => [
  "jobs",
  "estimate",
  "--customer",
  customer,
  "--type",
  "Priced",
  "--input",
  '{"text":""}',
  ...more,
];

test("an estimate has the customer's own price, and holds nothing", async () => {
  const answer = {
    customer_id: customer,
    job_type_id: jobType,
    priority: 0,
    estimated_cost_cents: 60,
    currency: "EUR",
    available_cents: 100,
    affordable: true,
    refusal: null,
    expected_wait_seconds: null,
  };
  expect(await cli.json(...estimate("--priority", "high"))).toEqual(answer);
  const { stdout } = await cli.run(...estimate());
  expect(stdout).toMatch(/^price at most +0\.60 EUR$/m);
  expect(stdout).toMatch(/^affordable +yes$/m);
  expect(stdout).toMatch(/^expected wait +unknown: /m);

  await cli.json("job-types", "set-price", "Priced", "--customer", customer, "--cost-cents", "7");
  expect(await cli.json(...estimate("--priority", "high"))).toEqual({ ...answer, estimated_cost_cents: 7 });
  await cli.json("job-types", "end-price", "Priced", "--customer", customer);
  expect(await cli.platform.wallets.findByCustomerId(customer)).toMatchObject({ pending_charges_cents: 0 });
  expect(await cli.json("jobs", "list")).toEqual([]);
});

test("with a living runner the wait is told, but not of a job for later", async () => {
  await createRunner(cli.platform);
  expect(await cli.json(...estimate())).toMatchObject({ expected_wait_seconds: 0 });
  expect((await cli.run(...estimate())).stdout).toMatch(/^expected wait +0\.0 s$/m);
  const run_at = new Date(Date.now() + 3_600_000).toISOString();
  expect(await cli.json(...estimate("--run-at", run_at))).toMatchObject({ expected_wait_seconds: null });
});

test("a wallet that would not hold the price is an answer, exit 0", async () => {
  const poor = await createCustomer(cli.platform, 59);
  expect(await cli.json(...estimate("--customer", poor))).toMatchObject({
    affordable: false,
    refusal: "insufficient_funds",
  });
  const { exitCode, stdout } = await cli.run(...estimate("--customer", poor));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^affordable +no: Not enough available balance$/m);
});

test("what a submission would refuse otherwise is exit 1", async () => {
  const code = async (...more: string[]): Promise<string> => {
    const { exitCode, stderr } = await cli.run(...estimate(...more, "--json"));
    expect(exitCode).toBe(1);
    return (JSON.parse(stderr) as { error: { code: string } }).error.code;
  };
  expect(await code("--input", "{}")).toBe("input_invalid");
  expect(await code("--type", "Prized")).toBe("unknown_job_type");
  expect(await code("--customer", uuidv7())).toBe("unknown_customer");
});

test("every wrong option is named as submit names it", async () => {
  const wrong = ["--priority", "urgent", "--input", "{", "--run-at", "soon"];
  const [estimated, submitted] = [
    await cli.run("jobs", "estimate", ...wrong),
    await cli.run("jobs", "submit", ...wrong),
  ];
  expect(estimated).toEqual(submitted);
  expect(estimated.exitCode).toBe(2);
  expect(estimated.stderr.match(/--[a-z-]+/g)).toEqual(
    expect.arrayContaining(["--customer", "--type", "--priority", "--input", "--run-at"]),
  );
});
