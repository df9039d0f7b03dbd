import { once } from "node:events";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { atTheEnd } from "../../../../test/support/cleanup.ts";
import { createGate } from "../../../../test/support/gate.ts";
import { createCustomer, createJobType, createTestPlatform } from "../../../../test/support/test-platform.ts";
import { startTestRunner } from "../../../../test/support/test-runner.ts";
import { runSql } from "../../../../test/support/sql.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { cancelJob } from "../../../core/use-cases/cancel-job.ts";
import { defineProcessor } from "../../../processors/sdk/define-processor.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let key: string;
let quick: string;
let stuck: string;
let url: string;
const gate = createGate();

beforeAll(async () => {
  api = await createTestApi();
  const customer_id = await createCustomer(api.platform);
  key = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
  quick = await createJobType(api.platform, { processing_logic_id: "quick" });
  stuck = await createJobType(api.platform, { processing_logic_id: "stuck" });
  // A platform of its own: what it tells reaches the API through PostgreSQL alone.
  const runner = await createTestPlatform({ databaseUrl: api.databaseUrl });
  startTestRunner(runner, [
    defineProcessor({ id: "quick", run: (input) => ({ got: input }) }),
    defineProcessor({
      id: "stuck",
      run: async (_input, { signal }) => {
        await Promise.race([gate.opened, once(signal, "abort")]);
      },
    }),
  ]);
  url = await api.api.listen({ host: "127.0.0.1", port: 0 });
  atTheEnd(async () => gate.open());
});

// Nothing of the test before is open, and no slot is taken.
beforeEach(() => cancelAll());

const submit = async (job_type_id: string, prefer: string, headers: Record<string, string> = {}) =>
  await api.ask("POST", "/jobs", {
    key,
    body: { job_type_id, input_data: 7 },
    headers: { prefer, ...headers },
  });

describe("Prefer: wait", () => {
  test("answers with the job when it has ended", async () => {
    const { status, headers, body } = await submit(quick, "wait=30");
    expect(status).toBe(201);
    expect(headers["preference-applied"]).toBe("wait=30");
    expect(headers.location).toBe(`/jobs/${body.id}`);
    expect(body).toMatchObject({ status: "succeeded", output_data: { got: 7 }, cost_cents: 10 });
  });

  test("hears of the end as it comes, and does not poll for it", async () => {
    const took_ms: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const since = performance.now();
      expect((await submit(quick, "wait=30")).body.status).toBe("succeeded");
      took_ms.push(performance.now() - since);
    }
    // Without a word of the runner it would look again after 2 s.
    expect(Math.min(...took_ms)).toBeLessThan(1_000);
  });

  test("answers with the job as it is when the time is up", async () => {
    const since = performance.now();
    const { status, headers, body } = await submit(stuck, "wait=1");
    expect(status).toBe(201);
    expect(headers["preference-applied"]).toBe("wait=1");
    expect(["pending", "running"]).toContain(body.status);
    expect(performance.now() - since).toBeGreaterThanOrEqual(1_000);
  });

  test("is cut to a minute, and 0 waits for nothing", async () => {
    expect((await submit(quick, "wait=3600")).headers["preference-applied"]).toBe("wait=60");
    expect((await submit(stuck, "wait=0")).headers["preference-applied"]).toBe("wait=0");
  });

  test.each(["wait=soon", "wait=-1", "wait=1.5", "wait"])("ignores what is no time: %s", async (prefer) => {
    const { status, headers, body } = await submit(stuck, prefer);
    expect(status).toBe(201);
    expect(headers["preference-applied"]).toBeUndefined();
    expect(headers["preference-ignored"]).toContain("wait");
    expect(body.completed_at).toBeNull();
  });

  test("is for one submission, not for a batch", async () => {
    const { headers } = await api.ask("POST", "/jobs/batch", {
      key,
      body: { jobs: [{ job_type_id: stuck, input_data: {} }] },
      headers: { prefer: "wait=5" },
    });
    expect(headers["preference-ignored"]).toBe("wait=5");
  });

  test("holds for a request that is sent again", async () => {
    const again = { "idempotency-key": "wait-1" };
    const first = await submit(quick, "wait=30", again);
    const second = await submit(quick, "wait=30", again);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
  });

  test("does not wait for a submission that is refused", async () => {
    const { status } = await api.ask("POST", "/jobs", {
      key,
      body: { job_type_id: stuck },
      headers: { prefer: "wait=60" },
    });
    expect(status).toBe(422);
  });

  test("hears of a cancel", async () => {
    const waiting = submit(stuck, "wait=60");
    await waitFor(async () => (await openJobs()).length === 1, { describe: "the job" });
    const since = performance.now();
    await cancelAll();
    expect((await waiting).body.status).toBe("cancelled");
    expect(performance.now() - since).toBeLessThan(30_000);
  });

  test("one connection listens for any number of waiting requests", async () => {
    const waiting = Array.from({ length: 50 }, () => submit(stuck, "wait=60"));
    const listening =
      "SELECT count(*)::int AS listening FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'iep listen'";
    await waitFor(async () => (await openJobs()).length === 50, { describe: "50 open jobs" });
    const { rows } = await runSql<{ listening: number }>(api.databaseUrl, listening);
    // One of the API, one of the runner.
    expect(rows[0]?.listening).toBeLessThanOrEqual(2);
    await cancelAll();
    for (const one of waiting) expect((await one).body.status).toBe("cancelled");
  });

  test("a client that hangs up is forgotten, and its job goes on", async () => {
    const stop = new AbortController();
    const gone = fetch(`${url}/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", prefer: "wait=60" },
      body: JSON.stringify({ job_type_id: stuck, input_data: {} }),
      signal: stop.signal,
    }).catch((error: unknown) => error);
    await waitFor(async () => (await openJobs()).length === 1, { describe: "the job" });
    stop.abort();
    expect(await gone).toBeInstanceOf(Error);
    expect(await openJobs()).toHaveLength(1);
  });

  test("stopping the API answers who waits, with the job as it is", async () => {
    const waiting = fetch(`${url}/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", prefer: "wait=60" },
      body: JSON.stringify({ job_type_id: stuck, input_data: {} }),
    });
    await waitFor(async () => (await openJobs()).length === 1, { describe: "the job" });
    const since = performance.now();
    await api.api.close();
    expect((await waiting).status).toBe(201);
    expect(performance.now() - since).toBeLessThan(8_000);
  });
});

async function openJobs(): Promise<string[]> {
  const { rows } = await runSql<{ id: string }>(
    api.databaseUrl,
    "SELECT id FROM jobs WHERE completed_at IS NULL",
  );
  return rows.map(({ id }) => id);
}

async function cancelAll(): Promise<void> {
  for (const id of await openJobs()) await cancelJob(api.platform, id);
}
