import { expect, test } from "vitest";
import { emptyDatabase } from "../../../test/support/schema.ts";
import { connect } from "../../../test/support/sql.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import { submitJob } from "../../core/use-cases/submit-jobs.ts";
import { migrateUp } from "./migrator.ts";

/** In the order in which pg_dump writes them: what is referred to comes first. */
const TABLES = ["customers", "job_types", "customer_prices", "jobs", "wallets", "wallet_entries"];

test("data goes into a migrated database as pg_restore does it, with an empty search_path and all triggers on", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  await platform.prices.setForCustomer({ customer_id, job_type_id, cost_cents: 4 });
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: {} });
  const [claimed] = await platform.jobs.claimTurns({ runner_id: await createRunner(platform), max: 1 });
  await platform.jobs.settle([{ id, attempt: claimed?.attempt ?? 0, kind: "succeeded", output: 1 }]);
  await platform.jobs.cancel(id);

  const source = await connect(databaseUrl);
  const { url, client } = await emptyDatabase();
  await migrateUp(url);
  await client.query("SELECT pg_catalog.set_config('search_path', '', false)");
  for (const table of TABLES) {
    const { rows } = await source.query<{ rows: string }>(
      `SELECT coalesce(json_agg(t), '[]')::text AS rows FROM ${table} t`,
    );
    await client.query(
      `INSERT INTO public.${table} OVERRIDING SYSTEM VALUE
       SELECT * FROM pg_catalog.json_populate_recordset(NULL::public.${table}, $1)`,
      [rows[0]?.rows],
    );
  }
  const { rows } = await client.query(
    "SELECT count(*)::int AS entries, sum(amount_cents)::int AS cents FROM public.wallet_entries",
  );
  expect(rows).toEqual([{ entries: 2, cents: 1_000_000 - 4 }]);
  await expect(client.query("UPDATE public.wallet_entries SET amount_cents = 1")).rejects.toThrow(
    "is forbidden",
  );
});
