import type { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import type {
  CustomerRow,
  JobRow,
  JobTypeRow,
  NewCustomerRow,
  NewJobRow,
  NewJobTypeRow,
  NewWalletRow,
  WalletRow,
} from "./rows.ts";

// What the schema itself forbids, whoever writes: each statement here goes around the functions that the
// platform uses.

let platform: OpenPlatform;
let client: Client;
let customer: string;
let type: string;

beforeAll(async () => {
  const { platform: opened, databaseUrl } = await createTestPlatform();
  platform = opened;
  client = await connect(databaseUrl);
  customer = await createCustomer(platform, 100);
  type = await createJobType(platform);
});

test("a wallet can neither hold nor spend more than it has", async () => {
  await expect(
    client.query("UPDATE wallets SET pending_charges_cents = 101 WHERE customer_id = $1", [customer]),
  ).rejects.toMatchObject({
    constraint: "wallets_not_overspent",
  });
  await expect(
    client.query("UPDATE wallets SET current_balance_cents = -1 WHERE customer_id = $1", [customer]),
  ).rejects.toMatchObject({
    constraint: "wallets_not_overspent",
  });
  await expect(
    client.query("UPDATE wallets SET pending_charges_cents = -1 WHERE customer_id = $1", [customer]),
  ).rejects.toMatchObject({
    constraint: "wallets_pending_charges_cents_check",
  });
});

test("a job cannot be charged twice", async () => {
  const job = await succeededJob();
  await expect(insertCharge(job.id, -10)).rejects.toMatchObject({ constraint: "wallet_entries_one_charge" });
});

test("a job that has not succeeded cannot be charged, nor one that succeeded at another cost", async () => {
  const pending = await platform.jobs.create({
    id: uuidv7(),
    customer_id: customer,
    job_type_id: type,
    priority: 1,
    input_data: {},
  });
  const guard = { constraint: "wallet_entries_charge_needs_success" };
  const free = await createJobType(platform, { standard_cost_cents: 0 });
  const succeeded = await succeededJob(free);
  await expect(insertCharge(succeeded.id, -10)).rejects.toMatchObject(guard);
  await expect(insertCharge(pending.id, -10)).rejects.toMatchObject(guard);
  await expect(insertCharge(uuidv7(), -10)).rejects.toMatchObject(guard);
});

test("a charge stands on the wallet of the job's customer", async () => {
  const other = await createCustomer(platform);
  const { id } = await platform.jobs.create({
    id: uuidv7(),
    customer_id: customer,
    job_type_id: type,
    priority: 1,
    input_data: {},
  });
  await platform.jobs.setStarted(id, await createRunner(platform));
  await client.query("BEGIN");
  await client.query(
    "UPDATE jobs SET status = 'succeeded', cost_cents = 10, completed_at = now() WHERE id = $1",
    [id],
  );
  await expect(
    client.query(
      "INSERT INTO wallet_entries (wallet_id, seq, kind, job_id, amount_cents, balance_after_cents) SELECT id, 1000, 'charge', $2, -10, 0 FROM wallets WHERE customer_id = $1",
      [other, id],
    ),
  ).rejects.toMatchObject({ constraint: "wallet_entries_charge_needs_success" });
  await client.query("ROLLBACK");
});

test("only success costs, and never more than the hold", async () => {
  const pending = await platform.jobs.create({
    id: uuidv7(),
    customer_id: customer,
    job_type_id: type,
    priority: 1,
    input_data: {},
  });
  await expect(
    client.query("UPDATE jobs SET cost_cents = 1 WHERE id = $1", [pending.id]),
  ).rejects.toMatchObject({
    constraint: "jobs_only_success_costs",
  });
  const job = await succeededJob();
  await expect(client.query("UPDATE jobs SET cost_cents = 11 WHERE id = $1", [job.id])).rejects.toMatchObject(
    {
      constraint: "jobs_cost_within_hold",
    },
  );
  await expect(
    client.query("UPDATE jobs SET status = 'failed' WHERE id = $1", [job.id]),
  ).rejects.toMatchObject({
    constraint: "jobs_only_success_costs",
  });
});

test.each([
  ["UPDATE wallet_entries SET amount_cents = 1"],
  ["DELETE FROM wallet_entries"],
  ["TRUNCATE wallet_entries"],
  ["DELETE FROM wallets"],
])("%s is refused", async (statement) => {
  await expect(client.query(statement)).rejects.toThrow(/is forbidden/);
});

test("a ledger entry has the sign of its kind", async () => {
  await expect(insertEntry("top_up", -5)).rejects.toMatchObject({ constraint: "wallet_entries_sign" });
  await expect(insertEntry("grant", -5)).rejects.toMatchObject({ constraint: "wallet_entries_sign" });
  await expect(insertEntry("chargeback", 5)).rejects.toMatchObject({ constraint: "wallet_entries_sign" });
});

test("a job of nobody, and a customer that has jobs, cannot be", async () => {
  const insertJob =
    "INSERT INTO jobs (id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, max_attempts) VALUES ($1, $2, $3, 1, '{}', 0, 1)";
  await expect(client.query(insertJob, [uuidv7(), uuidv7(), type])).rejects.toMatchObject({
    constraint: "jobs_customer_id_fkey",
  });
  await expect(client.query(insertJob, [uuidv7(), customer, uuidv7()])).rejects.toMatchObject({
    constraint: "jobs_job_type_id_fkey",
  });
  await succeededJob();
  await expect(client.query("DELETE FROM customers WHERE id = $1", [customer])).rejects.toThrow(
    /foreign key/,
  );
});

test("a key in clear cannot be stored", async () => {
  await expect(
    client.query("UPDATE customers SET api_key = 'iep_clear' WHERE id = $1", [customer]),
  ).rejects.toMatchObject({
    constraint: "customers_api_key_check",
  });
});

test("the generated row types are those of the specification's structs, and fit the tables", async () => {
  const newCustomer: NewCustomerRow = { id: uuidv7(), name: "Row", email: "row@example.com" };
  const newWallet: NewWalletRow = { id: uuidv7(), customer_id: newCustomer.id };
  const newJobType: NewJobTypeRow = {
    id: uuidv7(),
    name: "Row",
    processing_logic_id: "echo",
    standard_cost_cents: 1,
  };
  const newJob: NewJobRow = {
    id: uuidv7(),
    customer_id: newCustomer.id,
    job_type_id: newJobType.id,
    priority: 2,
    input_data: "{}",
    estimated_cost_cents: 0,
    max_attempts: 1,
  };
  const customerRow = await insert<CustomerRow>("customers", newCustomer);
  const walletRow = await insert<WalletRow>("wallets", newWallet);
  const typeRow = await insert<JobTypeRow>("job_types", newJobType);
  const jobRow = await insert<JobRow>("jobs", newJob);
  expect([customerRow.active, customerRow.api_key]).toEqual([true, null]);
  expect([walletRow.currency, walletRow.pending_charges_cents]).toEqual(["EUR", "0"]);
  expect(typeRow.enabled).toBe(true);
  expect([jobRow.status, jobRow.cost_cents]).toEqual(["pending", null]);
  // Without its place in the queue that job would break a promise.
  await client.query("UPDATE jobs SET status = 'cancelled', completed_at = now() WHERE id = $1", [newJob.id]);
});

async function insert<Row>(table: string, values: object): Promise<Row> {
  const columns = Object.keys(values).join(", ");
  const places = Object.keys(values)
    .map((_name, index) => `$${index + 1}`)
    .join(", ");
  const { rows } = await client.query(
    `INSERT INTO ${table} (${columns}) VALUES (${places}) RETURNING *`,
    Object.values(values),
  );
  return rows[0] as Row;
}

async function succeededJob(job_type_id = type) {
  const job = await platform.jobs.create({
    id: uuidv7(),
    customer_id: customer,
    job_type_id,
    priority: 1,
    input_data: {},
  });
  const claimed = await platform.jobs.setStarted(job.id, await createRunner(platform));
  return await platform.jobs.setCompleted({
    id: job.id,
    attempt: claimed?.attempt ?? 0,
    kind: "succeeded",
    output: null,
  });
}

async function insertCharge(jobId: string, cents: number): Promise<void> {
  await client.query(
    "INSERT INTO wallet_entries (wallet_id, seq, kind, job_id, amount_cents, balance_after_cents) SELECT id, 1000, 'charge', $2, $3, 0 FROM wallets WHERE customer_id = $1",
    [customer, jobId, cents],
  );
}

async function insertEntry(kind: string, cents: number): Promise<void> {
  await client.query(
    "INSERT INTO wallet_entries (wallet_id, seq, kind, amount_cents, balance_after_cents, actor) SELECT id, 1000, $2, $3, 0, 'test' FROM wallets WHERE customer_id = $1",
    [customer, kind, cents],
  );
}
