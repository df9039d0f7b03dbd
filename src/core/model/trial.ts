import type { JobError } from "./job.ts";
import type { LogLevel } from "./job-log.ts";

/** One attempt of a processor on a developer's machine, without a job, money or a database. */
export interface Trial {
  /** The `id` of the processor. */
  readonly processing_logic_id: string;
  readonly input: unknown;
  /** 1 for the first. */
  readonly attempt: number;
  readonly max_attempts: number;
  readonly timeout_seconds: number;
  /** The quote: the most that success may cost. */
  readonly estimated_cost_cents: number;
}

/** Who hears what the attempt tells, while it runs. */
export interface TrialListener {
  line(level: LogLevel, message: string): void;
  /** `fraction` is from 0 to 1. */
  progress(fraction: number, message: string | undefined): void;
}

/** How a trial ended, as the attempt of a job would have. */
export type TrialResult = { readonly run_ms: number } & (
  | { readonly outcome: "succeeded"; readonly output: unknown; readonly cost_cents: number }
  /** The job would have failed: no other attempt follows. */
  | { readonly outcome: "failed"; readonly error: JobError }
  /** Another attempt would follow after `delay_ms`. */
  | { readonly outcome: "retry"; readonly error: JobError; readonly delay_ms: number }
  /** It was told to stop. */
  | { readonly outcome: "cancelled" }
);

/** A processor that is loaded. */
export interface KnownProcessor {
  readonly id: string;
  readonly description: string | undefined;
  /** Where its attempts run: beside others in the runner's thread, in a thread of their own, or as a command. */
  readonly place: "runner" | "thread" | "command";
  /** The file that it was read from. Null for one that ships. */
  readonly file: string | null;
  /** The JSON Schema of its input, as the API checks it; null when there is none. */
  readonly input_schema: object | null;
}

/** The processors of a folder, as a runner would load them. */
export interface KnownProcessors {
  /** Absolute path of PROCESSORS_DIR, or of `./processors`. */
  readonly directory: string;
  readonly processors: readonly KnownProcessor[];
  /** Files that were left out, and why. */
  readonly faults: readonly { readonly file: string; readonly message: string }[];
}
