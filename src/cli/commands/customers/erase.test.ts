import { expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { brokenPromises, createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";

test("a customer is erased in two steps, and the first says what the second one does", async () => {
  const cli = await createTestCli();
  const id = await createCustomer(cli.platform, 100);
  await cli.platform.wallets.topUp({
    customer_id: id,
    amount_cents: 5,
    reference: "paid by TEST@example.com",
  });
  const job_type_id = await createJobType(cli.platform);
  await submitJob(cli.platform, { customer_id: id, job_type_id, input_data: 1 });

  const preview = await cli.run("customers", "erase", "test@example.com");
  expect(preview.exitCode).toBe(0);
  expect(preview.stdout).toMatch(/^erasure +would be started$/m);
  expect(preview.stdout).toMatch(/^of these with the name or address in their text +1$/m);
  expect(preview.stderr).toBe(
    `Nothing was changed. To do it: iep customers erase ${id} --confirm ${id} --cancel-jobs --forfeit\n`,
  );
  expect(await cli.platform.customers.findById(id)).toMatchObject({ active: true, erased_at: null });

  const wrong = await cli.run("customers", "erase", "test@example.com", "--confirm", job_type_id);
  expect([wrong.exitCode, wrong.stderr]).toEqual([
    2,
    expect.stringContaining(`--confirm names another customer than ${id}`),
  ]);
  const open = await cli.run("customers", "erase", id, "--confirm", id, "--forfeit");
  expect([open.exitCode, open.stderr]).toEqual([1, expect.stringContaining("jobs that wait or run")]);
  const left = await cli.run("customers", "erase", id, "--confirm", id, "--cancel-jobs");
  expect([left.exitCode, left.stderr]).toEqual([1, expect.stringContaining("is not at 0")]);
  expect(await cli.platform.customers.findById(id)).toMatchObject({ active: true, erased_at: null });

  const done = await cli.run("customers", "erase", id, "--confirm", id, "--cancel-jobs", "--forfeit");
  expect([done.exitCode, done.stderr]).toEqual([0, ""]);
  expect(done.stdout).toMatch(/^erasure +done$/m);
  expect(done.stdout).toMatch(/^jobs erased +1$/m);
  expect(await cli.json("customers", "erase", id)).toMatchObject({ status: "done", balance_cents: 0 });
  expect((await cli.run("customers", "show", id)).stdout).toMatch(/^name +Erased customer$/m);
  // Refused tries are not in it.
  expect(await cli.json("operators", "log")).toMatchObject([
    {
      operator_name: "cli",
      action: "eraseCustomer",
      target_id: id,
      after: { cancels_jobs: true, forfeits: true },
    },
  ]);
  expect(await brokenPromises(cli.platform)).toEqual([]);
});
