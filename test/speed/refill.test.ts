import { expect, test } from "vitest";
import { READY_WINDOW } from "../../src/core/model/limits.ts";
import { timed } from "../support/load.ts";
import { redisNamespace } from "../support/redis.ts";
import { connect } from "../support/sql.ts";
import { createJobType, createTestPlatform } from "../support/test-platform.ts";

test("one round of refill over a backlog of 500,000 jobs of 1,000 customers takes less than 50 ms", async () => {
  const { platform, databaseUrl } = await createTestPlatform({ redis: redisNamespace() });
  const client = await connect(databaseUrl);
  await client.query("CREATE TABLE owners AS SELECT gen_random_uuid() AS id FROM generate_series(1, 1000)");
  await client.query("INSERT INTO customers (id, name, email) SELECT id, 'x', 'x@example.com' FROM owners");
  const job_type_id = await createJobType(platform);
  await client.query(`
    INSERT INTO job_queue (priority, job_id, customer_id, job_type_id)
    SELECT 1, (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, (SELECT array_agg(id) FROM owners)[1 + n % 1000], '${job_type_id}' FROM generate_series(1, 500000) n`);
  const rounds: number[] = [];
  for (let n = 0; n < READY_WINDOW / 500; n += 1)
    rounds.push(await timed(() => platform.readyQueue.refill()));
  const full = await timed(() => platform.readyQueue.refill());
  console.log(
    `refill over 500,000 jobs of 1,000 customers: ${Math.min(...rounds)} ms for 500 ids (rounds ${rounds.join(", ")}), ${full} ms with full lists (at most 50)`,
  );
  expect((await platform.readyQueue.lengths())?.[1]).toBe(READY_WINDOW);
  expect(Math.min(...rounds)).toBeLessThan(50);
});
