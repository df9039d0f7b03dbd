import { PlatformError, type ErrorCode } from "../core/errors.ts";
import { insufficientFunds } from "../core/insufficient-funds.ts";
import type { Job, NewJob, Submitted } from "../core/job.ts";
import type { Room } from "../core/ready-queue.ts";
import { jsonArray, orNull, plainArray, textArray } from "./arrays.ts";

/** One round trip for any number of jobs; migrations/…_submit_jobs says what it locks and why it looks as it does. */
export const SUBMIT_JOBS = {
  name: "submit_jobs",
  text: `
    SELECT job_id, refusal, estimated_cost_cents, max_attempts, created_at, run_at, due, current_balance_cents, pending_charges_cents
      FROM submit_jobs($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::jsonb[], $6::timestamptz[], $7::smallint[], $8::uuid[], $9::boolean[])`,
};

type RefusalCode = Extract<
  ErrorCode,
  "unknown_customer" | "customer_inactive" | "unknown_job_type" | "job_type_disabled" | "insufficient_funds"
>;

export type SubmittedRow = [
  job_id: string,
  refusal: RefusalCode | null,
  estimated_cost_cents: number,
  max_attempts: number,
  created_at: string,
  run_at: string,
  due: boolean,
  current_balance_cents: number,
  pending_charges_cents: number,
];

export function submitValues(jobs: readonly NewJob[], room: Room): unknown[] {
  return [
    plainArray(jobs.map((job) => job.id)),
    plainArray(jobs.map((job) => job.customer_id)),
    plainArray(jobs.map((job) => job.job_type_id)),
    plainArray(jobs.map((job) => job.priority)),
    jsonArray(jobs.map((job) => job.input_data)),
    orNull(
      jobs.map((job) => job.run_at),
      textArray,
    ),
    orNull(
      jobs.map((job) => job.max_attempts),
      plainArray,
    ),
    orNull(
      jobs.map((job) => job.retry_of),
      plainArray,
    ),
    plainArray([room[0], room[1], room[2]]),
  ];
}

export function toSubmitted(job: NewJob, row: SubmittedRow): Submitted {
  const [
    ,
    refusal,
    estimated_cost_cents,
    max_attempts,
    created_at,
    run_at,
    due,
    current_balance_cents,
    pending_charges_cents,
  ] = row;
  if (refusal === "insufficient_funds") {
    return {
      refused: insufficientFunds({
        required_cents: estimated_cost_cents,
        current_balance_cents,
        pending_charges_cents,
      }),
    };
  }
  if (refusal) return { refused: refuse(refusal, job) };
  const stored: Job = {
    id: job.id,
    customer_id: job.customer_id,
    job_type_id: job.job_type_id,
    status: "pending",
    priority: job.priority,
    input_data: job.input_data,
    output_data: null,
    error: null,
    errors: [],
    estimated_cost_cents,
    cost_cents: null,
    attempt: 0,
    max_attempts,
    retry_of: job.retry_of ?? null,
    run_at,
    created_at,
    started_at: null,
    completed_at: null,
    runner_id: null,
  };
  return { job: stored, due };
}

function refuse(code: Exclude<RefusalCode, "insufficient_funds">, job: NewJob): PlatformError {
  switch (code) {
    case "unknown_customer":
      return new PlatformError(code, `There is no customer ${job.customer_id}.`, {
        errors: [{ pointer: "/customer_id", message: "is not known" }],
      });
    case "customer_inactive":
      return new PlatformError(code, "This customer is not active and cannot submit jobs.");
    case "unknown_job_type":
      return new PlatformError(code, `There is no job type ${job.job_type_id}.`, {
        errors: [{ pointer: "/job_type_id", message: "is not known" }],
      });
    case "job_type_disabled":
      return new PlatformError(code, "This job type takes no new jobs.", {
        errors: [{ pointer: "/job_type_id", message: "is disabled" }],
      });
  }
}
