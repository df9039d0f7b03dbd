import { beforeEach, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createTestApi, type TestApi } from "../../src/api/test-api.ts";
import { newId } from "../../src/core/lib/new-id.ts";
import { eraseCustomer, workOnErasure } from "../../src/core/use-cases/erase-customer.ts";
import { submitJob, submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { defineProcessor } from "../../src/processors/sdk/define-processor.ts";
import { connect, runSql } from "../support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../support/test-platform.ts";
import { startTestRunner, waitForEnd } from "../support/test-runner.ts";
import { upkeepTask } from "../support/upkeep.ts";
import { waitFor } from "../support/wait-for.ts";
import { createEndpoint } from "../support/webhooks.ts";
import { tablesOfText, tablesWith } from "../support/whole-database.ts";

/** Stands in everything that is known of the customer. No other text has it. */
const MARK = "Zzyxjane";

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi();
});

async function entriesOf(customer_id: string): Promise<unknown[]> {
  const { rows } = await runSql(
    api.databaseUrl,
    "SELECT to_jsonb(e) AS entry FROM wallet_entries e JOIN wallets w ON w.id = e.wallet_id WHERE w.customer_id = $1 ORDER BY seq",
    [customer_id],
  );
  return rows;
}

/** A customer with the mark in all that the platform can know of one. */
async function createMarked(): Promise<{ id: string; key: string; job_ids: string[] }> {
  const { platform } = api;
  const body = { name: `${MARK} Doe`, email: `${MARK}@example.com` };
  const { id } = (await api.ask("POST", "/customers", { body, headers: { "idempotency-key": MARK } })).body;
  await api.ask("POST", `/customers/${id}/wallet/top-ups`, {
    body: { amount_cents: 100, reference: "top-up 1" },
  });
  await api.ask("PATCH", `/customers/${id}/wallet`, { body: { low_balance_cents: 95 } });
  await api.ask("PATCH", `/customers/${id}`, { body: { name: `${MARK} Roe` } });
  const { api_key: key } = (
    await api.ask("POST", `/customers/${id}/api-keys`, { body: { name: `laptop of ${MARK}` } })
  ).body;
  await api.ask("POST", "/session", { key: null, body: { api_key: key } });
  await api.ask("POST", "/webhook-endpoints", {
    key,
    body: { url: `https://example.com/${MARK}`, events: ["job.finished"], description: MARK },
  });
  const processors = [
    defineProcessor({
      id: "tells",
      run: (input, context) => {
        context.log.info({ input }, `read what ${MARK} sent`);
        context.progress(0.5, `half of what ${MARK} sent`);
        return { of: MARK };
      },
    }),
    defineProcessor({
      id: "fails",
      run: () => {
        throw new Error(`cannot reach ${MARK}`);
      },
    }),
  ];
  startTestRunner(api, processors);
  const job_ids: string[] = [];
  for (const processing_logic_id of ["tells", "fails"]) {
    const job_type_id = await createJobType(platform, { processing_logic_id, max_attempts: 2 });
    const webhook = { url: `https://one-off.example/${MARK}` };
    const job = { job_type_id, input_data: { name: MARK }, webhook };
    const headers = { "idempotency-key": `${MARK} ${processing_logic_id}` };
    const { id: job_id } = (await api.ask("POST", "/jobs", { key, body: job, headers })).body;
    job_ids.push(job_id);
    await waitForEnd(platform, job_id);
  }
  await tellOperator(id, key);
  const bulk = { action: "retry", filter: { ids: job_ids }, dry_run: true };
  await api.ask("POST", "/bulk-actions", { key, body: bulk });
  const counting = upkeepTask(platform, "counting");
  await counting.runOnce();
  return { id, key, job_ids };
}

