import { expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  type TestPlatform,
} from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import { newId } from "../../../core/lib/new-id.ts";
import type { JobError } from "../../../core/model/job.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

/** Fails a job of a customer; returns its id. */
async function fail(
  { platform }: TestPlatform,
  job: { customer_id: string; job_type_id: string },
  error: JobError,
): Promise<string> {
  const runner_id = await createRunner(platform);
  const { id } = await submitJob(platform, { ...job, input_data: null });
  const [claimed] = await platform.jobs.claim({ runner_id, ids: [id] });
  await platform.jobs.settle([{ id, attempt: claimed?.attempt ?? 0, kind: "failed", error }]);
  return id;
}

async function keyOf(api: TestApi, customer_id: string): Promise<string> {
  return (await api.ask("POST", `/customers/${customer_id}/api-keys`, { body: {} })).body.api_key;
}

test("failures are grouped by type, code and message without its numbers, ids and quotes", async () => {
  const api = await createTestApi();
  const { platform } = api;
  const [ada, bob] = [await createCustomer(platform), await createCustomer(platform)];
  const [type, other] = [await createJobType(platform), await createJobType(platform)];
  const first = await fail(
    api,
    { customer_id: ada, job_type_id: type },
    { code: "x", message: 'Row 7 of "a"' },
  );
  const second = await fail(
    api,
    { customer_id: bob, job_type_id: type },
    { code: "x", message: `Row  812 of "${newId()}"` },
  );
  const elsewhere = { customer_id: bob, job_type_id: other };
  const third = await fail(api, elsewhere, { code: "x", message: 'Row 7 of "a"' });
  const counting = upkeepTask(platform, "counting");
  expect(await counting.runOnce()).toBe(false);
  // Each job once.
  await counting.runOnce();

  const { body } = await api.ask("GET", "/failures");
  expect(body.data).toMatchObject([
    { job_type_id: other, jobs: 1, attempts: 1, sample_job_id: third },
    {
      job_type_id: type,
      code: "x",
      pattern: "Row <n> of <text>",
      jobs: 2,
      attempts: 2,
      customers: 2,
      released: [{ currency: "EUR", cents: 20 }],
      sample_job_id: second,
    },
  ]);
  const [, group] = body.data;
  expect(group.first_seen_at < group.last_seen_at).toBe(true);

  // A group opens as a list; filters and pages hold.
  const jobsOf = async (query: string, key?: string) =>
    (
      await api.ask("GET", `/jobs?fingerprint=${group.fingerprint}${query}`, key ? { key } : {})
    ).body.data.map((job: { id: string }) => job.id);
  expect(await jobsOf("")).toEqual([second, first]);
  expect(await jobsOf(`&customer_id=${ada}`)).toEqual([first]);
  const one = await api.ask("GET", "/failures?limit=1");
  const two = await api.ask("GET", `/failures?limit=1&cursor=${one.body.next_cursor}`);
  expect([one.body.data, two.body.data, two.body.next_cursor]).toEqual([[body.data[0]], [group], null]);
  expect((await api.ask("GET", `/failures?job_type_id=${other}`)).body.data).toEqual([body.data[0]]);
  expect((await api.ask("GET", "/failures?since=2090-01-01T00:00:00Z")).body.data).toEqual([]);
  expect(await api.ask("GET", "/failures?cursor=bm8")).toMatchObject({ status: 422 });

  // A customer sees what is theirs: the counts, the message and the first time too.
  const key = await keyOf(api, ada);
  const own = await api.ask("GET", "/failures", { key });
  expect(own.body.data).toMatchObject([
    { fingerprint: group.fingerprint, jobs: 1, customers: 1, message: 'Row 7 of "a"', sample_job_id: first },
  ]);
  expect(await jobsOf("", key)).toEqual([first]);
  expect((await api.ask("GET", `/failures?customer_id=${bob}`, { key })).status).toBe(404);
  const late = await keyOf(api, bob);
  const ofBob = (await api.ask("GET", `/failures?job_type_id=${type}`, { key: late })).body.data[0];
  expect(ofBob.first_seen_at).toBe(ofBob.last_seen_at);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("attempts that failed count also where the job succeeded later", async () => {
  const api = await createTestApi();
  const { platform } = api;
  const job = { customer_id: await createCustomer(platform), job_type_id: await createJobType(platform) };
  const runner_id = await createRunner(platform);
  const { id } = await submitJob(platform, { ...job, input_data: null });
  const attempt = async () => (await platform.jobs.claim({ runner_id, ids: [id] }))[0]?.attempt ?? 0;
  const error = { code: "x", message: "once" };
  await platform.jobs.settle([{ id, attempt: await attempt(), kind: "retry", delay_ms: 0, error }]);
  await platform.jobs.settle([{ id, attempt: await attempt(), kind: "succeeded", output: 1 }]);
  await upkeepTask(platform, "counting").runOnce();
  const { body } = await api.ask("GET", "/failures");
  expect(body.data).toMatchObject([
    { pattern: "once", jobs: 0, attempts: 1, released: [], sample_job_id: id },
  ]);
  expect((await api.ask("GET", `/jobs?fingerprint=${body.data[0].fingerprint}`)).body.data).toEqual([]);
});

test("a pattern has no numbers, ids or quotes", async () => {
  const { databaseUrl } = await createTestApi();
  const patternOf = async (message: string): Promise<object | undefined> =>
    (await runSql(databaseUrl, "SELECT failure_pattern($1) AS pattern", [message])).rows[0];
  expect(await patternOf("job 019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11 is gone")).toEqual({
    pattern: "job <id> is gone",
  });
  expect(await patternOf("at 0x7ffe1c and deadbeef01")).toEqual({ pattern: "at <hex> and <hex>" });
  expect(await patternOf("took 1.5 s, not 20:15")).toEqual({ pattern: "took <n> s, not <n>" });
  expect(await patternOf("no 'such file' `x`, can't open")).toEqual({
    pattern: "no <text> <text>, can't open",
  });
  expect(await patternOf("a\n\tb")).toEqual({ pattern: "a b" });
});
