import type { JobStatus, Outcome, Refusal } from "../../core/model/job.ts";
import { jsonArray, orNull, plainArray } from "../connection/arrays.ts";

/** Ends a batch of attempts with their money in one round trip; migrations/…_settle_jobs says what it locks. */
export const SETTLE_JOBS = {
  name: "settle_jobs",
  text: `
    SELECT job_id, refused_attempt, status, attempt, rescued
      FROM settle_jobs($1::uuid[], $2::int[], $3::attempt_outcome[], $4::bigint[], $5::jsonb[], $6::jsonb[], $7::bigint[], $8::uuid[])`,
};

export type RefusedRow = [
  job_id: string,
  refused_attempt: number,
  status: JobStatus,
  attempt: number,
  rescued: boolean,
];

export function settleValues(outcomes: readonly Outcome[], doneLeases: readonly string[]): unknown[] {
  return [
    plainArray(outcomes.map((outcome) => outcome.id)),
    plainArray(outcomes.map((outcome) => outcome.attempt)),
    plainArray(outcomes.map((outcome) => outcome.kind)),
    orNull(
      outcomes.map((outcome) => (outcome.kind === "succeeded" ? outcome.cost_cents : undefined)),
      plainArray,
    ),
    orNull(
      outcomes.map((outcome) => (outcome.kind === "succeeded" ? outcome.output : undefined)),
      jsonArray,
    ),
    orNull(
      outcomes.map((outcome) => ("error" in outcome ? outcome.error : undefined)),
      jsonArray,
    ),
    orNull(
      outcomes.map((outcome) => (outcome.kind === "retry" ? outcome.delay_ms : undefined)),
      plainArray,
    ),
    doneLeases.length === 0 ? null : plainArray(doneLeases),
  ];
}

/** Statuses that this outcome would have written: found already, at this attempt, they mean that only the answer was lost. */
const STATUS_AFTER: Record<Outcome["kind"], JobStatus> = {
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
  retry: "pending",
  released: "pending",
};

export function toRefusal(row: RefusedRow, outcomes: readonly Outcome[]): Refusal {
  const [id, refused_attempt, status, attempt, rescued] = row;
  const refused = outcomes.find((outcome) => outcome.id === id && outcome.attempt === refused_attempt);
  if (!refused) throw new Error(`settle_jobs refused job ${id}, which was not in the batch`);
  const settledBefore = refused_attempt === attempt && STATUS_AFTER[refused.kind] === status && !rescued;
  return { id, attempt: refused_attempt, reason: settledBefore ? "already_settled" : "stale" };
}