/** An endpoint of the customer is gone, which the operator is told; it answered with the mark, and was deleted. */
async function tellOperator(customer_id: string, key: string): Promise<void> {
  const { webhookDeliveries } = api.platform;
  await createEndpoint(api.platform, "https://example.com/operator", ["endpoint.disabled"]);
  const endpoint = { url: `https://example.com/${MARK}/gone`, events: ["job.finished"] };
  const { id } = (await api.ask("POST", "/webhook-endpoints", { key, body: endpoint })).body;
  await api.ask("POST", `/webhook-endpoints/${id}/test`, { key });
  const room = { max: 1, room: 1, rooms: new Map<string, number>(), after: undefined, only: id };
  const { claimed } = await webhookDeliveries.claim(room);
  const at = new Date().toISOString();
  const answer = { at, took_ms: 1, status: 410, error: null, headers: {}, body: `no ${MARK} here` };
  await webhookDeliveries.settle(
    claimed.map((delivery) => ({ delivery, kind: "failed", health: "gone", answer })),
  );
  await api.ask("DELETE", `/webhook-endpoints/${id}`, { key });
  const { rows } = await runSql(
    api.databaseUrl,
    "SELECT type, status FROM webhook_deliveries WHERE customer_id = $1 AND strpos(webhook_deliveries::text, $2) > 0 ORDER BY id",
    [customer_id, MARK],
  );
  expect(rows).toEqual([
    // Those of the webhooks that its jobs brought.
    { type: "job.finished", status: "pending" },
    { type: "job.finished", status: "pending" },
    { type: "job.finished", status: "failed" },
    { type: "endpoint.disabled", status: "pending" },
  ]);
}

