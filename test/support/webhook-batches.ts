import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import type { ClaimedJob, Outcome } from "../../src/core/model/job.ts";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { runSql } from "./sql.ts";
import { createCustomer, createJobType, createRunner } from "./test-platform.ts";

/** Room for whatever a test has. */
export const WIDE_ROOM = { max: 200, room: 200, rooms: new Map<string, number>(), after: undefined };

const FAILURE = { code: "x", message: "no", stack: "" };

/** A customer whose jobs can be started, and settled as wanted. */
export async function createEnding(platform: OpenPlatform) {
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform, { standard_cost_cents: 1 });
  const runner_id = await createRunner(platform);
  return {
    customer_id,
    async start(count: number): Promise<ClaimedJob[]> {
      const requests = Array.from({ length: count }, () => ({ customer_id, job_type_id, input_data: null }));
      const submitted = await submitJobs(platform, requests);
      const ids = submitted.flatMap((one) => ("job" in one ? one.job.id : []));
      return [...(await platform.jobs.claim({ runner_id, ids }))];
    },
    /** All in one transaction; returns their ids. */
    async settle(
      jobs: readonly ClaimedJob[],
      endingOf: (n: number) => "succeeded" | "failed" = () => "succeeded",
    ): Promise<string[]> {
      await platform.jobs.settle(
        jobs.map(({ id, attempt }, n): Outcome =>
          endingOf(n) === "failed"
            ? { id, attempt, kind: "failed", error: FAILURE }
            : { id, attempt, kind: "succeeded", output: null },
        ),
      );
      return jobs.map(({ id }) => id);
    },
  };
}

export async function countOf(
  databaseUrl: string,
  table: "webhook_batches" | "webhook_deliveries",
): Promise<number> {
  const { rows } = await runSql<{ n: number }>(databaseUrl, `SELECT count(*)::int AS n FROM ${table}`);
  return rows[0]?.n ?? 0;
}
