import { Client } from "pg";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { atTheEnd } from "../../../../test/support/cleanup.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
} from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { ClaimedJob } from "../../../core/model/job.ts";
import { createHeartbeat } from "../../../postgres/signals/heartbeat.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

const START_CENTS = 1_000;
const RACERS = 20;
const WAITERS =
  "SELECT count(*)::int AS waiters FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

let api: TestApi;
let runner_id: string;
let job_type_id: string;
let mine: Tenant;

interface Tenant {
  readonly customer_id: string;
  readonly key: string;
}

beforeAll(async () => {
  api = await createTestApi();
  runner_id = await createRunner(api.platform);
});

beforeEach(async () => {
  job_type_id = await createJobType(api.platform, { standard_cost_cents: 10, max_attempts: 4 });
  mine = await createTenant();
});

async function createTenant(cents = START_CENTS): Promise<Tenant> {
  const customer_id = await createCustomer(api.platform, cents);
  return { customer_id, key: (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key };
}

const submit = async (job: object = {}, { key }: Tenant = mine) =>
  (await api.ask("POST", "/jobs", { key, body: { job_type_id, input_data: {}, ...job } })).body;
const cancel = (id: string, { key }: Tenant = mine) => api.ask("POST", `/jobs/${id}/cancel`, { key });
const retry = (id: string, { key }: Tenant = mine) => api.ask("POST", `/jobs/${id}/retry`, { key });
const read = async (id: string) => (await api.ask("GET", `/jobs/${id}`)).body;

async function wallet({ customer_id }: Tenant = mine): Promise<{ balance: number; held: number }> {
  const { body } = await api.ask("GET", `/customers/${customer_id}/wallet`);
  return { balance: body.current_balance_cents, held: body.pending_charges_cents };
}

async function claim(id: string): Promise<ClaimedJob> {
  const [job] = await api.platform.jobs.claim({ runner_id, ids: [id] });
  if (!job) throw new Error(`job ${id} was not claimed`);
  return job;
}

/** Holds the job's row until several that want it stand at it, so that they meet for sure. */
async function atOnce<T>(id: string, start: () => Promise<T>[]): Promise<T[]> {
  const holder = new Client({ connectionString: api.databaseUrl });
  await holder.connect();
  try {
    await holder.query("BEGIN");
    await holder.query("SELECT FROM jobs WHERE id = $1 FOR UPDATE", [id]);
    const answers = Promise.all(start());
    const waiters = async (): Promise<number> => {
      // A transaction goes on seeing the activity that it saw first.
      await holder.query("SELECT pg_stat_clear_snapshot()");
      return (await holder.query(WAITERS)).rows[0].waiters;
    };
    await waitFor(async () => (await waiters()) >= 5, { describe: "five to wait for the job" });
    await holder.query("COMMIT");
    return await answers;
  } finally {
    await holder.end();
  }
}

/** As its runner would; answers the job's id. */
async function submitFailed(job: object = {}): Promise<string> {
  const { id } = await submit(job);
  const { attempt } = await claim(id);
  const error = { code: "broken", message: "It broke." };
  expect(await api.platform.jobs.settle([{ id, attempt, kind: "failed", error }])).toEqual([]);
  return id;
}

async function submitSucceeded(): Promise<string> {
  const { id } = await submit();
  const { attempt } = await claim(id);
  expect(await api.platform.jobs.settle([{ id, attempt, kind: "succeeded", output: 1 }])).toEqual([]);
  return id;
}

describe("POST /jobs/{id}/cancel", () => {
  test("ends a job that waits: nothing is charged, its hold is released, and nobody claims it any more", async () => {
    const job = await submit();
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 10 });
    const { status, body } = await cancel(job.id);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...job,
      status: "cancelled",
      completed_at: expect.any(String),
      waiting_for: null,
    });
    expect(await read(job.id)).toEqual(body);
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 0 });
    expect(await api.platform.jobs.claim({ runner_id, ids: [job.id] })).toEqual([]);
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("ends a job that waits for its time", async () => {
    const { id } = await submit({ run_at: new Date(Date.now() + 3_600_000).toISOString() });
    expect((await cancel(id)).body.status).toBe("cancelled");
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 0 });
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("ends a running job: its runner is told, and what it settles late is refused", async () => {
    const { id } = await submit();
    const { attempt } = await claim(id);
    expect((await cancel(id)).body).toMatchObject({ status: "cancelled", cost_cents: null, runner_id });
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 0 });

    const told: string[] = [];
    const heartbeat = createHeartbeat(api.databaseUrl);
    atTheEnd(() => heartbeat.stop());
    heartbeat.start(runner_id, ({ cancelled }) => void told.push(...cancelled));
    await waitFor(() => told.includes(id), { describe: "the runner to be told" });
    const late = await api.platform.jobs.settle([{ id, attempt, kind: "succeeded", output: "late" }]);
    expect(late).toEqual([{ id, attempt, reason: "stale", running: false }]);
    expect(await read(id)).toMatchObject({ status: "cancelled", output_data: null, cost_cents: null });
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 0 });
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("is refused for a job that has ended, which stays as it ended", async () => {
    const ids = {
      succeeded: await submitSucceeded(),
      failed: await submitFailed(),
      cancelled: (await submit()).id,
    };
    await cancel(ids.cancelled);
    for (const [job_status, id] of Object.entries(ids)) {
      const before = await read(id);
      const { status, body } = await cancel(id);
      expect([status, body.code, body.job_status]).toEqual([409, "job_already_ended", job_status]);
      expect(await read(id)).toEqual(before);
    }
    expect(await wallet()).toEqual({ balance: START_CENTS - 10, held: 0 });
  });

  test("of another customer's job, or of none, is a 404 and changes nothing", async () => {
    const job = await submit();
    const theirs = await createTenant();
    for (const id of [job.id, uuidv7()]) {
      const { status, body } = await cancel(id, theirs);
      expect([status, body.code]).toEqual([404, "not_found"]);
    }
    expect(await read(job.id)).toEqual(job);
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 10 });
  });

  test("is open to the admin key, and to an inactive customer", async () => {
    const [first, second] = [await submit(), await submit()];
    expect((await api.ask("POST", `/jobs/${first.id}/cancel`)).body.status).toBe("cancelled");
    await api.ask("PATCH", `/customers/${mine.customer_id}`, { body: { active: false } });
    expect((await cancel(second.id)).body.status).toBe("cancelled");
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 0 });
  });

  test.each([["a job that waits", false] as const, ["a running job", true] as const])(
    "twenty times at once of %s succeeds once, and the hold is released once",
    async (_what, isRunning) => {
      const [{ id }] = [await submit(), await submit()]; // The second's hold stays.
      if (isRunning) await claim(id);
      const answers = await atOnce(id, () => Array.from({ length: RACERS }, () => cancel(id)));
      const count = (code: string) =>
        answers.filter(({ body }) => (body.code ?? body.status) === code).length;
      expect([count("cancelled"), count("job_already_ended")]).toEqual([1, RACERS - 1]);
      expect(await wallet()).toEqual({ balance: START_CENTS, held: 10 });
      expect(await brokenPromises(api.platform)).toEqual([]);
    },
  );

  test("at the same time as the settle of each: every job ends one way, and pays accordingly", async () => {
    const claims: ClaimedJob[] = [];
    for (let n = 0; n < RACERS; n += 1) claims.push(await claim((await submit()).id));
    const settled = claims.map(({ id, attempt }) =>
      api.platform.jobs.settle([{ id, attempt, kind: "succeeded", output: 1 }]),
    );
    const [refusals, cancels] = await Promise.all([
      Promise.all(settled),
      Promise.all(claims.map(({ id }) => cancel(id))),
    ]);
    const paid = refusals.filter((refused) => refused.length === 0).length;
    expect(cancels.filter(({ status }) => status === 200)).toHaveLength(RACERS - paid);
    expect(await wallet()).toEqual({ balance: START_CENTS - 10 * paid, held: 0 });
    expect(await brokenPromises(api.platform)).toEqual([]);
  });
});