describe("a customer that is erased", () => {
  test("is found in no table any more, and the ledger, its seals and the audit are what they were", async () => {
    const { platform, databaseUrl } = api;
    const { id, key, job_ids } = await createMarked();
    const other = await createCustomer(platform);
    await platform.seals.sealNext(undefined);
    const [before, sealed] = [await entriesOf(id), await platform.seals.verify()];
    // Where it stands before shows that the search finds it, and that this customer has all there is.
    expect(await tablesWith(databaseUrl, MARK)).toEqual([
      "api_keys",
      "customers",
      "failures",
      "job_log",
      "job_progress",
      "job_webhooks",
      "jobs",
      "operator_actions",
      "webhook_deliveries",
      "webhook_endpoints",
    ]);
    const preview = await api.ask("GET", `/customers/${id}/erasure`);
    expect(preview.body).toMatchObject({
      status: "preview",
      api_keys: 1,
      sessions: 1,
      jobs: 2,
      open_jobs: 0,
      entries: 2,
      balance_cents: 90,
    });
    expect((await api.ask("GET", "/me", { key })).status).toBe(200);

    const body = { confirm: id, forfeit: true };
    const started = await api.ask("POST", `/customers/${id}/erase`, { body });
    expect(started.body).toMatchObject({ status: "running", api_keys: 0, sessions: 0 });
    expect((await api.ask("GET", "/me", { key })).status).toBe(401);
    const erasures = upkeepTask(platform, "erasures");
    await waitFor(async () => {
      await erasures.runOnce();
      return (await api.ask("GET", `/customers/${id}/erasure`)).body.status === "done";
    });

    expect(await tablesWith(databaseUrl, MARK)).toEqual([]);
    expect(await platform.webhookEndpoints.list(id, { limit: 5 }, "one_off")).toEqual([]);
    const secrets = await runSql(databaseUrl, "SELECT FROM job_webhook_secrets");
    expect(secrets.rows).toEqual([]);
    const late = {
      job_type_id: newId(),
      input_data: null,
      customer_id: id,
      webhook: { url: "https://late.example" },
    };
    expect((await api.ask("POST", "/jobs", { body: late })).body.code).toBe("customer_inactive");
    expect((await api.ask("POST", `/customers/${id}/rotate-webhook-secret`)).body.code).toBe(
      "customer_erased",
    );
    // Of what was for its endpoint nothing is left either.
    expect(await tablesWith(databaseUrl, "job.finished")).toEqual([]);
    const { rows: told } = await runSql<{ id: string }>(
      databaseUrl,
      "SELECT id, type FROM webhook_deliveries",
    );
    expect(told).toMatchObject([{ type: "endpoint.disabled" }]);
    expect(await platform.webhookDeliveries.findTold(told[0]?.id ?? "")).toMatchObject({
      subject: { kind: "gone" },
    });
    const after = await entriesOf(id);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length)).toMatchObject([
      { entry: { kind: "adjustment", amount_cents: -90, balance_after_cents: 0, actor: "admin" } },
    ]);
    expect(await platform.seals.verify(sealed.links)).toEqual(sealed);
    expect(await brokenPromises(platform)).toEqual([]);
    const jobs = await platform.jobs.list({ customer_id: id }, { limit: 10 });
    expect(jobs.map((job) => job.id).toSorted()).toEqual(job_ids.toSorted());
    expect(jobs.map(({ status, cost_cents, input_data }) => [status, cost_cents, input_data])).toEqual([
      ["failed", null, {}],
      ["succeeded", 10, {}],
    ]);
    expect((await api.ask("GET", `/customers/${id}`)).body).toMatchObject({
      active: false,
      name: "Erased customer",
    });
    expect((await api.ask("GET", `/customers/${other}`)).body).toMatchObject({
      active: true,
      erased_at: null,
    });
    const [action] = (await api.ask("GET", `/operator-actions?action=eraseCustomer&limit=1`)).body.data;
    expect(action).toMatchObject({ operator_name: "admin", target_id: id, after: { status: "running" } });

    // Sent again, it changes nothing.
    const again = await api.ask("POST", `/customers/${id}/erase`, { body });
    expect(again.body).toMatchObject({ status: "done", jobs_erased: 2, balance_cents: 0 });
    expect(await entriesOf(id)).toEqual(after);
  });

  test("comes back by nothing", async () => {
    const { platform } = api;
    const id = await createCustomer(platform, 0);
    await eraseCustomer(platform, { customer_id: id, cancels_jobs: false, forfeits: false, actor: "test" });
    const job_type_id = await createJobType(platform, { standard_cost_cents: 0 });
    const answers = [
      await api.ask("PATCH", `/customers/${id}`, { body: { active: true } }),
      await api.ask("POST", `/customers/${id}/api-keys`, { body: {} }),
      await api.ask("POST", "/jobs", { body: { customer_id: id, job_type_id, input_data: 1 } }),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [409, "customer_erased"],
      [409, "customer_erased"],
      [403, "customer_inactive"],
    ]);
    await expect(
      runSql(api.databaseUrl, "UPDATE customers SET active = true WHERE id = $1", [id]),
    ).rejects.toThrow("customers_erased_stay");
  });

  test("is refused, with nothing changed, while jobs are open, money is left, or nobody confirms it", async () => {
    const { platform } = api;
    const id = await createCustomer(platform, 100);
    const job_type_id = await createJobType(platform);
    await submitJob(platform, { customer_id: id, job_type_id, input_data: 1 });
    const erase = async (body: object) => {
      const answer = await api.ask("POST", `/customers/${id}/erase`, { body });
      return `${answer.status} ${answer.body.code ?? ""}`;
    };
    expect(await erase({ forfeit: true, cancel_jobs: true })).toBe("422 validation_failed");
    expect(await erase({ confirm: uuidv7(), forfeit: true, cancel_jobs: true })).toBe(
      "422 validation_failed",
    );
    expect(await erase({ confirm: id, forfeit: true })).toBe("409 jobs_open");
    expect(await erase({ confirm: id, cancel_jobs: true })).toBe("409 balance_left");
    expect((await api.ask("GET", `/customers/${uuidv7()}/erasure`)).status).toBe(404);
    expect(await platform.customers.findById(id)).toMatchObject({ active: true, erased_at: null });
    const { rows } = await runSql(api.databaseUrl, "SELECT 1 FROM erasures");
    expect(rows).toEqual([]);
  });

  test("has its jobs cancelled, a running one too, and nothing of their holds is charged", async () => {
    const { platform } = api;
    const id = await createCustomer(platform, 100);
    const job_type_id = await createJobType(platform);
    const ids = [];
    for (let n = 0; n < 3; n += 1)
      ids.push((await submitJob(platform, { customer_id: id, job_type_id, input_data: MARK })).id);
    const runner_id = await createRunner(platform);
    const [running] = await platform.jobs.claim({ runner_id, ids: ids.slice(0, 1) });
    await eraseCustomer(platform, { customer_id: id, cancels_jobs: true, forfeits: true, actor: "test" });
    const erasure = await waitFor(async () => {
      const now = await workOnErasure(platform, id);
      return now.status === "done" && now;
    });
    expect(erasure).toMatchObject({ jobs_cancelled: 3, jobs_erased: 3, balance_cents: 0 });
    // The runner is late: what it brings is refused.
    const outcome = {
      id: running?.id ?? "",
      attempt: running?.attempt ?? 0,
      kind: "succeeded",
      output: MARK,
    } as const;
    expect(await platform.jobs.settle([outcome])).toMatchObject([{ reason: "stale" }]);
    expect(await tablesWith(api.databaseUrl, MARK)).toEqual([]);
    expect(await platform.wallets.findByCustomerId(id)).toMatchObject({
      current_balance_cents: 0,
      pending_charges_cents: 0,
    });
    expect(await brokenPromises(platform)).toEqual([]);
  });
});

