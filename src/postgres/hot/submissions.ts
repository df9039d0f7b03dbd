import { PlatformError, type ErrorCode } from "../../core/lib/errors.ts";
import { insufficientFunds } from "../../core/model/insufficient-funds.ts";
import type { Job, NewJob, Submitted } from "../../core/model/job.ts";
import {
  customerInactive,
  idempotencyKeyReused,
  jobTypeDisabled,
  unknownCustomer,
  unknownJobType,
} from "../../core/model/refusals.ts";
import type { Room } from "../../core/model/ready-queue.ts";
import type { Database } from "../connection/database.ts";
import { jsonArray, orNull, plainArray, textArray } from "../connection/arrays.ts";

const COLUMNS = `job_id, refusal, estimated_cost_cents, max_attempts, created_at, run_at, due,
           current_balance_cents, pending_charges_cents, credit_limit_cents, monthly_spend_limit_cents, month_spent_cents`;
const PARAMETERS =
  "$1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::jsonb[], $6::timestamptz[], $7::smallint[], $8::uuid[], $9::boolean[]";

/** One round trip for any number of jobs; migrations/…_submit_jobs says what it locks and why it looks as it does. */
const SUBMIT_JOBS = {
  name: "submit_jobs",
  text: `SELECT ${COLUMNS} FROM submit_jobs(${PARAMETERS})`,
};

/** The same where some stand under idempotency keys; only such a batch pays for them. */
const SUBMIT_KEYED_JOBS = {
  name: "submit_keyed_jobs",
  text: `SELECT ${COLUMNS}, replay_of FROM submit_keyed_jobs(${PARAMETERS}, $10::uuid[], $11::uuid[], $12::int[])`,
};

type RefusalCode = Extract<
  ErrorCode,
  | "unknown_customer"
  | "customer_inactive"
  | "unknown_job_type"
  | "job_type_disabled"
  | "insufficient_funds"
  | "spend_limit_reached"
  | "wallet_frozen"
  | "idempotency_key_reused"
>;

export type SubmittedRow = [
  job_id: string,
  /** `twin_refused`: the same item under the same key stands earlier in the batch, and was refused. */
  refusal: RefusalCode | "twin_refused" | null,
  estimated_cost_cents: number,
  max_attempts: number,
  created_at: string,
  run_at: string,
  /** Null: stands for all jobs of this job's customer and type. */
  due: boolean | null,
  current_balance_cents: number,
  pending_charges_cents: number,
  credit_limit_cents: number,
  monthly_spend_limit_cents: number | null,
  month_spent_cents: number,
  /** The job that was made before under this key. */
  replay_of?: string | null,
];

/** What was stored, what was refused, or which job is to be answered instead. */
export async function callSubmit(
  database: Database,
  jobs: readonly NewJob[],
  room: Room,
): Promise<SubmitAnswers> {
  const values = submitValues(jobs, room);
  if (!jobs.some((job) => job.key))
    return new SubmitAnswers(jobs, await database.call<SubmittedRow>(SUBMIT_JOBS, values));
  const rows = await database.call<SubmittedRow>(SUBMIT_KEYED_JOBS, [
    ...values,
    plainArray(jobs.map((job) => job.key?.id)),
    plainArray(jobs.map((job) => job.key?.request_hash)),
    plainArray(jobs.map((job) => job.key?.item)),
  ]);
  return new SubmitAnswers(jobs, rows);
}

/** The answer to each job of a batch. Jobs of one customer and type that were stored on the same terms share one. */
export class SubmitAnswers {
  readonly rows: readonly SubmittedRow[];
  readonly #ofJobs: ReadonlyMap<string, SubmittedRow>;
  readonly #ofQuotes = new Map<string, SubmittedRow>();

  constructor(jobs: readonly NewJob[], rows: readonly SubmittedRow[]) {
    this.rows = rows;
    this.#ofJobs = new Map(rows.map((row) => [row[0], row]));
    if (!rows.some(isShared)) return;
    for (const job of jobs) {
      const row = this.#ofJobs.get(job.id);
      if (row && isShared(row)) this.#ofQuotes.set(quoteOf(job), row);
    }
  }

  /** Undefined: the function passed over it, because it is stored already. */
  of(job: NewJob): SubmittedRow | undefined {
    return this.#ofJobs.get(job.id) ?? this.#ofQuotes.get(quoteOf(job));
  }
}

function isShared([, refusal, , , , , due]: SubmittedRow): boolean {
  return refusal === null && due === null;
}

function quoteOf({ customer_id, job_type_id }: NewJob): string {
  return customer_id + job_type_id;
}

function submitValues(jobs: readonly NewJob[], room: Room): unknown[] {
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
  const [, refusal, estimated_cost_cents, max_attempts, created_at, run_at, due] = row;
  if (refusal === "twin_refused") throw new Error(`job ${job.id} has no answer of its own`);
  if (refusal) return { refused: refuse(refusal, job, row) };
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
  return { job: stored, due: due ?? true };
}

function refuse(code: RefusalCode, job: NewJob, row: SubmittedRow): PlatformError {
  const [, , required_cents, , , , , current_balance_cents, pending_charges_cents] = row;
  const [credit_limit_cents, monthly_spend_limit_cents, month_spent_cents] = [row[9], row[10], row[11]];
  switch (code) {
    case "insufficient_funds":
      return insufficientFunds({
        required_cents,
        current_balance_cents,
        pending_charges_cents,
        credit_limit_cents,
      });
    case "spend_limit_reached":
      return new PlatformError(
        code,
        `This costs ${required_cents} cents; of the month's limit of ${monthly_spend_limit_cents}, ${month_spent_cents} are spent and ${pending_charges_cents} held for open jobs. Raise the limit, or wait for the next month.`,
        { members: { required_cents, monthly_spend_limit_cents, month_spent_cents, pending_charges_cents } },
      );
    case "wallet_frozen":
      return new PlatformError(code, "The wallet is frozen: it takes no new jobs until it is unfrozen.");
    case "idempotency_key_reused":
      return idempotencyKeyReused();
    case "unknown_customer":
      return unknownCustomer(job.customer_id);
    case "customer_inactive":
      return customerInactive();
    case "unknown_job_type":
      return unknownJobType(job.job_type_id);
    case "job_type_disabled":
      return jobTypeDisabled();
  }
}
