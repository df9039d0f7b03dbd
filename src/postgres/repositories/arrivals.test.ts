import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { connect, runSql } from "../../../test/support/sql.ts";
import { createCustomer, createJobType, createTestPlatform } from "../../../test/support/test-platform.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import type { ArrivalPosition } from "../../core/model/arrival-position.ts";
import type { JobFilter } from "../../core/model/job.ts";

const HOUR_MS = 3_600_000;

let platform: OpenPlatform;
let databaseUrl: string;
let type: string;
beforeAll(async () => {
  ({ platform, databaseUrl } = await createTestPlatform());
  type = await createJobType(platform, { standard_cost_cents: 0 });
});

/** Reads what has arrived, page by page, for as long as it is asked. */
function follow(filter: JobFilter, limit: number) {
  const seen: string[] = [];
  let after: ArrivalPosition | undefined;
  return {
    seen,
    async readOn(): Promise<void> {
      for (;;) {
        const { jobs, position } = await platform.jobs.listArrivals(filter, { limit, after });
        seen.push(...jobs.map(({ id }) => id));
        after = position;
        if (jobs.length < limit) return;
      }
    },
  };
}

/** Submits jobs in the open transaction of a client, with ids as an API host with this clock makes them. */
async function submitBy(
  client: Client,
  customer: string,
  { count = 1, clock_ms = 0 }: { count?: number; clock_ms?: number } = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7({ msecs: Date.now() + clock_ms }));
  await client.query(
    `SELECT submit_jobs($1::uuid[], array_fill($2::uuid, ARRAY[$4::int]), array_fill($3::uuid, ARRAY[$4::int]),
       array_fill(1::smallint, ARRAY[$4::int]), array_fill('1'::jsonb, ARRAY[$4::int]), NULL, NULL, NULL,
       ARRAY[false, false, false])`,
    [ids, customer, type, count],
  );
  return ids;
}

test("a reader sees each job once, whoever wrote it, with whatever clock, however late it was committed", async () => {
  const customers = await Promise.all(Array.from({ length: 3 }, () => createCustomer(platform, 0)));
  const all = follow({}, 7);
  const one = follow({ customer_id: customers[0] }, 3);
  const committed: { id: string; customer: string }[] = [];
  const writing = new AbortController();

  // Clocks that are right, an hour late, a little late, and an hour ahead. Each writer has its own customer's
  // wallet or shares one, and holds its transaction open for a while after the jobs were stored.
  const write = async (n: number): Promise<void> => {
    const client = await connect(databaseUrl);
    const customer = customers[n % customers.length] ?? "";
    const clock_ms = [0, -HOUR_MS, -8_000, HOUR_MS][n % 4] ?? 0;
    for (let round = 0; round < 12; round += 1) {
      await client.query("BEGIN");
      const ids = await submitBy(client, customer, { count: 1 + ((n + round) % 4), clock_ms });
      await sleep(Math.random() * 60);
      const rolledBack = round % 5 === 4;
      await client.query(rolledBack ? "ROLLBACK" : "COMMIT");
      if (!rolledBack) committed.push(...ids.map((id) => ({ id, customer })));
    }
  };
  const writers = Promise.all([0, 1, 2, 3, 4, 5].map(write)).finally(() => writing.abort());
  const read = async (reader: ReturnType<typeof follow>): Promise<void> => {
    while (!writing.signal.aborted) await reader.readOn();
  };
  await Promise.all([writers, read(all), read(one)]);

  const expected = committed.map(({ id }) => id).toSorted();
  const expectedOfOne = committed.filter(({ customer }) => customer === customers[0]).map(({ id }) => id);
  await waitFor(async () => (await all.readOn(), all.seen.length >= expected.length), {
    describe: "all jobs to arrive",
  });
  await waitFor(async () => (await one.readOn(), one.seen.length >= expectedOfOne.length), {
    describe: "all jobs of one customer to arrive",
  });
  expect(all.seen.toSorted()).toEqual(expected);
  expect(one.seen.toSorted()).toEqual(expectedOfOne.toSorted());
});

test("what an open transaction stored is waited for, and no later job overtakes it for good", async () => {
  const customer = await createCustomer(platform, 0);
  const reader = follow({ customer_id: customer }, 10);
  await reader.readOn();
  const [slow, quick] = await Promise.all([connect(databaseUrl), connect(databaseUrl)]);
  await slow.query("BEGIN");
  const other = await createCustomer(platform, 0);
  const [early = ""] = await submitBy(slow, customer);
  const [late = ""] = await submitBy(quick, other);
  await reader.readOn();
  expect(reader.seen).toEqual([]);
  await slow.query("COMMIT");
  await waitFor(async () => (await reader.readOn(), reader.seen.length > 0), { describe: "the job" });
  expect(reader.seen).toEqual([early]);
  const everything = follow({}, 100);
  await everything.readOn();
  expect(everything.seen).toEqual(expect.arrayContaining([early, late]));
});

test("jobs of before the column was there come first, in the order of their ids", async () => {
  const customer = await createCustomer(platform, 0);
  const client = await connect(databaseUrl);
  const ids = await submitBy(client, customer, { count: 5 });
  await runSql(databaseUrl, "UPDATE jobs SET created_xid = '0' WHERE customer_id = $1", [customer]);
  const reader = follow({ customer_id: customer }, 2);
  await reader.readOn();
  expect(reader.seen).toEqual(ids.toSorted());
});

test("only an id that is old when it is stored is noted, once a transaction", async () => {
  const customer = await createCustomer(platform, 0);
  const client = await connect(databaseUrl);
  const notes = async () =>
    (
      await runSql<{ first_id: string }>(
        databaseUrl,
        "SELECT first_id FROM late_ids ORDER BY created_xid DESC LIMIT 1",
      )
    ).rows[0]?.first_id;
  const before = await notes();
  await submitBy(client, customer, { count: 3 });
  expect(await notes()).toBe(before);
  await client.query("BEGIN");
  await submitBy(client, customer, { clock_ms: -10_000 });
  const [oldest] = await submitBy(client, customer, { clock_ms: -20_000 });
  await client.query("COMMIT");
  expect(await notes()).toBe(oldest);
});

test("a position from before a restore is refused, as transactions count anew", async () => {
  const after = { from: "9000000000000000000", since_ms: 0, mark: { transaction: "0", at_ms: 0 } };
  await expect(platform.jobs.listArrivals({}, { limit: 1, after })).rejects.toMatchObject({
    code: "validation_failed",
    errors: [{ pointer: "/after" }],
  });
});
