import { beforeAll, expect, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
  type TestPlatform,
} from "../../../test/support/test-platform.ts";
import { submitJob } from "../../core/use-cases/submit-jobs.ts";
import type { JobEvent } from "../../core/model/job-event.ts";
import { createDatabase } from "../connection/database.ts";
import { openPool, REQUEST_LIMITS } from "../connection/pool.ts";
import { PostgresJobEventRepository } from "./job-events.ts";

const LINES = 500;
const EVENTS_MAX = 10_000;

let testPlatform: TestPlatform;
let id: string;

// Two attempts, each of which logs many lines of 1,000 characters.
beforeAll(async () => {
  testPlatform = await createTestPlatform();
  const { platform } = testPlatform;
  const [customer_id, job_type_id, runner_id] = [
    await createCustomer(platform),
    await createJobType(platform, { max_attempts: 5 }),
    await createRunner(platform),
  ];
  id = (await submitJob(platform, { customer_id, job_type_id, input_data: null })).id;
  for (const attempt of [1, 2]) {
    await platform.jobs.claim({ runner_id, ids: [id] });
    const at = new Date().toISOString();
    const message = "é".repeat(1_000);
    await platform.jobLog.write(
      Array.from({ length: LINES }, (_, n) => ({ id, attempt, seq: n + 1, at, level: "info", message })),
    );
    if (attempt === 1) await platform.jobs.settle([{ id, attempt, kind: "released" }]);
  }
});

const charactersOf = (events: readonly JobEvent[]): number =>
  events.reduce((sum, event) => sum + ("message" in event ? (event.message?.length ?? 0) : 0), 0);

test.each([{ limit: 50, characters: 16_384 }, { limit: 7 }, { limit: 50, characters: 100_000 }])(
  "parts follow each other without a gap: %j",
  async (bounds) => {
    const { jobEvents } = testPlatform.platform;
    const whole = await jobEvents.list(id, { after: 0, limit: EVENTS_MAX });
    expect(whole?.more).toBe(false);
    expect(whole?.events).toHaveLength(2 * LINES + 4);
    const events: JobEvent[] = [];
    for (let more = true; more;) {
      const page = await jobEvents.list(id, { ...bounds, after: events.at(-1)?.id ?? 0 });
      expect(page?.events.length).toBeGreaterThan(0);
      expect(page?.events.length).toBeLessThanOrEqual(bounds.limit);
      const { characters = Infinity } = bounds;
      expect(charactersOf(page?.events.slice(0, -1) ?? [])).toBeLessThan(characters);
      events.push(...(page?.events ?? []));
      more = page?.more ?? false;
    }
    expect(events).toEqual(whole?.events);
  },
);

test("a look at the end of a long log reads a row or two an attempt", async () => {
  const pool = openPool({ url: testPlatform.databaseUrl, size: 1, name: "looks", limits: REQUEST_LIMITS });
  atTheEnd(() => pool.end());
  const events = new PostgresJobEventRepository(createDatabase(pool));
  const read = async (): Promise<number> => {
    await pool.query("SELECT pg_stat_force_next_flush()");
    const { rows } = await pool.query<{ read: number }>(
      `SELECT (t.seq_tup_read + i.idx_tup_read)::int AS read
         FROM pg_stat_user_tables t
         JOIN pg_stat_user_indexes i USING (relid)
        WHERE t.relname = 'job_log'`,
    );
    return rows[0]?.read ?? NaN;
  };
  await pool.query("VACUUM ANALYZE job_log");
  const before = await read();
  const page = await events.list(id, { after: 2 * LINES + 4, limit: 50 });
  expect(page).toEqual({ events: [], more: false, ended: false });
  expect((await read()) - before).toBeLessThan(10);
});
