import { expect, test } from "vitest";
import type { BulkAction } from "../../src/core/model/bulk-action.ts";
import { createTestDatabase } from "../support/database.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { runSql } from "../support/sql.ts";
import { expectCleanAudit, postCustomer, postJobType, startApi, startRunner } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const JOBS = 4_000;

test("a runner is killed -9 in the middle of a bulk retry: another goes on, and each job is retried once", async () => {
  const environment = { DATABASE_URL: (await createTestDatabase()).url };
  const { request } = await startApi(environment);
  const customer_id = await postCustomer(request, "Bulk", 1_000_000);
  // Nobody serves it: the new jobs wait, so that runners are busy with the bulk action alone.
  const job_type_id = await postJobType(request, {
    name: "Later",
    processing_logic_id: "test.later",
    standard_cost_cents: 5,
  });
  // Written straight into the table, because to fail so many jobs one by one takes long.
  await runSql(
    environment.DATABASE_URL,
    `INSERT INTO jobs (id, customer_id, job_type_id, status, priority, input_data, estimated_cost_cents, completed_at, max_attempts)
     SELECT ('019ab1f0-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, $2, 'failed', 1, '{}', 5, now(), 1
       FROM generate_series(1, ${JOBS}) n`,
    [customer_id, job_type_id],
  );
  const created = await request<BulkAction>("POST", "/bulk-actions", {
    action: "retry",
    filter: { customer_id },
  });
  expect(created.body).toMatchObject({ status: "running", expected: { matched: JOBS, jobs: JOBS } });
  const progress = async () => (await request<BulkAction>("GET", `/bulk-actions/${created.body.id}`)).body;

  const first = await startRunner(environment);
  await waitFor(async () => (await progress()).jobs > 0);
  first.signal("SIGKILL");
  await first.exited;
  const killed = await progress();
  expect(killed.status).toBe("running");
  expect(killed.jobs).toBeLessThan(JOBS);

  await startRunner(environment);
  const done = await waitFor(
    async () => {
      const now = await progress();
      return now.status === "done" && now;
    },
    { timeoutMs: PATIENCE_MS },
  );
  expect(done).toMatchObject({ seen: JOBS, jobs: JOBS, skips: [] });
  const { rows } = await runSql(
    environment.DATABASE_URL,
    "SELECT count(*)::int AS retries, count(DISTINCT retry_of)::int AS retried FROM jobs WHERE retry_of IS NOT NULL",
  );
  expect(rows).toEqual([{ retries: JOBS, retried: JOBS }]);
  await expectCleanAudit(environment);
});
