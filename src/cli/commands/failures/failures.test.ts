import { expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";

test("failures are listed in groups, and a group opens as a list of jobs", async () => {
  const cli = await createTestCli();
  const { platform } = cli;
  expect(await cli.run("failures")).toEqual({ exitCode: 0, stdout: "", stderr: "No failures found.\n" });
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform, { name: "Fetch" });
  const runner_id = await createRunner(platform);
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: null });
  const [claimed] = await platform.jobs.claim({ runner_id, ids: [id] });
  const error = { code: "processor_error", message: "status 503" };
  await platform.jobs.settle([{ id, attempt: claimed?.attempt ?? 0, kind: "failed", error }]);
  await upkeepTask(platform, "counting").runOnce();

  const { stdout } = await cli.run("failures", "--type", "Fetch", "--since", "1h");
  expect(stdout).toMatch(/Fetch +1 +1 +1 +0\.10 EUR .* processor_error: status <n>$/m);
  const [fingerprint] = stdout.split("\n")[1]?.split(" ") ?? [];
  expect(await cli.json("jobs", "list", "--fingerprint", fingerprint ?? "")).toMatchObject([{ id }]);
  const other = await createCustomer(platform);
  expect(await cli.json("failures", "--customer", other)).toEqual([]);
});
