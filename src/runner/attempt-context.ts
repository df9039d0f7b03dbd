import type { Logger } from "pino";
import type { ClaimedJob } from "../core/model/job.ts";
import { processorJob } from "../processors/sdk/processor-job.ts";
import type { LogMethod, ProcessorContext, ProcessorJob } from "../processors/sdk/processor.ts";
import type { Interrupter } from "./interrupter.ts";

interface Parts {
  readonly job: ClaimedJob;
  readonly interrupter: Interrupter;
  readonly log: Logger;
}

/** What a processor tells of its attempt, and what it is told. */
export class AttemptContext {
  /** What the processor gets. It cannot be written to, and nothing of the runner's is in reach of it. */
  readonly given: ProcessorContext;
  #cost_cents: number | undefined;

  constructor(parts: Parts) {
    this.given = Object.freeze(new GivenContext(parts, (cents) => this.#setCost(cents, parts.job)));
  }

  /** The cost that the processor set last; undefined when it set none. */
  get cost_cents(): number | undefined {
    return this.#cost_cents;
  }

  #setCost(cents: number, { estimated_cost_cents }: ClaimedJob): void {
    if (!Number.isSafeInteger(cents) || cents < 0)
      throw new TypeError(`cost(${String(cents)}): whole cents, 0 or more`);
    this.#cost_cents = Math.min(cents, estimated_cost_cents);
  }
}

/**
 * Members are created when they are first used, because most attempts use none. Functions are bound, so that a
 * processor may destructure the context.
 */
class GivenContext implements ProcessorContext {
  readonly cost: ProcessorContext["cost"];
  readonly #parts: Parts;
  readonly #made: { job?: ProcessorJob; log?: ProcessorContext["log"] } = {};

  constructor(parts: Parts, cost: ProcessorContext["cost"]) {
    this.#parts = parts;
    this.cost = cost;
  }

  get job(): ProcessorJob {
    return (this.#made.job ??= processorJob(this.#parts.job));
  }

  get attempt(): number {
    return this.#parts.job.attempt;
  }

  get signal(): AbortSignal {
    return this.#parts.interrupter.signal;
  }

  get log(): ProcessorContext["log"] {
    return (this.#made.log ??= logOf(this.#parts));
  }

  get progress(): ProcessorContext["progress"] {
    return (fraction, message) => this.log.debug({ progress: fraction }, message ?? "progress");
  }
}

// One for all attempts: what one processor writes there, all others would read.
Object.freeze(GivenContext.prototype);

/** Functions only: by a logger of the runner's own a processor could reach all of its log. */
function logOf({ job, log }: Parts): ProcessorContext["log"] {
  const own = log.child({ job_id: job.id, attempt: job.attempt });
  const at =
    (level: keyof ProcessorContext["log"]): LogMethod =>
    (fields, message) =>
      own[level](fields, message);
  return Object.freeze({ debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });
}
