import { beforeAll, describe, expect, test } from "vitest";
import { openPage, startBrowser } from "../support/chromium.ts";
import { runSql } from "../support/sql.ts";
import { percentile } from "../support/load.ts";
import { createCustomer, createJobType } from "../support/test-platform.ts";
import { ADMIN_KEY, createTestApi, type TestApi } from "../../src/api/test-api.ts";

// A list takes the same little time however many jobs there are. The short run has fewer of them.

const JOBS = process.env["LONG_TESTS"] === "1" ? 1_000_000 : 60_000;
/** One job of so many failed, was cancelled, runs or waits. All others succeeded. */
const RARE = 20_000;
const PAGE_MAX_MS = 100;
const COUNTS_MAX_MS = 100;
const INTERACTIVE_MAX_MS = 1_000;

let api: TestApi;
let customer_id: string;
let few_id: string;
let job_type_id: string;

beforeAll(async () => {
  api = await createTestApi();
  customer_id = await createCustomer(api.platform);
  few_id = await createCustomer(api.platform);
  job_type_id = await createJobType(api.platform, { standard_cost_cents: 0 });
  await fill();
});

/** As if the jobs had ended in the last hours and been counted: written in bulk, past the triggers. */
async function fill(): Promise<void> {
  await runSql(
    api.databaseUrl,
    `SET session_replication_role = replica;
     INSERT INTO jobs (id, customer_id, job_type_id, status, priority, input_data, estimated_cost_cents, cost_cents, created_at, started_at, completed_at, attempt, max_attempts, error, runner_id)
     SELECT (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
            CASE WHEN n % 1000 = 0 THEN '${few_id}'::uuid ELSE '${customer_id}'::uuid END,
            '${job_type_id}', s, 1, '{"text": "The quick brown fox jumps over the lazy dog"}', 0,
            CASE WHEN s = 'succeeded' THEN 0 END, t, CASE WHEN s <> 'pending' THEN t END,
            CASE WHEN s NOT IN ('pending', 'running') THEN t END, CASE WHEN s = 'pending' THEN 0 ELSE 1 END, 3,
            CASE WHEN s = 'failed' THEN '{"code": "attempt_failed", "message": "no"}'::jsonb END,
            CASE WHEN s <> 'pending' THEN '00000000-0000-0000-0000-000000000001'::uuid END
       FROM (
         SELECT n, now() - n * interval '10 ms' AS t,
                lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - n * 10), 12, '0') AS h,
                CASE n % ${RARE}
                  WHEN ${RARE - 1} THEN 'failed' WHEN ${RARE - 2} THEN 'cancelled'
                  WHEN ${RARE - 3} THEN 'running' WHEN ${RARE - 4} THEN 'pending' ELSE 'succeeded'
                END::job_status AS s
           FROM generate_series(1, ${JOBS}) n
       ) g;
     INSERT INTO unsuccessful_jobs SELECT status, id, customer_id, job_type_id FROM jobs WHERE status IN ('failed', 'cancelled');
     INSERT INTO job_queue (priority, job_id, customer_id, job_type_id) SELECT priority, id, customer_id, job_type_id FROM jobs WHERE status = 'pending';
     INSERT INTO leases (id, runner_id, job_ids) SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000001', array_agg(id) FROM jobs WHERE status = 'running';
     ANALYZE`,
  );
}

async function timed(path: string): Promise<{ ms: number; body: { data: { status: string }[] } }> {
  const times: number[] = [];
  let body;
  for (let n = 0; n < 5; n += 1) {
    const started_at = performance.now();
    const answer = await api.ask("GET", path);
    times.push(performance.now() - started_at);
    expect(answer.status).toBe(200);
    ({ body } = answer);
  }
  return { ms: percentile(times, 0.5), body };
}

describe(`a list of ${JOBS.toLocaleString("en")} jobs`, () => {
  const expected = JOBS / RARE;

  test.each(["failed", "cancelled", "running", "pending"])("finds the rare ones: %s", async (status) => {
    const { ms, body } = await timed(`/jobs?status=${status}&limit=50`);
    console.log(`${JOBS} jobs, status=${status}: ${ms.toFixed(1)} ms`);
    expect(body.data.map((job) => job.status)).toEqual(
      Array.from({ length: Math.min(50, expected) }, () => status),
    );
    expect(ms).toBeLessThan(PAGE_MAX_MS);
    const own = await timed(`/jobs?status=${status}&customer_id=${customer_id}&limit=50`);
    expect(own.body.data).toEqual(body.data);
    expect(own.ms).toBeLessThan(PAGE_MAX_MS);
    const none = await timed(`/jobs?status=${status}&customer_id=${few_id}&limit=50`);
    expect(none.body.data).toEqual([]);
    expect(none.ms).toBeLessThan(PAGE_MAX_MS);
  });

  test("is shown by the dashboard in less than a second", async () => {
    const url = await api.api.listen({ host: "127.0.0.1", port: 0 });
    const browser = await startBrowser();
    const { page } = await openPage(browser);
    await page.goto(`${url}/dashboard/jobs`);
    await page.getByLabel("API key").fill(ADMIN_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("tbody tr").first().waitFor();
    for (const [query, status] of [
      ["", "succeeded"],
      ["?status=failed", "failed"],
      ["?status=pending", "pending"],
    ]) {
      const started_at = performance.now();
      await page.goto(`${url}/dashboard/jobs${query}`, { waitUntil: "commit" });
      await page.locator(`tbody .badge.${status}`).first().waitFor();
      await page.getByRole("button", { name: "Columns" }).click();
      const ms = performance.now() - started_at;
      console.log(`${JOBS} jobs, page ${query || "of all"}: interactive in ${ms.toFixed(0)} ms`);
      expect(ms).toBeLessThan(INTERACTIVE_MAX_MS);
    }
    await page.close();
  });

  test("is paged through by a rare status, without a gap", async () => {
    const ids: string[] = [];
    let cursor = "";
    do {
      const { body } = await api.ask("GET", `/jobs?status=failed&limit=2${cursor && `&cursor=${cursor}`}`);
      ids.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor ?? "";
    } while (cursor !== "");
    expect(ids).toEqual(ids.toSorted().toReversed());
    expect(new Set(ids).size).toBe(expected);
  });

  test.each(["", "?customer_id=all", "?customer_id=few", "?job_type_id=one"])(
    "is counted by status in little time: %s",
    async (query) => {
      const filter = query.replace("all", customer_id).replace("few", few_id).replace("one", job_type_id);
      const times: number[] = [];
      let body;
      for (let n = 0; n < 5; n += 1) {
        const started_at = performance.now();
        ({ body } = await api.ask("GET", `/jobs/counts${filter}`));
        times.push(performance.now() - started_at);
      }
      const ms = percentile(times, 0.5);
      console.log(`${JOBS} jobs, counts${query}: ${ms.toFixed(1)} ms`);
      expect(ms).toBeLessThan(COUNTS_MAX_MS);
      const rare = { jobs: query.includes("few") ? 0 : expected, more: false };
      const succeeded = query.includes("few") ? JOBS / 1_000 : 1_000;
      expect(body).toEqual({
        pending: rare,
        running: rare,
        succeeded: { jobs: Math.min(1_000, succeeded), more: !query.includes("few") },
        failed: rare,
        cancelled: rare,
      });
    },
  );
});
