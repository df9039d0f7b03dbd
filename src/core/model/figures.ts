import type { JobStatus, Priority } from "./job.ts";

/** What an overview may look back on, with the length of its spans. */
export const RANGES = {
  "15m": { spans: 15, span: "minute", span_seconds: 60 },
  "1h": { spans: 60, span: "minute", span_seconds: 60 },
  "24h": { spans: 24, span: "hour", span_seconds: 3_600 },
  "7d": { spans: 168, span: "hour", span_seconds: 3_600 },
} as const;
export type Range = keyof typeof RANGES;

/** In seconds, too high by 19 % at most; null when there was nothing to measure. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Money that moved, in one currency. */
export interface MoneyMoved {
  readonly currency: string;
  readonly charged_cents: number;
  readonly refunded_cents: number;
  readonly topped_up_cents: number;
}

/** What happened in a span of time. The last one has not ended. */
export interface Span {
  readonly starts_at: string;
  /** Jobs that ended, by how. */
  readonly ended: Readonly<Record<EndedStatus, number>>;
  /** From `run_at` to the start of the last attempt, of jobs that succeeded or failed. */
  readonly wait_seconds: Percentiles;
  /** The last attempt of the same jobs. */
  readonly run_seconds: Percentiles;
  readonly money: readonly MoneyMoved[];
}

export type EndedStatus = Exclude<JobStatus, "pending" | "running">;

/** What wallets have, in one currency. */
export interface WalletSums {
  readonly currency: string;
  readonly wallets: number;
  /** Held for jobs that have not ended. */
  readonly held_cents: number;
  /** What customers have paid and not used up: the sum of the balances above zero. */
  readonly liability_cents: number;
  /** What customers owe: the sum of the balances below zero. */
  readonly receivable_cents: number;
}

export interface JobTypeLoad {
  readonly job_type_id: string;
  readonly name: string;
  /** Due jobs that wait for a slot. */
  readonly waiting: number;
  /** How long the oldest of them has waited at its priority. */
  readonly oldest_wait_seconds: number | null;
  readonly running: number;
  readonly paused_at: string | null;
  /** Whether a living runner serves it. */
  readonly served: boolean;
}

export interface PriorityLoad {
  readonly priority: Priority;
  readonly running: number;
}

export interface RunnerLoad {
  readonly runner_id: string;
  readonly running: number;
}

export interface FigureRepository {
  /** Counts jobs that have ended, a bounded batch. True when there are more. */
  countEnded(): Promise<boolean>;
  /** For how many seconds the oldest batch of ended jobs has waited to be counted; 0 when none waits. */
  lag_seconds(): Promise<number>;
  /** What happened, oldest span first, and over the whole range. */
  history(range: Range): Promise<{ readonly spans: Span[]; readonly whole: Omit<Span, "starts_at"> }>;
  wallets(): Promise<WalletSums[]>;
  /** The job types that have waiting or running jobs, or are paused. */
  jobTypes(): Promise<JobTypeLoad[]>;
  running(): Promise<PriorityLoad[]>;
  /** How many jobs each runner runs. One that runs none is left out. */
  runningByRunner(): Promise<RunnerLoad[]>;
  /** How many jobs were submitted in the last seconds: `SUBMITTED_COUNT_MAX` at most. */
  submitted(seconds: number): Promise<number>;
}
