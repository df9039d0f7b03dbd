import { expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";

test("usage is shown by day or hour and job type", async () => {
  const cli = await createTestCli();
  const id = await createCustomer(cli.platform);
  expect((await cli.run("customers", "usage", id)).stderr).toBe("No job ended in this time.\n");
  const job_type_id = await createJobType(cli.platform, { name: "Echo" });
  const job = await submitJob(cli.platform, { customer_id: id, job_type_id, input_data: 1 });
  await cli.platform.jobs.cancel(job.id);
  await upkeepTask(cli.platform, "counting").runOnce();
  const { stdout } = await cli.run("customers", "usage", "test@example.com");
  expect(stdout).toMatch(/T00:00:00Z +Echo +0 +0 +1 +0\.00 EUR$/m);
  expect(await cli.json("customers", "usage", id, "--by", "hour", "--since", "2h")).toMatchObject([
    { job_type_id, cancelled: 1, charged_cents: 0 },
  ]);
  expect((await cli.run("customers", "usage", id, "--by", "week")).exitCode).toBe(2);
});
