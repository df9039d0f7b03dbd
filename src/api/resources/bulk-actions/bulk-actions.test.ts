import { expect, test } from "vitest";
import { atTheEnd } from "../../../../test/support/cleanup.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
} from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { JobChange } from "../../../core/model/job-changes.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

interface Owner {
  readonly customer_id: string;
  readonly job_type_id: string;
}

async function submit({ platform }: TestApi, owner: Owner, input_data: unknown = null): Promise<string> {
  return (await submitJob(platform, { ...owner, input_data })).id;
}

/** Submits a job and fails it; returns its id. */
async function fail(api: TestApi, owner: Owner, input_data: unknown = null): Promise<string> {
  const id = await submit(api, owner, input_data);
  const runner_id = await createRunner(api.platform);
  const [claimed] = await api.platform.jobs.claim({ runner_id, ids: [id] });
  const error = { code: "x", message: "no" };
  await api.platform.jobs.settle([{ id, attempt: claimed?.attempt ?? 0, kind: "failed", error }]);
  return id;
}

/** Does all batches, as runners do. */
async function work({ platform }: TestApi): Promise<void> {
  const task = upkeepTask(platform, "bulk actions");
  while (await task.runOnce());
}

async function createOwner({ platform }: TestApi, amount_cents?: number): Promise<Owner> {
  return {
    customer_id: await createCustomer(platform, amount_cents),
    job_type_id: await createJobType(platform),
  };
}

/** The jobs that were retried, by id. */
async function retriesOf({ platform }: TestApi, customer_id: string): Promise<string[]> {
  const jobs = await platform.jobs.list({ customer_id }, { limit: 200 });
  return jobs.flatMap(({ retry_of }) => (retry_of === null ? [] : [retry_of])).toSorted();
}

async function keyOf(api: TestApi, customer_id: string): Promise<string> {
  return (await api.ask("POST", `/customers/${customer_id}/api-keys`, { body: {} })).body.api_key;
}

test("a retry creates a new job for each failed one, once, and says what it skipped and held", async () => {
  const api = await createTestApi();
  const owner = await createOwner(api);
  const failed = [await fail(api, owner), await fail(api, owner)];
  const cancelled = await submit(api, owner);
  await api.platform.jobs.cancel(cancelled);
  const waiting = await submit(api, owner);
  const filter = { customer_id: owner.customer_id };

  const preview = await api.ask("POST", "/bulk-actions", {
    body: { action: "retry", filter, dry_run: true },
  });
  const expected = {
    matched: 3,
    is_capped: false,
    jobs: 3,
    skips: [],
    costs: [{ currency: "EUR", cents: 30 }],
  };
  expect(preview).toMatchObject({ status: 201, body: { status: "preview", expected, jobs: 0, seen: 0 } });
  await work(api);
  expect(await retriesOf(api, owner.customer_id)).toEqual([]);

  const headers = { "idempotency-key": "once" };
  const body = { action: "retry", filter };
  const created = await api.ask("POST", "/bulk-actions", { body, headers });
  expect(created).toMatchObject({ status: 201, body: { status: "running", owner_id: null, expected } });
  const again = await api.ask("POST", "/bulk-actions", { body, headers });
  expect([again.status, again.body.id, again.headers["idempotent-replayed"]]).toEqual([
    200,
    created.body.id,
    "true",
  ]);
  await work(api);
  const path = String(created.headers.location);
  expect((await api.ask("GET", path)).body).toMatchObject({
    status: "done",
    seen: 3,
    jobs: 3,
    skips: [],
    costs: [{ currency: "EUR", cents: 30 }],
  });
  expect(await retriesOf(api, owner.customer_id)).toEqual([...failed, cancelled].toSorted());

  // What was retried before is not retried again, by whatever action.
  const named = { action: "retry", filter: { ids: [...failed, cancelled, waiting, owner.customer_id] } };
  const second = await api.ask("POST", "/bulk-actions", { body: named });
  const skips = [
    { reason: "already_retried", jobs: 3 },
    { reason: "not_ended", jobs: 1 },
    { reason: "not_found", jobs: 1 },
  ];
  expect(second.body.expected).toMatchObject({ matched: 4, jobs: 0, skips, costs: [] });
  await work(api);
  expect((await api.ask("GET", `/bulk-actions/${second.body.id}`)).body).toMatchObject({
    status: "done",
    seen: 5,
    jobs: 0,
    skips,
  });
  expect(await retriesOf(api, owner.customer_id)).toHaveLength(3);
  expect(await brokenPromises(api.platform)).toEqual([]);
});

