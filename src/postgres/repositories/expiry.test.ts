import { expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { runSql } from "../../../test/support/sql.ts";
import { createTestPlatform } from "../../../test/support/test-platform.ts";

test("keys and events of more than 30 days are forgotten, a batch at a time; younger ones stay", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  await runSql(
    databaseUrl,
    `INSERT INTO idempotency_keys (id, request_hash, subjects, created_at)
     SELECT gen_random_uuid(), gen_random_uuid(), ARRAY[gen_random_uuid()], now() - interval '31 days' FROM generate_series(1, 6000)`,
  );
  await runSql(
    databaseUrl,
    `INSERT INTO outbox (kind, customer_id, payload, created_at)
     SELECT 'low_balance', gen_random_uuid(), '{}', now() - make_interval(days => d) FROM unnest(ARRAY[31, 29]) d`,
  );
  const young = uuidv7();
  await runSql(
    databaseUrl,
    "INSERT INTO idempotency_keys (id, request_hash, created_at) VALUES ($1, $1, now() - interval '29 days')",
    [young],
  );
  expect(await platform.forgetExpired()).toBe(true);
  expect(await platform.forgetExpired()).toBe(false);
  const { rows } = await runSql(
    databaseUrl,
    "SELECT (SELECT array_agg(id) FROM idempotency_keys) AS keys, (SELECT count(*)::int FROM outbox) AS events",
  );
  expect(rows).toEqual([{ keys: [young], events: 1 }]);
});

test("bulk actions are forgotten 30 days after their end, and previews after one", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  await runSql(
    databaseUrl,
    `INSERT INTO bulk_actions (id, action, filter, status, expected, created_at, ended_at)
     SELECT gen_random_uuid(), 'cancel', '{}', x.status, '{}', now() - interval '90 days', now() - x.age
       FROM (VALUES ('running', NULL), ('done', interval '29 days'), ('done', interval '31 days'),
                    ('stopped', interval '31 days'), ('preview', interval '23 hours'),
                    ('preview', interval '25 hours')) x (status, age)`,
  );
  expect(await platform.forgetExpired()).toBe(false);
  const { rows } = await runSql(databaseUrl, "SELECT status FROM bulk_actions ORDER BY status");
  expect(rows).toEqual([{ status: "done" }, { status: "preview" }, { status: "running" }]);
});

test("deliveries are forgotten after 30 days, and listeners without a sign of life after a minute", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  await runSql(
    databaseUrl,
    `INSERT INTO webhook_deliveries (id, endpoint_id, type, created_at)
     SELECT overlay(id_at(now() - make_interval(days => d))::text placing '7' from 15)::uuid, gen_random_uuid(), 'wallet.low', now()
       FROM unnest(ARRAY[29, 31]) d`,
  );
  await runSql(
    databaseUrl,
    `INSERT INTO webhook_endpoints (id, url, events, description, listened_at)
     VALUES (gen_random_uuid(), 'http://127.0.0.1', '{wallet.low}', 'alive', now()),
            (gen_random_uuid(), 'http://127.0.0.1', '{wallet.low}', 'dead', now() - interval '61 seconds'),
            (gen_random_uuid(), 'http://127.0.0.1', '{wallet.low}', 'no listener', NULL)`,
  );
  expect(await platform.forgetExpired()).toBe(false);
  const { rows } = await runSql(
    databaseUrl,
    `SELECT (SELECT count(*)::int FROM webhook_deliveries) AS deliveries,
            (SELECT jsonb_agg(description ORDER BY description) FROM webhook_endpoints) AS endpoints`,
  );
  expect(rows).toEqual([{ deliveries: 1, endpoints: ["alive", "no listener"] }]);
});