describe("POST /jobs/{id}/retry", () => {
  test.each([
    ["a failed job", submitFailed],
    [
      "a cancelled job",
      async (job: object) => {
        const { id } = await submit(job);
        await cancel(id);
        return id;
      },
    ],
  ])("runs %s again as a new job with a hold of its own", async (_what, end) => {
    const id = await end({ input_data: { text: "again" }, priority: 0, max_attempts: 2 });
    const old = await read(id);
    expect((await wallet()).held).toBe(0);
    const { status, body, headers } = await retry(id);
    expect(status).toBe(201);
    expect(headers["location"]).toBe(`/jobs/${body.id}`);
    expect(body.id).not.toBe(id);
    expect(body).toMatchObject({
      customer_id: mine.customer_id,
      job_type_id,
      status: "pending",
      priority: 0,
      input_data: { text: "again" },
      max_attempts: 2,
      attempt: 0,
      errors: [],
      retry_of: id,
      estimated_cost_cents: 10,
    });
    expect(await read(body.id)).toEqual(body);
    expect(await read(id)).toEqual(old);
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 10 });
    expect((await claim(body.id)).attempt).toBe(1);
    await cancel(body.id);
  });

  test("is at today's price", async () => {
    const id = await submitFailed();
    await api.ask("PATCH", `/job-types/${job_type_id}`, { body: { standard_cost_cents: 25 } });
    expect((await retry(id)).body.estimated_cost_cents).toBe(25);
    expect((await wallet()).held).toBe(25);
  });

  test("is refused for a job that has not failed and was not cancelled", async () => {
    const [waiting, running] = [(await submit()).id, (await submit()).id];
    await claim(running);
    const ids = { pending: waiting, running, succeeded: await submitSucceeded() };
    const before = await wallet();
    for (const [job_status, id] of Object.entries(ids)) {
      const { status, body } = await retry(id);
      expect([status, body.code, body.job_status]).toEqual([409, "job_not_ended", job_status]);
    }
    expect(await wallet()).toEqual(before);
    await cancel(waiting);
    await cancel(running);
  });

  test("of another customer's job, or of none, is a 404 and holds nothing", async () => {
    const id = await submitFailed();
    const theirs = await createTenant();
    for (const one of [id, uuidv7()]) {
      const { status, body } = await retry(one, theirs);
      expect([status, body.code]).toEqual([404, "not_found"]);
    }
    expect([await wallet(), await wallet(theirs)]).toEqual([
      { balance: START_CENTS, held: 0 },
      { balance: START_CENTS, held: 0 },
    ]);
    expect((await api.ask("GET", "/jobs", { key: theirs.key })).body.data).toEqual([]);
  });

  test("with the admin key is paid by the job's customer", async () => {
    const id = await submitFailed();
    const { status, body } = await api.ask("POST", `/jobs/${id}/retry`);
    expect([status, body.customer_id]).toEqual([201, mine.customer_id]);
    expect((await wallet()).held).toBe(10);
  });

  test("is refused as a submission is: no money, a disabled type, an inactive customer", async () => {
    const id = await submitFailed();
    const changeType = (body: object) => api.ask("PATCH", `/job-types/${job_type_id}`, { body });
    const refusal = async () => {
      const { status, body } = await retry(id);
      return [status, body.code];
    };
    await changeType({ standard_cost_cents: START_CENTS + 1 });
    expect(await refusal()).toEqual([402, "insufficient_funds"]);
    await changeType({ standard_cost_cents: 10, enabled: false });
    expect(await refusal()).toEqual([422, "job_type_disabled"]);
    await changeType({ enabled: true, input_schema: { type: "string" } });
    expect(await refusal()).toEqual([422, "input_invalid"]);
    await api.ask("PATCH", `/customers/${mine.customer_id}`, { body: { active: false } });
    expect(await refusal()).toEqual([403, "customer_inactive"]);
    expect((await api.ask("POST", `/jobs/${id}/retry`)).body.code).toBe("input_invalid");
    await changeType({ input_schema: null });
    expect((await api.ask("POST", `/jobs/${id}/retry`)).body.code).toBe("customer_inactive");
    expect(await wallet()).toEqual({ balance: START_CENTS, held: 0 });
  });
});

test.each(["cancel", "retry"])("%s takes no body or an empty one, and no field", async (verb) => {
  const ids = { none: "", empty: "", spaceless: "" };
  for (const name of Object.keys(ids) as (keyof typeof ids)[])
    ids[name] = verb === "cancel" ? (await submit()).id : await submitFailed();
  const url = (id: string) => `/jobs/${id}/${verb}`;
  const refused = await api.ask("POST", url(ids.none), { body: { reason: "x" } });
  expect(refused.status).toBe(422);
  expect(refused.body.errors).toEqual([
    { pointer: "/reason", message: "is not a known field; this request takes none" },
  ]);
  for (const [raw, status] of [
    ["[]", 422],
    ['"x"', 422],
    ["{", 400],
  ] as const)
    expect((await api.ask("POST", url(ids.none), { raw })).status).toBe(status);
  const answers = await Promise.all([
    api.ask("POST", url(ids.none)),
    api.ask("POST", url(ids.empty), { body: {} }),
    api.ask("POST", url(ids.spaceless), { raw: "" }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => (verb === "cancel" ? 200 : 201)));
  expect((await api.ask("POST", "/jobs/42/cancel")).body.errors).toEqual([
    { pointer: "/id", message: "must be a UUID" },
  ]);
});
