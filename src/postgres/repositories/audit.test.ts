import type { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterEach, beforeAll, expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";

// Each fault is made past all guards, in a transaction that is rolled back.

const COST_CENTS = 5;
const CHARGED_ONCE = "success_is_charged_once_at_its_cost";
const NOTHING_ELSE = "nothing_else_is_charged";

let client: Client;

afterEach(() => client.query("ROLLBACK"));

beforeAll(async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const job_type_id = await createJobType(platform, { standard_cost_cents: COST_CENTS });
  const owners = [await createCustomer(platform, 100), await createCustomer(platform, 100)];
  const jobs = owners.flatMap((customer_id) =>
    [1, 2, 3].map((n) => ({ id: uuidv7(), customer_id, job_type_id, priority: 1 as const, input_data: n })),
  );
  await platform.jobs.submit(jobs, { 0: false, 1: false, 2: false });
  const runner_id = await createRunner(platform);
  const claimed = await platform.jobs.claimTurns({ runner_id, max: 6 });
  const error = { code: "test", message: "It failed." };
  await platform.jobs.settle(
    claimed.map(({ id, attempt, input_data }) =>
      input_data === 3
        ? { id, attempt, kind: "failed", error }
        : { id, attempt, kind: "succeeded", output: null },
    ),
    claimed.map(({ lease_id }) => lease_id),
  );
  client = await connect(databaseUrl);
});

const CHARGE = `wallet_entries WHERE (wallet_id, seq) = (SELECT wallet_id, seq FROM wallet_entries WHERE kind = 'charge' ORDER BY job_id LIMIT 1)`;
const AGAIN = `INSERT INTO wallet_entries (wallet_id, seq, kind, amount_cents, balance_after_cents, job_id)
  SELECT e.wallet_id, 9, 'charge', -${COST_CENTS}, 0, e.job_id FROM wallet_entries e WHERE e.kind = 'charge' ORDER BY e.job_id DESC LIMIT 1`;
const OTHER_WALLET = `(SELECT w.id FROM wallets w WHERE w.id <> wallet_id)`;

test.each<[fault: string, sql: string, found: Record<string, number>]>([
  ["all is well", "SELECT", {}],
  ["a job is charged twice", AGAIN, { [CHARGED_ONCE]: 1 }],
  ["one is charged twice, and another never", `${AGAIN}; DELETE FROM ${CHARGE}`, { [CHARGED_ONCE]: 2 }],
  [
    "charges are of another cost",
    `UPDATE wallet_entries SET amount_cents = -1 WHERE kind = 'charge'`,
    { [CHARGED_ONCE]: 4 },
  ],
  [
    "charges stand on somebody else's wallet",
    `UPDATE wallet_entries SET wallet_id = ${OTHER_WALLET}, seq = 20 + seq WHERE kind = 'charge'`,
    { [CHARGED_ONCE]: 4 },
  ],
  [
    "failed jobs are charged",
    `INSERT INTO wallet_entries (wallet_id, seq, kind, amount_cents, balance_after_cents, job_id)
     SELECT w.id, 9, 'charge', -1, 0, j.id FROM jobs j JOIN wallets w USING (customer_id) WHERE j.status = 'failed'`,
    { [NOTHING_ELSE]: 2 },
  ],
  [
    "failed jobs cost something",
    `UPDATE jobs SET cost_cents = 1 WHERE status = 'failed'`,
    { [NOTHING_ELSE]: 2 },
  ],
  [
    "failed jobs cost something, and are charged that",
    `UPDATE jobs SET cost_cents = 1 WHERE status = 'failed';
     INSERT INTO wallet_entries (wallet_id, seq, kind, amount_cents, balance_after_cents, job_id)
     SELECT w.id, 9, 'charge', -1, 0, j.id FROM jobs j JOIN wallets w USING (customer_id) WHERE j.status = 'failed'`,
    { [NOTHING_ELSE]: 2 },
  ],
  [
    "a job is charged twice, and failed jobs cost something",
    `${AGAIN}; UPDATE jobs SET cost_cents = 1 WHERE status = 'failed'`,
    { [CHARGED_ONCE]: 1, [NOTHING_ELSE]: 2 },
  ],
  ["charged jobs are gone", `DELETE FROM jobs WHERE status = 'succeeded'`, { [NOTHING_ELSE]: 2 }],
  [
    "a customer has no wallet",
    `DELETE FROM wallets WHERE id = (SELECT min(id::text)::uuid FROM wallets)`,
    { [CHARGED_ONCE]: 2 },
  ],
])("the audit tells when %s", async (_fault, sql, found) => {
  await client.query(
    `BEGIN; SET LOCAL session_replication_role = replica;
     DROP INDEX wallet_entries_one_charge; ALTER TABLE jobs DROP CONSTRAINT jobs_only_success_costs; ${sql}`,
  );
  const { rows } = await client.query<{ promise: string; broken: string }>(
    "SELECT promise, broken FROM audit WHERE promise = ANY ($1) AND broken > 0",
    [[CHARGED_ONCE, NOTHING_ELSE]],
  );
  expect(Object.fromEntries(rows.map(({ promise, broken }) => [promise, Number(broken)]))).toEqual(found);
});
