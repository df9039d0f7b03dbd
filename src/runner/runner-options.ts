import type { Logger } from "pino";
import type { ClaimedJob, Outcome } from "../core/model/job.ts";
import type { RunnerMeter } from "../core/model/meters.ts";
import type { Heartbeat, ServedJobs } from "../core/model/runner.ts";
import type { AttemptTraces } from "../core/model/traces.ts";
import type { Platform } from "../core/use-cases/platform.ts";
import type { ProcessorRegistry } from "../processors/loader/registry.ts";

type RunnerParts = Pick<
  Platform,
  "jobs" | "jobLog" | "jobChanges" | "readyQueue" | "jobTypeCache" | "runners"
>;

/** What a runner is made of. */
export interface RunnerOptions {
  readonly platform: RunnerParts;
  readonly processors: ProcessorRegistry;
  /** Jobs that may run at the same time. */
  readonly concurrency: number;
  readonly heartbeat: Heartbeat;
  /** Job types, by name or id, and priorities that it is restricted to. Left out: all. */
  readonly only?: Partial<Pick<ServedJobs, "restricted_to" | "priorities">> | undefined;
  /** The version of this software, shown in the list of runners. */
  readonly version: string;
  readonly log: Logger;
  /** Told of what it claims and settles. */
  readonly meter?: RunnerMeter | undefined;
  /** Left out: nothing is traced. */
  readonly traces?: AttemptTraces | undefined;
  /** Called for each attempt when its outcome was written, was refused, or could not be written. */
  readonly onSettled?: (job: ClaimedJob, outcome: Outcome) => void;
}
