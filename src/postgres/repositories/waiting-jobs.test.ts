import { expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { newId } from "../../core/lib/new-id.ts";

const NO_ROOM = { 0: false, 1: false, 2: false };

test("what one refill has stamped can be claimed at once, whatever another refill is doing", async () => {
  const { platform } = await createTestPlatform({ poolSize: 20 });
  const customers = await Promise.all(Array.from({ length: 20 }, () => createCustomer(platform)));
  const job_type_id = await createJobType(platform);
  const count = 4_000;
  const jobs = Array.from({ length: count }, (_, n) => ({
    id: newId(),
    customer_id: customers[n % customers.length] ?? "",
    job_type_id,
    priority: 1 as const,
    input_data: null,
  }));
  for (let first = 0; first < count; first += 1_000)
    await platform.jobs.submit(jobs.slice(first, first + 1_000), NO_ROOM);

  const runner_id = await createRunner(platform);
  let [stamped, claimed] = [0, 0];
  const refillAndClaim = async (): Promise<void> => {
    for (;;) {
      const { ids } = await platform.waitingJobs.stampBacklog({ priority: 1, max: 50, after: undefined });
      if (ids.length === 0) return;
      stamped += ids.length;
      const jobsOfBatch = await platform.jobs.claim({ runner_id, ids });
      claimed += jobsOfBatch.length;
    }
  };
  await Promise.all(Array.from({ length: 6 }, refillAndClaim));
  expect([claimed, stamped]).toEqual([count, count]);
});

test("whoever looked at the backlog before it was stamped does not lock what was stamped", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const [customer_id, job_type_id] = [await createCustomer(platform), await createJobType(platform)];
  const jobs = [1, 2, 3].map((n) => ({
    id: newId(),
    customer_id,
    job_type_id,
    priority: 1 as const,
    input_data: n,
  }));
  await platform.jobs.submit(jobs, NO_ROOM);
  const [keeper, looker] = [await connect(databaseUrl), await connect(databaseUrl)];
  await keeper.query("SELECT pg_advisory_lock(1)");
  await looker.query("BEGIN");
  // Its snapshot is taken before it waits, and the rows are locked after.
  const looked = looker.query(
    "WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock(1)) SELECT job_id FROM job_queue q, gate WHERE q.enqueued_at IS NULL FOR UPDATE OF q SKIP LOCKED",
  );
  await waitFor(async () => (await keeper.query("SELECT FROM pg_locks WHERE NOT granted")).rowCount, {
    describe: "the look to wait",
  });
  const { ids } = await platform.waitingJobs.stampBacklog({ priority: 1, max: 10, after: undefined });
  await keeper.query("SELECT pg_advisory_unlock(1)");
  expect((await looked).rows).toEqual([]);
  expect(await platform.jobs.claim({ runner_id: await createRunner(platform), ids })).toHaveLength(3);
});
