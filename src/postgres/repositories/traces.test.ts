import { expect, test } from "vitest";
import { runSql } from "../../../test/support/sql.ts";
import { createCustomer, createJobType, createTestPlatform } from "../../../test/support/test-platform.ts";
import { newId } from "../../core/lib/new-id.ts";
import { submitJobs } from "../../core/use-cases/submit-jobs.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("the trace of a job is stored with it, found by its id, and goes with retention", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const customer_id = await createCustomer(platform);
  const poor = await createCustomer(platform, 5);
  const job_type_id = await createJobType(platform);
  const request = { customer_id, job_type_id, input_data: null };
  const key = { id: newId(), request_hash: newId() };
  const submitted = await submitJobs(platform, [
    { ...request, trace: { traceparent: TRACEPARENT, tracestate: 'a="1"\\,b=2' } },
    request,
    { ...request, trace: { traceparent: TRACEPARENT }, key: { ...key, item: 0 } },
    { ...request, customer_id: poor, trace: { traceparent: TRACEPARENT } },
  ]);
  const ids = submitted.flatMap((one) => ("job" in one ? [one.job.id] : []));
  expect(ids).toHaveLength(3);
  expect(await platform.traces.find(ids)).toEqual(
    new Map([
      [ids[0], { traceparent: TRACEPARENT, tracestate: 'a="1"\\,b=2' }],
      [ids[2], { traceparent: TRACEPARENT }],
    ]),
  );
  expect((await runSql(databaseUrl, "SELECT FROM job_traces")).rows).toHaveLength(2);

  await platform.jobs.cancel(ids[0] ?? "");
  await platform.jobs.prune({ older_days: 0, max: 100, after: undefined });
  expect([...(await platform.traces.find(ids)).keys()]).toEqual([ids[2]]);
});

test("what is no trace is refused by the database", async () => {
  const { databaseUrl } = await createTestPlatform();
  const insert = (traceparent: string) =>
    runSql(databaseUrl, "INSERT INTO job_traces (job_id, traceparent) VALUES (gen_random_uuid(), $1)", [
      traceparent,
    ]);
  await insert(TRACEPARENT);
  await expect(insert(`${TRACEPARENT}-more`)).rejects.toThrow("job_traces_traceparent");
});
