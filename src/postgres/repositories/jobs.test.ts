import { v7 as uuidv7 } from "uuid";
import { beforeAll, describe, expect, test } from "vitest";
import { runSql } from "../../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import type { NewJob, Outcome, Submitted } from "../../core/model/job.ts";

const ROOM = { 0: true, 1: true, 2: true };

let platform: OpenPlatform;
let databaseUrl: string;
let customer: string;
let type: string;

beforeAll(async () => {
  ({ platform, databaseUrl } = await createTestPlatform({ poolSize: 20 }));
  customer = await createCustomer(platform);
  type = await createJobType(platform);
});

describe("submit", () => {
  test("a batch of several customers and types: each job is returned as it is stored, at its own price", async () => {
    const owners = [await createCustomer(platform), await createCustomer(platform)];
    const types = await Promise.all(
      [3, 4].map((standard_cost_cents) => createJobType(platform, { standard_cost_cents })),
    );
    await platform.prices.setForCustomer({
      customer_id: owners[0] ?? "",
      job_type_id: types[0] ?? "",
      cost_cents: 1,
    });
    const jobs = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
      newJob({ customer_id: owners[n % 2] ?? "", job_type_id: types[(n >> 1) % 2] ?? "", input_data: { n } }),
    );
    const submitted = (await platform.jobs.submit(jobs, ROOM)).map((one) => ("job" in one ? one.job : one));
    expect(submitted.map((one) => "id" in one && one.estimated_cost_cents)).toEqual([1, 3, 4, 4, 1, 3, 4, 4]);
    const stored = await Promise.all(jobs.map(({ id }) => platform.jobs.findById(id)));
    // The use case knows whether a runner serves the type; here nobody has asked.
    expect(stored.map((one) => ({ ...one, waiting_for: "slot" }))).toEqual(submitted);
  });

  test("a job is stored with its hold, at the price of its type", async () => {
    const poor = await createCustomer(platform, 100);
    const job = await platform.jobs.create(
      newJob({ customer_id: poor, input_data: { text: 'a "quoted" \\ {text}, NULL' } }),
    );
    expect(job).toMatchObject({
      status: "pending",
      estimated_cost_cents: 10,
      cost_cents: null,
      attempt: 0,
      max_attempts: 3,
      priority: 1,
    });
    expect(await platform.jobs.findById(job.id)).toEqual({ ...job, waiting_for: "runner" });
    expect(await platform.wallets.findByCustomerId(poor)).toMatchObject({
      current_balance_cents: 100,
      pending_charges_cents: 10,
      available_cents: 90,
    });
  });

  test.each([["null"], ['"text"'], ["0"], ["[]"], ['{"NULL":null,"\\\\":"\\"{}"}'], ['"é😀\\n"']])(
    "input %s comes back as it was",
    async (json) => {
      const input_data: unknown = JSON.parse(json);
      const job = await platform.jobs.create(newJob({ input_data }));
      expect((await platform.jobs.findById(job.id))?.input_data).toEqual(input_data);
    },
  );

  test("each request of a batch stands alone, and the results come in the order given", async () => {
    const poor = await createCustomer(platform, 25);
    const inactive = await createCustomer(platform);
    await platform.customers.update(inactive, { active: false });
    const disabled = await createJobType(platform, { enabled: false });
    const submitted = await platform.jobs.submit(
      [
        newJob({ customer_id: poor }),
        newJob({ customer_id: uuidv7() }),
        newJob({}),
        newJob({ customer_id: poor }),
        newJob({ job_type_id: uuidv7() }),
        newJob({ customer_id: poor }),
        newJob({ job_type_id: disabled }),
        newJob({ customer_id: inactive }),
      ],
      ROOM,
    );
    expect(submitted.map(outcomeOf)).toEqual([
      "stored",
      "unknown_customer",
      "stored",
      "stored",
      "unknown_job_type",
      "insufficient_funds",
      "job_type_disabled",
      "customer_inactive",
    ]);
    expect(await platform.wallets.findByCustomerId(poor)).toMatchObject({ pending_charges_cents: 20 });
    expect(await platform.wallets.findByCustomerId(inactive)).toMatchObject({ pending_charges_cents: 0 });
  });

  test("a refusal for money names all four amounts", async () => {
    const poor = await createCustomer(platform, 15);
    await platform.jobs.create(newJob({ customer_id: poor }));
    await expect(platform.jobs.create(newJob({ customer_id: poor }))).rejects.toMatchObject({
      code: "insufficient_funds",
      members: {
        required_cents: 10,
        available_cents: 5,
        pending_charges_cents: 10,
        current_balance_cents: 15,
      },
    });
  });

  test("a cheaper job fits where a dearer one before it did not", async () => {
    const poor = await createCustomer(platform, 15);
    const dear = await createJobType(platform, { standard_cost_cents: 20 });
    const submitted = await platform.jobs.submit(
      [newJob({ customer_id: poor, job_type_id: dear }), newJob({ customer_id: poor })],
      ROOM,
    );
    expect(submitted.map(outcomeOf)).toEqual(["insufficient_funds", "stored"]);
  });

  test("concurrent batches never hold more than a wallet has", async () => {
    const poor = await createCustomer(platform, 100);
    const batches = await Promise.all(
      Array.from({ length: 32 }, () =>
        platform.jobs.submit(
          Array.from({ length: 10 }, () => newJob({ customer_id: poor })),
          ROOM,
        ),
      ),
    );
    expect(batches.flat().filter((one) => "job" in one)).toHaveLength(10);
    expect(await platform.wallets.findByCustomerId(poor)).toMatchObject({
      pending_charges_cents: 100,
      available_cents: 0,
    });
  });

  test("batches that name the same customers in opposite orders do not deadlock", async () => {
    const customers = await Promise.all(Array.from({ length: 20 }, () => createCustomer(platform)));
    const batch = (ids: string[]) =>
      platform.jobs.submit(
        ids.map((customer_id) => newJob({ customer_id })),
        ROOM,
      );
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, n) => batch(n % 2 ? customers : customers.toReversed())),
    );
    expect(results.flat().every((one) => "job" in one)).toBe(true);
  });

  test("a price change does not hit a job already accepted", async () => {
    const own = await createJobType(platform, { standard_cost_cents: 7 });
    const job = await platform.jobs.create(newJob({ job_type_id: own }));
    await platform.jobTypes.update(own, { standard_cost_cents: 5_000 });
    await settle(await claimOne(job.id), { kind: "succeeded", output: null });
    expect(await platform.jobs.findById(job.id)).toMatchObject({ estimated_cost_cents: 7, cost_cents: 7 });
  });
});

