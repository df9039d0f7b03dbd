import { readFile } from "node:fs/promises";
import { v7 as uuidv7 } from "uuid";
import { describe, expect, test } from "vitest";
import { connect, runSql } from "../../../test/support/sql.ts";
import { countOf, createEnding, WIDE_ROOM } from "../../../test/support/webhook-batches.ts";
import { createTestPlatform, type TestPlatform } from "../../../test/support/test-platform.ts";
import { createEndpoint, createSender } from "../../../test/support/webhooks.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { WEBHOOK_BATCH_JOBS_MAX } from "../../core/model/limits.ts";

const URL_OF_NOBODY = "http://127.0.0.1:9/";
/** Jobs that ended for an endpoint which took nothing, in full batches. Each has two events. */
const BACKLOG = 100_000;

const open = async (): Promise<TestPlatform> => await createTestPlatform({ webhookAllowPrivate: true });

/** Batches of jobs that retention has deleted since. */
async function addBacklog(databaseUrl: string, endpoint: string, jobs: number): Promise<void> {
  await runSql(
    databaseUrl,
    `INSERT INTO webhook_batches (endpoint_id, types, job_ids)
     SELECT $1, '{job.failed,job.finished}', array(SELECT gen_random_uuid() FROM generate_series(1, $2) WHERE b > 0)
       FROM generate_series(1, $3) b`,
    [endpoint, WEBHOOK_BATCH_JOBS_MAX, jobs / WEBHOOK_BATCH_JOBS_MAX],
  );
}

