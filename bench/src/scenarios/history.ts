import type { Client } from "pg";
import type { Site } from "../contender.ts";
import { withClient } from "../servers/sql.ts";

const COST_CENTS = 5;

/**
 * Creates jobs that succeeded long ago, as if each had been submitted, run and charged: the audit finds
 * nothing wrong with them. Their ledger entries are sealed as well, or the first runner would spend the drain
 * on sealing them.
 */
export async function writeHistory(site: Site, count: number): Promise<void> {
  await withClient(site.databaseUrl, async (client) => {
    await client.query("BEGIN");
    // Their ids are UUIDv7 of a day ago, as those of real jobs would be.
    await client.query(
      `CREATE TEMPORARY TABLE past ON COMMIT DROP AS
       SELECT (lpad(to_hex((extract(epoch FROM now() - interval '1 day') * 1000)::bigint + n / 20), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid AS id,
              ($2::uuid[])[1 + n % cardinality($2::uuid[])] AS customer_id, n
         FROM generate_series(0, $1::int - 1) n`,
      [count, site.customerIds],
    );
    await client.query(
      `INSERT INTO jobs (id, customer_id, job_type_id, status, priority, input_data, output_data, estimated_cost_cents, cost_cents, created_at, started_at, completed_at, run_at, attempt, max_attempts, runner_id)
       SELECT id, customer_id, $1::uuid, 'succeeded', 1, jsonb_build_object('n', n), 'null', $2::bigint, $2::bigint, past, past, past, past, 1, 3, $1::uuid
         FROM past, (SELECT now() - interval '1 day' AS past) t`,
      [site.jobTypeId, COST_CENTS],
    );
    await client.query(
      `INSERT INTO wallet_entries (wallet_id, seq, kind, amount_cents, balance_after_cents, job_id, created_at)
       SELECT w.id, w.last_entry_seq + p.nth, 'charge', -$1::bigint, w.current_balance_cents - p.nth * $1::bigint, p.id, now() - interval '1 day'
         FROM (SELECT id, customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY n) AS nth FROM past) p JOIN wallets w USING (customer_id)`,
      [COST_CENTS],
    );
    await client.query(
      `UPDATE wallets w SET current_balance_cents = current_balance_cents - p.jobs * $1::bigint, month_spent_cents = month_spent_cents + p.this_month * $1::bigint, last_entry_seq = last_entry_seq + p.jobs
         FROM (SELECT customer_id, count(*) AS jobs, CASE WHEN date_trunc('month', now() - interval '1 day') = date_trunc('month', now()) THEN count(*) ELSE 0 END AS this_month
                 FROM past GROUP BY 1) p WHERE w.customer_id = p.customer_id`,
      [COST_CENTS],
    );
    await client.query("COMMIT");
    await seal(client);
    await client.query("VACUUM (ANALYZE) jobs, wallet_entries, wallets, wallet_seals");
  });
}

async function seal(client: Client): Promise<void> {
  let after: string | null = null;
  do {
    const { rows }: { rows: { after: string | null }[] } = await client.query(
      "SELECT seal_wallets(1000, 1000000, $1) AS after",
      [after],
    );
    after = rows[0]?.after ?? null;
  } while (after !== null);
}