describe("claim", () => {
  test("two runners never claim the same job", async () => {
    const ids = await submitMany(200);
    const claims = await Promise.all(
      Array.from({ length: 8 }, async (_, n) =>
        platform.jobs.claim({
          runner_id: await createRunner(platform),
          ids: n % 2 ? ids : ids.toReversed(),
        }),
      ),
    );
    const claimed = claims.flat().map((job) => job.id);
    expect(new Set(claimed).size).toBe(claimed.length);
    // A job locked by one claim at the very moment of another drops out of that one only: none is left
    // behind.
    const rest = await platform.jobs.claim({ runner_id: await createRunner(platform), ids });
    expect(claimed.length + rest.length).toBe(ids.length);
    expect(rest.every((job) => job.attempt === 1)).toBe(true);
  });

  test("unknown, taken and ended ids drop out silently, doubled ids count once", async () => {
    const [first = "", second = "", third = ""] = await submitMany(3);
    await claimOne(first);
    await settle(await claimOne(second), { kind: "failed", error: { code: "x", message: "y" } });
    const claimed = await platform.jobs.claim({
      runner_id: await createRunner(platform),
      ids: [uuidv7(), first, second, third, third],
    });
    expect(claimed.map((job) => job.id)).toEqual([third]);
  });

  test("a job whose time has not come cannot be claimed", async () => {
    const job = await platform.jobs.create(
      newJob({ run_at: new Date(Date.now() + 3_600_000).toISOString() }),
    );
    expect(await platform.jobs.setStarted(job.id, await createRunner(platform))).toBeUndefined();
    expect(await platform.jobs.findById(job.id)).toMatchObject({ status: "pending", attempt: 0 });
  });
});