/** What erasing does with what is in each table that may hold text. A new table needs a line here. */
const ERASES = {
  api_keys: "rows go",
  begun_actions: "what it was before goes",
  bulk_actions: "rows of the customer go",
  customers: "name, address and hash of the key go",
  failures: "rows of the customer go",
  job_log: "rows of its jobs go",
  job_progress: "rows of its jobs go",
  job_traces: "rows of its jobs go",
  job_webhook_secrets: "rows of the customer go",
  job_webhooks: "rows of its jobs go",
  jobs: "input, output and errors go",
  operator_actions: "before and after go",
  outbox: "rows of the customer go",
  sessions: "rows go with their keys",
  wallet_entries: "reference, reason and actor stay: they are sealed, and kept by law",
  webhook_batches: "those for its endpoints go; those of the operator have ids of jobs alone",
  webhook_deliveries: "those for its endpoints go; of those of the operator, what they told and got back",
  webhook_endpoints: "rows of the customer go",
  webhook_secrets: "rows go with their endpoints",
} as const;
const HAS_NOTHING_OF_CUSTOMERS = {
  erasures: "who gives the balance up is an operator",
  job_counts: "a currency",
  job_times: "a measure",
  job_types: "what operators sell",
  last_audit: "ids",
  operators: "who operates",
  price_history: "a currency",
  processor_schemas: "what processors take",
  runners: "hosts and processors",
  schema_functions: "the schema",
  schema_migrations: "the schema",
  wallet_seals: "hashes",
  wallets: "a currency",
} as const;

test("no table has text of which nobody has decided what an erasure does with it", async () => {
  const tables = (await tablesOfText(api.databaseUrl)).map(({ name }) => name);
  expect(tables).toEqual(Object.keys({ ...ERASES, ...HAS_NOTHING_OF_CUSTOMERS }).toSorted());
});

