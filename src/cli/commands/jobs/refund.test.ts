import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
} from "../../../../test/support/test-platform.ts";
import type { Job } from "../../../core/model/job.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;
let runner_id: string;
let jobType: string;

beforeAll(async () => {
  cli = await createTestCli();
  runner_id = await createRunner(cli.platform);
  jobType = await createJobType(cli.platform, { standard_cost_cents: 60 });
});

const submit = async (customer: string): Promise<string> =>
  ((await cli.json("jobs", "submit", "--customer", customer, "--type", jobType)) as Job).id;

/** A job that was charged 60 of 100 cents. */
async function chargedJob(): Promise<{ job: string; customer: string }> {
  const customer = await createCustomer(cli.platform, 100);
  const job = await submit(customer);
  const claimed = await cli.platform.jobs.claimTurns({ runner_id, max: 1 });
  expect(claimed.map(({ id }) => id)).toEqual([job]);
  await cli.platform.jobs.settle([{ id: job, attempt: 1, kind: "succeeded", output: {} }]);
  return { job, customer };
}

const refund = (job: string, reference: string, ...more: string[]): string[] => [
  "jobs",
  "refund",
  job,
  "--reference",
  reference,
  ...more,
];

test("a charge is given back in parts, each once, and never more than it was", async () => {
  const { job, customer } = await chargedJob();
  const part = refund(job, "ticket 1", "--amount-cents", "25", "--reason", "Half wrong");
  const entry = await cli.json(...part);
  expect(entry).toMatchObject({
    kind: "refund",
    amount_cents: 25,
    balance_after_cents: 65,
    job_id: job,
    reference: "ticket 1",
    reason: "Half wrong",
    actor: "cli",
  });
  const again = await cli.run(...part);
  expect(again).toMatchObject({
    exitCode: 0,
    stderr: "This reference moved this money before: no money moved now.\n",
  });
  expect(again.stdout).toMatch(/^amount +0\.25 EUR$/m);

  const tooMuch = await cli.run(...refund(job, "ticket 2", "--amount-cents", "36", "--json"));
  expect(tooMuch.exitCode).toBe(1);
  expect(JSON.parse(tooMuch.stderr)).toMatchObject({
    error: { code: "refund_exceeds_charge", refundable_cents: 35 },
  });
  expect(await cli.json(...refund(job, "ticket 2"))).toMatchObject({ amount_cents: 35 });
  expect(await cli.platform.wallets.findByCustomerId(customer)).toMatchObject({ current_balance_cents: 100 });
  expect(await brokenPromises(cli.platform)).toEqual([]);
});

test("a job that was not charged, or is not there, is exit 1", async () => {
  const waiting = await submit(await createCustomer(cli.platform, 100));
  const { exitCode, stderr } = await cli.run(...refund(waiting, "r", "--json"));
  expect(exitCode).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "refund_exceeds_charge", charged_cents: 0 } });
  await cli.json("jobs", "cancel", waiting);
  const id = uuidv7();
  expect(await cli.run(...refund(id, "r"))).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: There is no job ${id}.\n`,
  });
});

test("a refund without a reference, or of nothing, is wrong usage", async () => {
  const { exitCode, stderr } = await cli.run("jobs", "refund", uuidv7(), "--amount-cents", "0");
  expect(exitCode).toBe(2);
  expect(stderr.split("\n").slice(1)).toEqual([
    "  --reference is required",
    "  --amount-cents must be a whole number from 1 to 1000000000000",
    "",
  ]);
});
