import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { JOB_STATUSES, type ClaimedJob, type Job, type Outcome } from "../../../core/model/job.ts";
import { migrateDown, migrateUp, migrationStatus } from "../../../postgres/connection/migrator.ts";
import { STATUS_COUNT_WINDOW } from "../../../core/model/limits.ts";
import { runSql } from "../../../../test/support/sql.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

/** The step that lists jobs without success. */
const STEP = "2026-11-27-000034";

let api: TestApi;
let runner_id: string;
beforeAll(async () => {
  api = await createTestApi();
  runner_id = await createRunner(api.platform);
});

interface Owner {
  readonly customer_id: string;
  readonly key: string;
  readonly job_type_id: string;
}

async function createOwner(): Promise<Owner> {
  const customer_id = await createCustomer(api.platform);
  const { body } = await api.ask("POST", `/customers/${customer_id}/api-keys`);
  const job_type_id = await createJobType(api.platform, { max_attempts: 1 });
  return { customer_id, key: body.api_key, job_type_id };
}

const submit = async ({ key, job_type_id }: Owner, run_at?: string): Promise<string> =>
  (await api.ask("POST", "/jobs", { key, body: { job_type_id, input_data: 1, run_at } })).body.id;

const claimAll = async (): Promise<ClaimedJob[]> =>
  await api.platform.jobs.claimTurns({ runner_id, max: 100 });

/** Jobs of every status, in every place where one may be. */
async function fill(owner: Owner): Promise<void> {
  for (let n = 0; n < 4; n += 1) await submit(owner);
  const claimed = await claimAll();
  const [succeeds, fails, cancelled] = claimed.filter((job) => job.customer_id === owner.customer_id);
  if (!succeeds || !fails || !cancelled) throw new Error("nothing was claimed");
  const outcomes: Outcome[] = [
    { id: succeeds.id, attempt: 1, kind: "succeeded", output: 1 },
    { id: fails.id, attempt: 1, kind: "failed", error: { code: "no", message: "no" } },
    { id: cancelled.id, attempt: 1, kind: "cancelled" },
  ];
  expect(await api.platform.jobs.settle(outcomes)).toEqual([]);
  await submit(owner, "2030-01-01T00:00:00Z");
  await api.ask("POST", `/job-types/${owner.job_type_id}/pause`);
  await submit(owner);
  // It meets the job of the paused type, and parks it.
  expect(await claimAll()).toEqual([]);
  await submit(owner);
  await api.ask("POST", `/jobs/${await submit(owner)}/cancel`, { key: owner.key });
}

test("what waits of others, however much, hides nothing of a customer's own", async () => {
  const [owner, other] = [await createOwner(), await createOwner()];
  const ids =
    "SELECT gen_random_uuid(), 1, $1::uuid, $2::uuid, now() + interval '1 day' FROM generate_series(1, $3)";
  const columns = "(job_id, priority, customer_id, job_type_id, run_at)";
  await runSql(api.databaseUrl, `INSERT INTO job_schedule ${columns} ${ids}`, [
    other.customer_id,
    other.job_type_id,
    STATUS_COUNT_WINDOW + 1,
  ]);
  try {
    await submit(owner, "2030-01-01T00:00:00Z");
    const { body } = await api.ask("GET", "/jobs/counts", { key: owner.key });
    expect(body.pending).toEqual({ jobs: 1, more: false });
  } finally {
    await runSql(api.databaseUrl, "DELETE FROM job_schedule WHERE customer_id = $1", [other.customer_id]);
  }
});

const listed = async (query: string, key?: string): Promise<Job[]> =>
  (await api.ask("GET", `/jobs?limit=200${query}`, key === undefined ? {} : { key })).body.data;

/** Lists and counts of each status against the list of all. */
async function expectSame({ customer_id, key, job_type_id }: Owner): Promise<void> {
  const all = await listed("", key);
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set(JOB_STATUSES));
  const { body: counts } = await api.ask("GET", "/jobs/counts", { key });
  const ofType = await api.ask("GET", `/jobs/counts?customer_id=${customer_id}&job_type_id=${job_type_id}`);
  expect(ofType.body).toEqual(counts);
  for (const status of JOB_STATUSES) {
    const expected = all.filter((job) => job.status === status).map(({ id }) => id);
    const ids = async (query: string, by?: string) =>
      (await listed(`&status=${status}${query}`, by)).map(({ id }) => id);
    expect(await ids("", key)).toEqual(expected);
    expect(await ids(`&customer_id=${customer_id}`)).toEqual(expected);
    expect(await ids(`&job_type_id=${job_type_id}`)).toEqual(expected);
    expect(await ids(`&job_type_id=${job_type_id}&priority=1`)).toEqual(expected);
    expect(await ids(`&priority=0`, key)).toEqual([]);
    expect(counts[status]).toEqual({ jobs: expected.length, more: false });
    const paged: string[] = [];
    let cursor = "";
    do {
      const { body } = await api.ask("GET", `/jobs?limit=1&status=${status}${cursor}`, { key });
      paged.push(...body.data.map(({ id }: Job) => id));
      cursor = body.next_cursor === null ? "" : `&cursor=${body.next_cursor}`;
    } while (cursor !== "");
    expect(paged).toEqual(expected);
  }
}

test("lists and counts by status have each job, before it is counted and after", async () => {
  const owner = await createOwner();
  await fill(owner);
  await expectSame(owner);
  await api.platform.figures.countEnded();
  await expectSame(owner);
});

test("a customer counts no jobs of others", async () => {
  const [owner, other] = [await createOwner(), await createOwner()];
  await submit(owner);
  const { body } = await api.ask("GET", "/jobs/counts", { key: other.key });
  expect(body.pending).toEqual({ jobs: 0, more: false });
  const foreign = await api.ask("GET", `/jobs/counts?customer_id=${owner.customer_id}`, { key: other.key });
  expect(foreign.status).toBe(404);
});

test("what ended before this version is found, and no job is forgotten while it is installed", async () => {
  const owner = await createOwner();
  await fill(owner);
  await api.platform.figures.countEnded();
  // Ended, but not counted yet.
  await api.ask("POST", `/jobs/${await submit(owner)}/cancel`, { key: owner.key });
  const before = await listed("&status=cancelled", owner.key);
  const steps = await migrationStatus(api.databaseUrl);
  await migrateDown(api.databaseUrl, steps.filter(({ version }) => version >= STEP).length);
  await migrateUp(api.databaseUrl);
  expect(await listed("&status=cancelled", owner.key)).toEqual(before);
  await api.platform.figures.countEnded();
  expect(await listed("&status=cancelled", owner.key)).toEqual(before);
  await expectSame(owner);
});