describe("ended jobs", () => {
  test("of one settle are a batch for each endpoint and way of ending, of 100 jobs at most", async () => {
    const { platform, databaseUrl } = await open();
    const [ada, bob] = [await createEnding(platform), await createEnding(platform)];
    const all = await createEndpoint(platform, URL_OF_NOBODY, ["job.succeeded", "job.finished"]);
    const failed = await createEndpoint(platform, URL_OF_NOBODY, ["job.failed"]);
    const own = await createEndpoint(platform, URL_OF_NOBODY, ["job.finished"], ada.customer_id);
    const jobs = [...(await ada.start(240)), ...(await bob.start(10))];
    await ada.settle(jobs, (n) => (n % 25 === 0 ? "failed" : "succeeded"));
    const { rows } = await runSql(
      databaseUrl,
      `SELECT endpoint_id AS of, types, array_agg(cardinality(job_ids) ORDER BY cardinality(job_ids) DESC) AS jobs
         FROM webhook_batches GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    // In the order in which they were created.
    expect(rows).toEqual([
      { of: all.id, types: ["job.finished"], jobs: [10] },
      { of: all.id, types: ["job.succeeded", "job.finished"], jobs: [100, 100, 40] },
      { of: failed.id, types: ["job.failed"], jobs: [10] },
      { of: own.id, types: ["job.finished"], jobs: [100, 100, 30, 10] },
    ]);
    expect(await countOf(databaseUrl, "webhook_deliveries")).toBe(0);
    // An event each; two of a success for the first.
    const { webhookEndpoints } = platform;
    const waiting = await Promise.all([all, failed, own].map(({ id }) => webhookEndpoints.findById(id)));
    expect(waiting.map((one) => one?.waiting_events)).toEqual([2 * 240 + 10, 10, 240]);
  });

  test("become deliveries no sooner than they can be sent, oldest first, with the time of their end", async () => {
    const { platform, databaseUrl } = await open();
    const ada = await createEnding(platform);
    const { id } = await createEndpoint(platform, URL_OF_NOBODY, ["job.finished"], ada.customer_id);
    for (let n = 0; n < 4; n += 1) await ada.settle(await ada.start(30));
    const { claimed } = await platform.webhookDeliveries.claim({ ...WIDE_ROOM, room: 40 });
    expect(claimed).toHaveLength(40);
    expect(await countOf(databaseUrl, "webhook_deliveries")).toBe(60);
    expect((await platform.webhookEndpoints.findById(id))?.waiting_events).toBe(60);
    const { rows } = await runSql(
      databaseUrl,
      `SELECT count(*)::int AS n, count(DISTINCT j.completed_at)::int AS ends
         FROM webhook_deliveries d
         JOIN jobs j ON j.id = d.job_id AND j.customer_id = d.customer_id AND j.completed_at = d.created_at
        WHERE d.id BETWEEN id_at(j.completed_at) AND id_at(j.completed_at + interval '2 ms')`,
    );
    expect(rows).toEqual([{ n: 60, ends: 2 }]);
    // What is due is enough: nothing more is made.
    expect((await platform.webhookDeliveries.claim({ ...WIDE_ROOM, room: 20 })).claimed).toHaveLength(20);
    expect(await countOf(databaseUrl, "webhook_deliveries")).toBe(60);
  });

  test("wait for an endpoint that is disabled, and for nobody when it was deleted", async () => {
    const { platform, databaseUrl } = await open();
    const ada = await createEnding(platform);
    const { id } = await createEndpoint(platform, URL_OF_NOBODY, ["job.finished"], ada.customer_id);
    await ada.settle(await ada.start(3));
    await platform.webhookEndpoints.update(id, { enabled: false });
    await ada.settle(await ada.start(3));
    expect((await platform.webhookDeliveries.claim(WIDE_ROOM)).claimed).toEqual([]);
    expect((await platform.webhookEndpoints.findById(id))?.waiting_events).toBe(3);
    await platform.webhookEndpoints.update(id, { enabled: true });
    expect((await platform.webhookDeliveries.claim({ ...WIDE_ROOM, room: 1 })).claimed).toHaveLength(1);
    await ada.settle(await ada.start(3));
    await platform.webhookEndpoints.delete(id);
    await platform.webhookDeliveries.claim(WIDE_ROOM);
    expect(await countOf(databaseUrl, "webhook_batches")).toBe(0);
  });

  test("are deliveries again when the step that brought batches is taken back", async () => {
    const { platform, databaseUrl } = await open();
    const ada = await createEnding(platform);
    const events = ["job.succeeded", "job.finished"] as const;
    const { id } = await createEndpoint(platform, URL_OF_NOBODY, events, ada.customer_id);
    const jobs = (await ada.settle(await ada.start(5))).toSorted();
    const step = new URL("../../../migrations/2026-11-27-000042_webhook_batches/down.sql", import.meta.url);
    await runSql(databaseUrl, await readFile(step, "utf8"));
    const { rows } = await runSql(
      databaseUrl,
      `SELECT b.type, a.type AS after, array_agg(b.job_id ORDER BY b.job_id) AS jobs
         FROM webhook_deliveries b LEFT JOIN webhook_deliveries a ON a.id = b.after_id AND a.job_id = b.job_id
        WHERE b.endpoint_id = $1 AND b.customer_id = $2
        GROUP BY 1, 2 ORDER BY 1`,
      [id, ada.customer_id],
    );
    expect(rows).toEqual([
      { type: "job.finished", after: "job.succeeded", jobs },
      { type: "job.succeeded", after: null, jobs },
    ]);
  });
});

describe("a backlog of an endpoint that is dead", () => {
  test("costs the others one hop, and few rows", async () => {
    const { platform, databaseUrl } = await open();
    const ada = await createEnding(platform);
    const dead = await createEndpoint(platform, URL_OF_NOBODY, ["job.failed", "job.finished"]);
    await ada.settle(await ada.start(300));
    const alive = await createEndpoint(platform, URL_OF_NOBODY, ["job.finished"], ada.customer_id);
    await runSql(
      databaseUrl,
      "UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = 'by_hand'",
    );
    await platform.webhookEndpoints.update(alive.id, { enabled: true });
    const client = await connect(databaseUrl);
    const blocks = async (): Promise<number> => {
      await ada.settle(await ada.start(1));
      const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: { "Shared Hit Blocks": number } }] }>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
         SELECT * FROM claim_webhooks(NULL, NULL, 200, 4, '{}', '{}', '45 seconds')`,
      );
      return rows[0]?.["QUERY PLAN"][0].Plan["Shared Hit Blocks"] ?? 0;
    };
    await blocks();
    const before = await blocks();
    await addBacklog(databaseUrl, dead.id, BACKLOG);
    await blocks();
    expect(await blocks()).toBeLessThanOrEqual(before + 20);
    expect((await platform.webhookEndpoints.findById(dead.id))?.waiting_events).toBe(300 + 2 * BACKLOG);
    expect(await countOf(databaseUrl, "webhook_batches")).toBe(3 + BACKLOG / WEBHOOK_BATCH_JOBS_MAX);

    // It is tried until it has failed often enough, then with one delivery at a time.
    await platform.webhookEndpoints.update(dead.id, { enabled: true });
    const sender = createSender(platform);
    for (let probe = 0; probe < 3; probe += 1) {
      await waitFor(async () => {
        await sender.round();
        return sender.underWay === 0 && (await platform.webhookEndpoints.findById(dead.id))?.paused_until;
      });
      await runSql(databaseUrl, "UPDATE webhook_endpoints SET paused_until = now() WHERE failures > 0");
      await sender.round();
    }
    const { rows } = await runSql<{ n: number }>(
      databaseUrl,
      "SELECT count(*)::int AS n FROM webhook_deliveries WHERE endpoint_id = $1",
      [dead.id],
    );
    expect(rows[0]?.n).toBeLessThanOrEqual(4 * WEBHOOK_BATCH_JOBS_MAX);
  });

  test("is deleted after 30 days", async () => {
    const { platform, databaseUrl } = await open();
    await addBacklog(databaseUrl, uuidv7(), 300);
    await runSql(
      databaseUrl,
      "UPDATE webhook_batches SET created_at = now() - make_interval(days => 27 + id::int)",
    );
    expect(await platform.forgetExpired()).toBe(false);
    expect(await countOf(databaseUrl, "webhook_batches")).toBe(2);
  });

  test("is what the figure of late webhooks tells of, unless its endpoint takes none", async () => {
    const { platform, databaseUrl } = await open();
    const { id } = await createEndpoint(platform, URL_OF_NOBODY, ["job.finished"]);
    await addBacklog(databaseUrl, id, 100);
    await runSql(databaseUrl, "UPDATE webhook_batches SET created_at = now() - interval '1 hour'");
    const late = async (): Promise<number> => (await platform.gauges.queue()).webhook_backlog_seconds;
    expect(await late()).toBeGreaterThanOrEqual(3_600);
    await platform.webhookEndpoints.update(id, { enabled: false });
    expect(await late()).toBe(0);
  });
});