describe("an erasure", () => {
  test("that is killed in the middle of a batch goes on, in several processes at once", async () => {
    const { platform, databaseUrl } = api;
    const customer_id = await createCustomer(platform, 0);
    const job_type_id = await createJobType(platform, { standard_cost_cents: 0 });
    for (const count of [700, 700])
      await submitJobs(
        platform,
        Array.from({ length: count }, () => ({ customer_id, job_type_id, input_data: MARK })),
      );
    await eraseCustomer(platform, { customer_id, cancels_jobs: true, forfeits: false, actor: "test" });
    const killed = await connect(databaseUrl);
    await killed.query("BEGIN");
    await killed.query("SELECT advance_erasure($1, 500)", [customer_id]);
    // While it is at it, nobody else is.
    expect(await platform.erasures.advance(customer_id)).toBe(false);
    await killed.end();
    // Transactions of other tests on this server are waited for as well.
    const cancelled = await waitFor(async () => {
      await platform.erasures.advance(customer_id);
      return (await platform.erasures.find(customer_id))?.jobs_cancelled;
    });
    expect(cancelled).toBe(500);

    const elsewhere = (await createTestPlatform({ databaseUrl })).platform;
    const tasks = [platform, elsewhere].map((one) => upkeepTask(one, "erasures"));
    const erasure = await waitFor(async () => {
      await Promise.all(tasks.map((task) => task.runOnce()));
      const now = await platform.erasures.find(customer_id);
      return now?.status === "done" && now;
    });
    expect(erasure).toMatchObject({ jobs_cancelled: 1_400, jobs_erased: 1_400 });
    expect(await tablesWith(databaseUrl, MARK)).toEqual([]);
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("deletes what waits for its endpoints, however much it is, and nothing of others", async () => {
    const { platform, databaseUrl } = api;
    const customer_id = await createCustomer(platform, 0);
    const own = await createEndpoint(platform, "https://example.com/", ["job.finished"], customer_id);
    const other = await createEndpoint(platform, "https://example.com/", ["job.finished"]);
    await runSql(
      databaseUrl,
      `INSERT INTO webhook_batches (endpoint_id, types, job_ids)
       SELECT e, '{job.finished}', ARRAY[gen_random_uuid()]
         FROM unnest($1::uuid[]) e CROSS JOIN generate_series(1, 1200)`,
      [[own.id, other.id]],
    );
    await eraseCustomer(platform, { customer_id, cancels_jobs: false, forfeits: false, actor: "test" });
    await waitFor(async () => {
      await platform.erasures.advance(customer_id);
      return (await platform.erasures.find(customer_id))?.status === "done";
    });
    const { rows } = await runSql(
      databaseUrl,
      "SELECT endpoint_id AS of, count(*)::int AS batches FROM webhook_batches WHERE endpoint_id = ANY ($1) GROUP BY 1",
      [[own.id, other.id]],
    );
    expect(rows).toEqual([{ of: other.id, batches: 1_200 }]);
    expect(await platform.webhookEndpoints.findById(own.id)).toBeUndefined();
    await platform.webhookEndpoints.delete(other.id);
  });

  test("waits for a submission that saw the customer active, and erases its job, too", async () => {
    const { platform, databaseUrl } = api;
    const customer_id = await createCustomer(platform, 0);
    const job_type_id = await createJobType(platform, { standard_cost_cents: 0 });
    const late = await connect(databaseUrl);
    await late.query("BEGIN");
    // submit_jobs does this before it looks whether the customer is active.
    await late.query("SELECT pg_current_xact_id()");
    await eraseCustomer(platform, { customer_id, cancels_jobs: true, forfeits: false, actor: "test" });
    expect(await workOnErasure(platform, customer_id)).toMatchObject({ waits_for: "transactions", jobs: 0 });
    // And this after it.
    await late.query(
      "WITH made AS (INSERT INTO jobs (id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, max_attempts) VALUES ($1, $2, $3, 1, to_jsonb($4::text), 0, 1) RETURNING *) INSERT INTO job_queue (priority, job_id, customer_id, job_type_id) SELECT priority, id, customer_id, job_type_id FROM made",
      [newId(), customer_id, job_type_id, MARK],
    );
    expect(await workOnErasure(platform, customer_id)).toMatchObject({ waits_for: "transactions", jobs: 0 });
    await late.query("COMMIT");
    const erasure = await waitFor(async () => {
      const now = await workOnErasure(platform, customer_id);
      return now.status === "done" && now;
    });
    expect(erasure).toMatchObject({ jobs: 1, jobs_cancelled: 1, jobs_erased: 1 });
    expect(await tablesWith(databaseUrl, MARK)).toEqual([]);
  });

  test("gives up a balance whose ledger has an entry with the reference of an erasure", async () => {
    const { platform } = api;
    const id = await createCustomer(platform, 100);
    const adjusted = await api.ask("POST", `/customers/${id}/wallet/adjustments`, {
      body: { amount_cents: -10, reference: "erasure", reason: "a test" },
    });
    expect(adjusted.status).toBe(201);
    await eraseCustomer(platform, { customer_id: id, cancels_jobs: false, forfeits: true, actor: "test" });
    const erasure = await waitFor(async () => {
      const now = await workOnErasure(platform, id);
      return now.status === "done" && now;
    });
    expect(erasure).toMatchObject({ balance_cents: 0 });
    expect(await brokenPromises(platform)).toEqual([]);
  });

  test("that fails holds up no other one", async () => {
    const { platform, databaseUrl } = api;
    const [failing, other] = [await createCustomer(platform, 0), await createCustomer(platform, 0)];
    for (const customer_id of [failing, other])
      await eraseCustomer(platform, { customer_id, cancels_jobs: false, forfeits: false, actor: "test" });
    await runSql(
      databaseUrl,
      `ALTER TABLE wallets ADD CONSTRAINT broken CHECK (customer_id <> '${failing}' OR credit_limit_cents > 0) NOT VALID`,
    );
    let failures = 0;
    await waitFor(async () => {
      await platform.erasures.advanceNext().catch(() => (failures += 1));
      return failures > 0 && (await platform.erasures.find(other))?.status === "done";
    });
    expect(await platform.erasures.find(failing)).toMatchObject({ status: "running" });
  });
});
