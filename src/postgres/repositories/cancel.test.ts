import { v7 as uuidv7 } from "uuid";
import { expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import { waitFor } from "../../../test/support/wait-for.ts";

// Somebody else holds the job's place, uncommitted, at the moment of the cancel: it must wait and then find
// where the job went.
const MOVES = {
  "refill stamps it": "SELECT * FROM stamp_backlog(1::smallint, 100, null)",
  "it comes due": "SELECT promote_due_jobs(100)",
  "its type was resumed": "SELECT unpark_jobs(100)",
  "a claim parks it, as its type is paused": "SELECT * FROM claim_jobs(ARRAY[$1::uuid], $2::uuid, $3::uuid)",
  "a claim starts it": "SELECT * FROM claim_jobs(ARRAY[$1::uuid], $2::uuid, $3::uuid)",
} as const;

test.each(Object.entries(MOVES))(
  "a job is cancelled while %s: it ends, costs nothing, and waits nowhere",
  async (move, sql) => {
    const { platform, databaseUrl } = await createTestPlatform();
    const customer_id = await createCustomer(platform, 100);
    const job_type_id = await createJobType(platform);
    const runner_id = await createRunner(platform);
    const soon = move === "it comes due" ? new Date(Date.now() + 50).toISOString() : undefined;
    const { id } = await platform.jobs.create({
      id: uuidv7(),
      customer_id,
      job_type_id,
      priority: 1,
      input_data: 1,
      run_at: soon,
    });
    await waitFor(() => Date.now() > Date.parse(soon ?? "2000-01-01"), { describe: "the job to be due" });
    if (move.includes("paused") || move.includes("resumed"))
      await platform.jobTypes.setPaused(job_type_id, true);
    if (move.includes("resumed")) {
      await platform.jobs.claim({ runner_id, ids: [id] });
      await platform.jobTypes.setPaused(job_type_id, false);
    }

    const mover = await connect(databaseUrl);
    await mover.query("BEGIN");
    await mover.query(sql, sql.includes("$1") ? [id, runner_id, uuidv7()] : []);
    const cancelled = platform.jobs.cancel(id);
    await waitFor(async () => (await mover.query("SELECT FROM pg_locks WHERE NOT granted")).rowCount, {
      describe: "the cancel to wait",
    });
    await mover.query("COMMIT");

    expect(await cancelled).toBe("cancelled");
    expect(await platform.jobs.findById(id)).toMatchObject({ status: "cancelled", cost_cents: null });
    expect(await platform.wallets.findByCustomerId(customer_id)).toMatchObject({
      current_balance_cents: 100,
      pending_charges_cents: 0,
    });
    expect(await brokenPromises(platform)).toEqual([]);
  },
);
