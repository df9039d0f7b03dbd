import type { ClaimedJob, Outcome, Submitted } from "./job.ts";
import type { JobType } from "./job-type.ts";

/*
 * What the parts of a process tell of their work, to be counted. They know no metrics, and work the same when
 * nobody counts. Each method is called once a batch, must not throw, and allocates nothing for a job.
 */

/** Told of each batch of submissions that the database answered. */
export interface SubmitMeter {
  stored(results: readonly Submitted[], seconds: number): void;
}

/** An attempt whose outcome was written. */
export interface EndedAttempt {
  readonly job: ClaimedJob;
  readonly jobType: JobType | undefined;
  readonly outcome: Outcome;
  readonly run_ms: number;
}

export interface RunnerMeter {
  /** Told of each claimed batch. */
  claimed(jobs: readonly ClaimedJob[]): void;
  /** Told of each settled batch. `stale`: how many outcomes were refused, as the job was no longer ours. */
  settled(written: readonly EndedAttempt[], stale: number, seconds: number): void;
}

export interface UpkeepMeter {
  /** Told of each task when the upkeep starts. */
  expects(task: string, every_ms: number): void;
  /** Told when the rounds of a task are over. */
  ran(task: string, seconds: number, succeeded: boolean): void;
  /** Told how many jobs of dead runners were given back. */
  rescued(jobs: number): void;
}

/** Told of each response. `route` is the pattern of its path; undefined when no route has it. */
export interface RequestMeter {
  answered(method: string, route: string | undefined, status: number, seconds: number): void;
}

/** The metrics of this process, as text for Prometheus. */
export interface MetricsPage {
  readonly contentType: string;
  /** Never rejects: what cannot be read is left out. */
  read(): Promise<string>;
}

export interface WebhookMeter {
  /** Told of each delivery that was tried. */
  ended(outcome: "delivered" | "failed" | "retry" | "released", seconds: number): void;
  /** Told when an endpoint was disabled. */
  disabled(): void;
}
