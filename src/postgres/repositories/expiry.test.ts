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