test("a retry skips what a submission would refuse, and the preview says so", async () => {
  const api = await createTestApi();
  const { platform } = api;
  const poor = await createOwner(api, 25);
  const failed: string[] = [];
  for (let n = 0; n < 3; n += 1) failed.push(await fail(api, poor));
  const disabled = { ...poor, job_type_id: await createJobType(platform) };
  failed.push(await fail(api, disabled));
  const strict = { ...poor, job_type_id: await createJobType(platform, { standard_cost_cents: 0 }) };
  failed.push(await fail(api, strict, "text"));
  await platform.jobTypes.update(disabled.job_type_id, { enabled: false });
  await platform.jobTypes.update(strict.job_type_id, { input_schema: { type: "object" } });
  platform.jobTypeCache.forget(strict.job_type_id);

  const { body } = await api.ask("POST", "/bulk-actions", {
    body: { action: "retry", filter: { ids: failed } },
  });
  const skips = [
    { reason: "insufficient_funds", jobs: 1 },
    { reason: "job_type_disabled", jobs: 1 },
  ];
  const costs = [{ currency: "EUR", cents: 20 }];
  expect(body.expected).toMatchObject({ matched: 5, jobs: 3, skips, costs });
  await work(api);
  expect((await api.ask("GET", `/bulk-actions/${body.id}`)).body).toMatchObject({
    status: "done",
    jobs: 2,
    skips: [{ reason: "input_invalid", jobs: 1 }, ...skips].toSorted((one, other) =>
      one.reason.localeCompare(other.reason),
    ),
    costs,
  });
  const wallet = await platform.wallets.findByCustomerId(poor.customer_id);
  expect(wallet?.pending_charges_cents).toBe(20);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("a cancel ends what waits and runs, in every place, and gives the holds back", async () => {
  const api = await createTestApi();
  const { platform } = api;
  const owner = await createOwner(api);
  const runner_id = await createRunner(platform);
  const running = await submit(api, owner);
  await platform.jobs.claim({ runner_id, ids: [running] });
  await submit(api, owner);
  const run_at = new Date(Date.now() + 3_600_000).toISOString();
  await submitJob(platform, { ...owner, input_data: null, run_at });
  const parked = { ...owner, job_type_id: await createJobType(platform) };
  const held = await submit(api, parked);
  await platform.jobTypes.setPaused(parked.job_type_id, true);
  await platform.jobs.claim({ runner_id, ids: [held] });
  const done = await fail(api, owner);

  const filter = { customer_id: owner.customer_id };
  const { body } = await api.ask("POST", "/bulk-actions", { body: { action: "cancel", filter } });
  expect(body.expected).toMatchObject({ matched: 4, jobs: 4, costs: [{ currency: "EUR", cents: 40 }] });
  await work(api);
  expect((await api.ask("GET", `/bulk-actions/${body.id}`)).body).toMatchObject({
    status: "done",
    jobs: 4,
    costs: [{ currency: "EUR", cents: 40 }],
  });
  const jobs = await platform.jobs.list(filter, { limit: 10 });
  expect(jobs.filter(({ id }) => id !== done).map(({ status }) => status)).toEqual(
    Array.from({ length: 4 }, () => "cancelled"),
  );
  expect((await platform.wallets.findByCustomerId(owner.customer_id))?.pending_charges_cents).toBe(0);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("a customer's key reaches only that customer's jobs and actions", async () => {
  const api = await createTestApi();
  const [ada, bob] = [await createOwner(api), await createOwner(api)];
  const [ofAda, ofBob] = [await fail(api, ada), await fail(api, bob)];
  const key = await keyOf(api, ada.customer_id);
  const body = { action: "retry", filter: { ids: [ofAda, ofBob] } };
  const created = await api.ask("POST", "/bulk-actions", { body, key });
  expect(created.body).toMatchObject({
    owner_id: ada.customer_id,
    expected: { matched: 1, jobs: 1, skips: [{ reason: "not_found", jobs: 1 }] },
  });
  await api.ask("POST", "/bulk-actions", { body: { action: "retry", filter: { status: "failed" } }, key });
  await work(api);
  expect(await retriesOf(api, ada.customer_id)).toEqual([ofAda]);
  expect(await retriesOf(api, bob.customer_id)).toEqual([]);

  const foreign = { action: "cancel", filter: { customer_id: bob.customer_id } };
  expect((await api.ask("POST", "/bulk-actions", { body: foreign, key })).status).toBe(404);
  const other = await keyOf(api, bob.customer_id);
  for (const [method, path] of [
    ["GET", `/bulk-actions/${created.body.id}`],
    ["POST", `/bulk-actions/${created.body.id}/stop`],
  ] as const)
    expect((await api.ask(method, path, { key: other })).status).toBe(404);
  expect((await api.ask("GET", "/bulk-actions", { key: other })).body.data).toEqual([]);
  expect((await api.ask("GET", "/bulk-actions", { key })).body.data).toHaveLength(2);
});

test("a stopped action goes no further; jobs that came later are not reached", async () => {
  const api = await createTestApi();
  const owner = await createOwner(api);
  const ids = await Promise.all(Array.from({ length: 250 }, () => submit(api, owner)));
  const filter = { customer_id: owner.customer_id };
  const { body } = await api.ask("POST", "/bulk-actions", { body: { action: "cancel", filter } });
  const late = await submit(api, owner);
  const task = upkeepTask(api.platform, "bulk actions");
  expect(await task.runOnce()).toBe(true);
  const stopped = await api.ask("POST", `/bulk-actions/${body.id}/stop`);
  expect(stopped.body).toMatchObject({ status: "stopped", jobs: 200, seen: 200 });
  await work(api);
  expect((await api.ask("POST", `/bulk-actions/${body.id}/stop`)).body).toEqual(stopped.body);
  const pending = await api.platform.jobs.list({ ...filter, status: "pending" }, { limit: 200 });
  expect(pending).toHaveLength(51);

  await api.ask("POST", "/bulk-actions", { body: { action: "cancel", filter: { ids: ids.slice(0, 201) } } });
  await api.ask("POST", "/bulk-actions", {
    body: { action: "cancel", filter: { ...filter, status: "pending" } },
  });
  const last = await submit(api, owner);
  await work(api);
  expect((await api.platform.jobs.findById(late))?.status).toBe("cancelled");
  expect((await api.platform.jobs.findById(last))?.status).toBe("pending");
  expect(await brokenPromises(api.platform)).toEqual([]);
});

test("two processes at one action do each batch once", async () => {
  const api = await createTestApi();
  const owner = await createOwner(api);
  const failed = await Promise.all(Array.from({ length: 60 }, () => fail(api, owner)));
  await api.ask("POST", "/bulk-actions", { body: { action: "retry", filter: { status: "failed" } } });
  await api.ask("POST", "/bulk-actions", { body: { action: "retry", filter: { ids: failed } } });
  await Promise.all([work(api), work(api), work(api)]);
  await work(api);
  expect(await retriesOf(api, owner.customer_id)).toEqual(failed.toSorted());
  expect(await brokenPromises(api.platform)).toEqual([]);
});

test.each([
  [{ action: "retry", filter: {} }, "/filter", "must have at least one field"],
  [{ action: "retry", filter: { status: "running" } }, "/filter/status", "must be pending or running for"],
  [{ action: "refund", filter: { status: "failed" } }, "/action", "must be one of cancel, retry"],
  [{ action: "retry", filter: { ids: [] } }, "/filter/ids", "must have at least 1 item"],
  [
    { action: "retry", filter: { status: "failed", prio: 1 } },
    "/filter/prio",
    "is not a known field; known fields are ids, customer_id",
  ],
])("%j is refused with the field that is wrong", async (body, pointer, message) => {
  const { status, body: problem } = await (await createTestApi()).ask("POST", "/bulk-actions", { body });
  expect(status).toBe(422);
  expect(problem.errors).toMatchObject([{ pointer, message: expect.stringContaining(message) }]);
});

test("no more than ten actions of one owner run at the same time", async () => {
  const api = await createTestApi();
  const body = { action: "cancel", filter: { status: "pending" } };
  for (let n = 0; n < 10; n += 1) expect((await api.ask("POST", "/bulk-actions", { body })).status).toBe(201);
  const headers = { "idempotency-key": "eleven" };
  expect(await api.ask("POST", "/bulk-actions", { body, headers })).toMatchObject({ status: 429 });
  await work(api);
  expect((await api.ask("POST", "/bulk-actions", { body, headers })).status).toBe(201);
});

test("a cancel is told to whoever waits for one of its jobs", async () => {
  const api = await createTestApi();
  const owner = await createOwner(api);
  const id = await submit(api, owner);
  const heard: JobChange[] = [];
  const unwatch = api.platform.jobChanges.watch(id, (change) => heard.push(change));
  atTheEnd(async () => unwatch());
  // When it begins to listen, it says so by a change.
  await waitFor(() => heard.length === 1, { describe: "it to listen" });
  await api.ask("POST", "/bulk-actions", {
    body: { action: "cancel", filter: { customer_id: owner.customer_id } },
  });
  await work(api);
  await waitFor(() => heard.length === 2, { describe: "the end of the job" });
  expect(heard).toEqual(["ended", "ended"]);
});
