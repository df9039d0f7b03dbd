import { expect, test } from "vitest";
import { runSql } from "../../../test/support/sql.ts";
import { createCustomer, createJobType, createTestPlatform } from "../../../test/support/test-platform.ts";
import { createEndpoint } from "../../../test/support/webhooks.ts";
import { WEBHOOK_REPLAY_MAX } from "../../core/model/limits.ts";
import { submitJob } from "../../core/use-cases/submit-jobs.ts";
import { webhookBody } from "../../core/use-cases/webhook-body.ts";

const ROOM = { max: 10, room: 10, rooms: new Map<string, number>(), after: undefined };

test("a claim leaves in the database what is too large for an event, and tells that it did", async () => {
  const { platform, databaseUrl } = await createTestPlatform({ webhookAllowPrivate: true });
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  await createEndpoint(platform, "http://127.0.0.1:9/", ["job.cancelled"], customer_id);
  // PostgreSQL writes the last two with a blank after each comma: 6,000 and 9,000 bytes.
  const ofBytes = (bytes: number): number[] => Array.from({ length: bytes / 2 }, () => 1);
  for (const input_data of ["a".repeat(100_000), ofBytes(4_000), ofBytes(6_000)]) {
    const { id } = await submitJob(platform, { customer_id, job_type_id, input_data });
    await platform.jobs.cancel(id);
  }
  await runSql(databaseUrl, "UPDATE jobs SET output_data = to_jsonb('ok'::text)");
  const { claimed } = await platform.webhookDeliveries.claim(ROOM);
  const told = claimed.map((delivery) => ({
    read: delivery.subject.kind === "job" && delivery.subject.job.input_data !== null,
    data: JSON.parse(webhookBody(delivery, delivery.subject) ?? "{}").data,
  }));
  expect(told).toMatchObject([
    { read: false, data: { input_data: null, output_data: "ok", omitted: ["input_data"] } },
    { read: true, data: { input_data: ofBytes(4_000), output_data: "ok", omitted: [] } },
    { read: false, data: { input_data: null, omitted: ["input_data"] } },
  ]);
});

test("replays of more than one can take go on where the one before ended, and end", async () => {
  const { platform, databaseUrl } = await createTestPlatform({ webhookAllowPrivate: true });
  const { id } = await createEndpoint(platform, "http://127.0.0.1:9/", ["job.cancelled"]);
  const add =
    "INSERT INTO webhook_deliveries (id, endpoint_id, type, data, status) SELECT new_event_id(), $1,";
  const count = WEBHOOK_REPLAY_MAX + 500;
  // All are of one transaction, so of one created_at.
  await runSql(databaseUrl, `${add} 'job.cancelled', '{}', 'delivered' FROM generate_series(1, $2)`, [
    id,
    count,
  ]);
  const { webhookDeliveries } = platform;
  const first = await webhookDeliveries.replay(id, "2026-01-01T00:00:00Z", true);
  expect(first).toEqual({ deliveries: WEBHOOK_REPLAY_MAX, next_since: expect.any(String) });
  // They are delivered at once.
  await runSql(databaseUrl, "UPDATE webhook_deliveries SET status = 'delivered'");
  const second = await webhookDeliveries.replay(id, first.next_since ?? "", true);
  expect(second.next_since).toBeNull();
  expect(second.deliveries).toBeGreaterThanOrEqual(500);
  expect(second.deliveries).toBeLessThan(5_000);
  const { rows } = await runSql(
    databaseUrl,
    "SELECT count(*) FILTER (WHERE is_manual)::int AS n FROM webhook_deliveries",
  );
  expect(rows).toEqual([{ n: count }]);
  expect(await webhookDeliveries.replay(id, "2026-01-01T00:00:00Z", false)).toEqual({
    deliveries: 0,
    next_since: null,
  });
});