describe("settle", () => {
  test("a success is charged its price, once, with a ledger entry", async () => {
    const owner = await createCustomer(platform, 100);
    const job = await platform.jobs.create(newJob({ customer_id: owner }));
    expect(await settle(await claimOne(job.id), { kind: "succeeded", output: { ok: true } })).toEqual([]);
    expect(await platform.jobs.findById(job.id)).toMatchObject({
      status: "succeeded",
      cost_cents: 10,
      output_data: { ok: true },
      attempt: 1,
      error: null,
    });
    expect(await platform.wallets.findByCustomerId(owner)).toMatchObject({
      current_balance_cents: 90,
      pending_charges_cents: 0,
    });
    const [entry] = await platform.wallets.listEntries(owner, { limit: 1 });
    expect(entry).toMatchObject({
      kind: "charge",
      amount_cents: -10,
      balance_after_cents: 90,
      job_id: job.id,
      seq: 2,
    });
  });

  test("the same outcome settled from many connections at once charges once", async () => {
    const owner = await createCustomer(platform);
    const ids = await submitMany(50, owner);
    const claimed = await platform.jobs.claim({ runner_id: await createRunner(platform), ids });
    const outcomes = claimed.map((job): Outcome => ({
      id: job.id,
      attempt: job.attempt,
      kind: "succeeded",
      output: null,
    }));
    const refusals = await Promise.all(
      Array.from({ length: 8 }, (_, n) => platform.jobs.settle(n % 2 ? outcomes : outcomes.toReversed())),
    );
    expect(refusals.filter((refused) => refused.length === 0)).toHaveLength(1);
    expect(refusals.flat().every((refusal) => refusal.reason === "already_settled")).toBe(true);
    expect(await platform.wallets.findByCustomerId(owner)).toMatchObject({
      current_balance_cents: 1_000_000 - 500,
      pending_charges_cents: 0,
    });
  });

  test("an attempt that lost the job changes neither job nor wallet", async () => {
    const owner = await createCustomer(platform, 100);
    const job = await platform.jobs.create(newJob({ customer_id: owner }));
    const lost = await claimOne(job.id);
    await settle(lost, { kind: "released" });
    await claimOne(job.id);
    expect(await settle(lost, { kind: "succeeded", output: "late" })).toEqual([
      { id: job.id, attempt: 1, reason: "stale", running: true },
    ]);
    expect(await platform.jobs.findById(job.id)).toMatchObject({
      status: "running",
      attempt: 2,
      output_data: null,
    });
    expect(await platform.wallets.findByCustomerId(owner)).toMatchObject({
      current_balance_cents: 100,
      pending_charges_cents: 10,
    });
  });

  test("a refused outcome leaves the lease of a job that still runs", async () => {
    const [first, second] = await submitMany(2, await createCustomer(platform));
    const claimed = await platform.jobs.claim({
      runner_id: await createRunner(platform),
      ids: [first ?? "", second ?? ""],
    });
    const lease = claimed[0]?.lease_id ?? "";
    const leases = async () =>
      (await runSql(databaseUrl, "SELECT 1 FROM leases WHERE id = $1", [lease])).rows;
    const right = claimed.map(({ id, attempt }): Outcome => ({
      id,
      attempt,
      kind: "succeeded",
      output: null,
    }));
    const wrong = right.map((outcome, n) => (n === 1 ? { ...outcome, attempt: 99 } : outcome));
    expect(await platform.jobs.settle(wrong, [lease])).toEqual([
      { id: claimed[1]?.id, attempt: 99, reason: "stale", running: true },
    ]);
    expect(await leases()).toHaveLength(1);
    expect(await platform.jobs.settle(right.slice(1), [lease])).toEqual([]);
    expect(await leases()).toEqual([]);
  });

  test("an attempt that was rescued is not taken for settled, though the job waits as if it had been", async () => {
    const job = await platform.jobs.create(newJob({}));
    const lost = await claimOne(job.id);
    await runSql(databaseUrl, "DELETE FROM runners");
    await platform.runners.rescue({ lease_ms: 1_000_000, lostMax: 3, leasesMax: 100 });
    const error = { code: "attempt_failed", message: "no" };
    expect(await settle(lost, { kind: "retry", error, delay_ms: 0 })).toEqual([
      { id: job.id, attempt: 1, reason: "stale", running: false },
    ]);
  });

  test("of two attempts of one job in a batch, the refusal names the one that was refused", async () => {
    const job = await platform.jobs.create(newJob({}));
    const lost = await claimOne(job.id);
    await settle(lost, { kind: "released" });
    const second = await claimOne(job.id);
    const outcomes = [second, lost].map(
      ({ id, attempt }) => ({ id, attempt, kind: "succeeded", output: null }) as const,
    );
    expect(await platform.jobs.settle(outcomes)).toEqual([
      { id: job.id, attempt: 1, reason: "stale", running: false },
    ]);
    expect(await platform.jobs.findById(job.id)).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  test("a failure costs nothing, gives the hold back and keeps its error", async () => {
    const owner = await createCustomer(platform, 100);
    const job = await platform.jobs.create(newJob({ customer_id: owner }));
    await settle(await claimOne(job.id), {
      kind: "failed",
      error: { code: "attempt_failed", message: "no" },
    });
    const failed = await platform.jobs.findById(job.id);
    expect(failed).toMatchObject({
      status: "failed",
      cost_cents: null,
      error: { code: "attempt_failed", message: "no" },
    });
    expect(failed?.errors).toMatchObject([
      { attempt: 1, code: "attempt_failed", message: "no", runner_id: failed?.runner_id },
    ]);
    expect(await platform.wallets.findByCustomerId(owner)).toMatchObject({
      current_balance_cents: 100,
      pending_charges_cents: 0,
    });
    expect(await platform.wallets.listEntries(owner, { limit: 10 })).toHaveLength(1);
  });

  test("a retry waits for its time with its hold, and errors are kept, the last 20", async () => {
    const owner = await createCustomer(platform, 100);
    const job = await platform.jobs.create(newJob({ customer_id: owner, max_attempts: 30 }));
    for (let attempt = 1; attempt <= 22; attempt += 1) {
      await settle(await claimOne(job.id), {
        kind: "retry",
        delay_ms: 0,
        error: { code: "attempt_failed", message: `no ${attempt}` },
      });
      await platform.waitingJobs.promoteDue(1_000);
    }
    const retried = await platform.jobs.findById(job.id);
    expect(retried?.errors.map((error) => error.attempt)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 3),
    );
    expect(await platform.wallets.findByCustomerId(owner)).toMatchObject({ pending_charges_cents: 10 });
    await settle(await claimOne(job.id), {
      kind: "retry",
      delay_ms: 60_000,
      error: { code: "attempt_failed", message: "no" },
    });
    await platform.waitingJobs.promoteDue(1_000);
    expect(await platform.jobs.setStarted(job.id, await createRunner(platform))).toBeUndefined();
  });

  test("a metered cost lowers the charge and never raises it above the hold", async () => {
    const owner = await createCustomer(platform, 100);
    const [low = "", high = ""] = await submitMany(2, owner);
    await settle(await claimOne(low), { kind: "succeeded", output: null, cost_cents: 3 });
    await settle(await claimOne(high), { kind: "succeeded", output: null, cost_cents: 99 });
    expect(await platform.jobs.findById(low)).toMatchObject({ cost_cents: 3 });
    expect(await platform.jobs.findById(high)).toMatchObject({ cost_cents: 10 });
    expect(await platform.wallets.findByCustomerId(owner)).toMatchObject({
      current_balance_cents: 87,
      pending_charges_cents: 0,
    });
  });

  test("a free job succeeds without a ledger entry", async () => {
    const owner = await createCustomer(platform, 0);
    const free = await createJobType(platform, { standard_cost_cents: 0 });
    const job = await platform.jobs.create(newJob({ customer_id: owner, job_type_id: free }));
    await settle(await claimOne(job.id), { kind: "succeeded", output: null });
    expect(await platform.jobs.findById(job.id)).toMatchObject({ status: "succeeded", cost_cents: 0 });
    expect(await platform.wallets.listEntries(owner, { limit: 10 })).toEqual([]);
  });

  test("a released attempt is pending again at once and does not count", async () => {
    const job = await platform.jobs.create(newJob({ max_attempts: 1 }));
    await settle(await claimOne(job.id), { kind: "released" });
    const again = await claimOne(job.id);
    expect(again).toMatchObject({ attempt: 2, excused_attempts: 1 });
  });

  test("the settle that ends a lease's last job takes the lease away", async () => {
    const ids = await submitMany(3);
    const claimed = await platform.jobs.claim({ runner_id: await createRunner(platform), ids });
    const lease_id = claimed[0]?.lease_id ?? "";
    await platform.jobs.settle(
      claimed.map((job) => ({ id: job.id, attempt: job.attempt, kind: "succeeded", output: null })),
      [lease_id],
    );
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("the specification's single steps do the same: started, completed, status", async () => {
    const job = await platform.jobs.create(newJob({}));
    const started = await platform.jobs.setStarted(job.id, await createRunner(platform));
    expect(await platform.jobs.findById(job.id)).toMatchObject({ status: "running", attempt: 1 });
    const back = await platform.jobs.updateStatus({ id: job.id, attempt: started?.attempt ?? 0 }, "pending");
    expect(back.status).toBe("pending");
    const again = await claimOne(job.id);
    const done = await platform.jobs.setCompleted({
      id: job.id,
      attempt: again.attempt,
      kind: "succeeded",
      output: 1,
    });
    expect(done).toMatchObject({ status: "succeeded", cost_cents: 10, output_data: 1 });
    await expect(
      platform.jobs.updateStatus({ id: job.id, attempt: again.attempt }, "failed"),
    ).rejects.toMatchObject({ code: "stale_attempt" });
  });
});

test("every promise holds after all of this", async () => {
  expect(await brokenPromises(platform)).toEqual([]);
});

function newJob(options: Partial<NewJob>): NewJob {
  return { id: uuidv7(), customer_id: customer, job_type_id: type, priority: 1, input_data: {}, ...options };
}

async function submitMany(count: number, owner = customer): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => newJob({ customer_id: owner }));
  await platform.jobs.submit(jobs, ROOM);
  return jobs.map((job) => job.id);
}

async function claimOne(id: string) {
  const claimed = await platform.jobs.setStarted(id, await createRunner(platform));
  if (!claimed) throw new Error(`job ${id} cannot be claimed`);
  return claimed;
}

/** `Outcome` without what `settle` fills in. */
type Ending = Outcome extends infer One ? (One extends unknown ? Omit<One, "id" | "attempt"> : never) : never;

async function settle(claimed: { id: string; attempt: number; lease_id: string }, ending: Ending) {
  return await platform.jobs.settle(
    [{ ...ending, id: claimed.id, attempt: claimed.attempt }],
    [claimed.lease_id],
  );
}

function outcomeOf(submitted: Submitted): string {
  return "job" in submitted ? "stored" : submitted.refused.code;
}
