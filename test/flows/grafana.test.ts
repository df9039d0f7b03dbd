import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { submitJob } from "../../src/core/use-cases/submit-jobs.ts";
import { connect, runSql } from "../support/sql.ts";
import { createCustomer, createJobType, createRunner, createTestPlatform } from "../support/test-platform.ts";
import { upkeepTask } from "../support/upkeep.ts";

// The board of Grafana that asks PostgreSQL itself: each of its queries runs, as a role that may only read.

const BOARD = fileURLToPath(new URL("../../deploy/grafana/iep-postgresql.json", import.meta.url));

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly rawSql: string; readonly format: string }[];
}

/** As Grafana does it: a filter of the range that is shown. */
function withRange(sql: string): string {
  return sql.replaceAll(/\$__timeFilter\(([\w.]+)\)/g, "$1 BETWEEN now() - interval '1 hour' AND now()");
}

test("every query of the board runs as a role that reads, and finds what happened", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform, { name: "Sums" });
  const runner_id = await createRunner(platform);
  const ids = [];
  for (let n = 0; n < 4; n += 1)
    ids.push((await submitJob(platform, { customer_id, job_type_id, input_data: null })).id);
  const claimed = await platform.jobs.claim({ runner_id, ids: ids.slice(0, 3) });
  const attemptOf = (n: number) => ({ id: claimed[n]?.id ?? "", attempt: claimed[n]?.attempt ?? 0 });
  await platform.jobs.settle([
    { ...attemptOf(0), kind: "succeeded", output: null },
    { ...attemptOf(1), kind: "failed", error: { code: "broken", message: "no 7" } },
  ]);
  await upkeepTask(platform, "counting").runOnce();
  await platform.audits.runIfDue();
  // A board shows minutes that have begun: those of now.
  await runSql(
    databaseUrl,
    "UPDATE job_counts SET starts_at = starts_at - interval '1 minute' WHERE span = 'minute'",
  );

  // The file is ours.
  const { panels } = JSON.parse(await readFile(BOARD, "utf8")) as { panels: Panel[] };
  const client = await connect(databaseUrl);
  await client.query("BEGIN READ ONLY");
  await client.query("SET LOCAL ROLE pg_read_all_data");
  const found = new Map<string, Record<string, unknown>[]>();
  const wrong: string[] = [];
  for (const { title, targets = [] } of panels)
    for (const { rawSql, format } of targets) {
      const { rows, fields } = await client.query<Record<string, unknown>>(withRange(rawSql));
      const columns = fields.map(({ name }) => name).join();
      if (format === "time_series" && columns !== "time,metric,value") wrong.push(`${title}: ${columns}`);
      if (rows.length === 0) wrong.push(`${title}: no rows`);
      found.set(title, rows);
    }
  await client.query("ROLLBACK");
  expect(wrong).toEqual([]);
  expect(found.size).toBeGreaterThan(18);
  expect(found.get("Failed share")).toEqual([{ share: 0.5 }]);
  expect(found.get("Ended")).toHaveLength(2);
  expect(found.get("Charged")?.some(({ value }) => value === 10)).toBe(true);
  expect(found.get("Running")).toEqual([{ jobs: "1" }]);
  expect(found.get("Held")).toEqual([{ cents: "20" }]);
  expect(found.get("Broken promises")).toEqual([{ promises: "0" }]);
  expect(found.get("Waiting by job type")).toMatchObject([{ job_type: "Sums", waiting: "1", served: true }]);
  expect(found.get("Failures")).toMatchObject([{ job_type: "Sums", code: "broken", jobs: "1" }]);
  expect(found.get("Runners")).toMatchObject([{ slots: 1, running: "1" }]);
});
