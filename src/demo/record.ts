import type { AuditRow } from "../core/model/audit.ts";
import type { EntryAnswer, JobAnswer, WalletAnswer } from "./answers.ts";
import type { Submission } from "./submit.ts";
import type { PlannedCustomer } from "./workload.ts";

/** What one customer asked for, and what the API says became of it. */
export interface CustomerRecord {
  readonly planned: PlannedCustomer;
  readonly submissions: readonly Submission[];
  readonly jobs: readonly JobAnswer[];
  readonly wallet: WalletAnswer;
  readonly entries: readonly EntryAnswer[];
}

/** All that happened in a demo: report and checks are made from this alone. */
export interface DemoRecord {
  readonly customers: readonly CustomerRecord[];
  readonly audit: readonly AuditRow[];
  /** When the first job was sent, as Unix time. */
  readonly began_ms: number;
}

export function allJobs({ customers }: DemoRecord): JobAnswer[] {
  return customers.flatMap(({ jobs }) => jobs);
}

export function refusalsOf({ submissions }: CustomerRecord) {
  return submissions.flatMap((submission) => ("refusal" in submission ? [submission.refusal] : []));
}

/**
 * The jobs that were accepted, each with what it was to be and what it is now; `job` is undefined when the
 * API does not list it.
 */
export function acceptedOf({ submissions, jobs }: CustomerRecord) {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return submissions.flatMap((submission) =>
    "job_id" in submission
      ? [{ id: submission.job_id, planned: submission.planned, job: byId.get(submission.job_id) }]
      : [],
  );
}

export function chargesOf({ entries }: CustomerRecord): EntryAnswer[] {
  return entries.filter(({ kind }) => kind === "charge");
}

/** The nearest rank: a value that was really measured. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** From creation to start, in ms, shortest first. */
export function waitsOf(jobs: readonly JobAnswer[]): number[] {
  return jobs
    .flatMap(({ created_at, started_at }) =>
      started_at === null ? [] : [Date.parse(started_at) - Date.parse(created_at)],
    )
    .toSorted((a, b) => a - b);
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
