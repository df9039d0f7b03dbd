import { pino } from "pino";
import { expect, test } from "vitest";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { createCustomer, createJobType, createTestPlatform } from "../../test/support/test-platform.ts";
import { waitForEnd } from "../../test/support/test-runner.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";
import { createHeartbeat } from "../postgres/signals/heartbeat.ts";
import { defineProcessor } from "../processors/sdk/define-processor.ts";
import { Runner } from "./runner.ts";

test("a job that was claimed for a processor that is gone is given back, and costs no attempt", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const processors = new Map([["brief", defineProcessor({ id: "brief", run: () => "back" })]]);
  const runner = new Runner({
    platform,
    processors,
    concurrency: 1,
    heartbeat: createHeartbeat(databaseUrl),
    version: "test",
    log: pino({ level: "silent" }),
  });
  runner.start();
  atTheEnd(() => runner.stop(0));
  const served = async () => (await platform.runners.list()).map(({ processor_ids }) => processor_ids);
  await waitFor(async () => (await served()).length === 1);

  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform, { processing_logic_id: "brief", max_attempts: 1 });
  // As long as nobody has told the platform, it is claimed for it.
  const [brief] = processors.values();
  processors.clear();
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: null });
  await waitFor(() => runner.gaveBack > 0);
  await runner.serve([]);
  expect(await served()).toEqual([[]]);
  await waitFor(() => runner.running === 0 && runner.unwritten === 0);
  expect(await platform.jobs.findById(id)).toMatchObject({ status: "pending", errors: [], error: null });

  if (brief) processors.set("brief", brief);
  await runner.serve(["brief"]);
  const job = await waitForEnd(platform, id);
  expect(job).toMatchObject({ status: "succeeded", output_data: "back", errors: [] });
});
