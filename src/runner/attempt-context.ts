import type { Logger } from "pino";
import type { ClaimedJob } from "../core/model/job.ts";
import { processorJob } from "../processors/sdk/processor-job.ts";
import type { ProcessorContext, ProcessorJob } from "../processors/sdk/processor.ts";
import { createAttemptLog } from "./attempt-log.ts";
import type { Interrupter } from "./interrupter.ts";

interface Parts {
  readonly job: ClaimedJob;
  readonly interrupter: Interrupter;
  readonly log: Logger;
}

/**
 * What a processor is told of its attempt. It cannot be written to, and nothing of the runner's is in reach of
 * it. Members are created when they are first used, because most attempts use none. Functions are bound, so
 * that a processor may destructure the context.
 */
export class AttemptContext implements ProcessorContext {
  readonly #parts: Parts;
  #job: ProcessorJob | undefined;
  #log: ProcessorContext["log"] | undefined;
  #cost_cents: number | undefined;
  #saidCost = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    Object.freeze(this);
  }

  /** The cost that the processor set last; undefined when it set none. No member: the processor has those. */
  static costOf(context: AttemptContext): number | undefined {
    return context.#cost_cents;
  }

  get job(): ProcessorJob {
    return (this.#job ??= processorJob(this.#parts.job));
  }

  get attempt(): number {
    return this.#parts.job.attempt;
  }

  get signal(): AbortSignal {
    return this.#parts.interrupter.signal;
  }

  get log(): ProcessorContext["log"] {
    // Functions only: by a logger of the runner's own a processor could reach all of its log.
    const { job, log } = this.#parts;
    return (this.#log ??= Object.freeze(
      createAttemptLog(log.child({ job_id: job.id, attempt: job.attempt })),
    ));
  }

  get progress(): ProcessorContext["progress"] {
    return (fraction, message) => this.log.debug({ progress: fraction }, message ?? "progress");
  }

  get cost(): ProcessorContext["cost"] {
    return (cents) => {
      if (!Number.isSafeInteger(cents) || cents < 0)
        throw new TypeError(`cost(${String(cents)}): whole cents, 0 or more`);
      const { estimated_cost_cents } = this.#parts.job;
      if (cents > estimated_cost_cents && !this.#saidCost) {
        this.#saidCost = true;
        this.log.warn(
          { cost_cents: cents, estimated_cost_cents },
          "the cost is above the quote, which is the most that is charged",
        );
      }
      this.#cost_cents = Math.min(cents, estimated_cost_cents);
    };
  }
}

// One for all attempts: what one processor writes there, all others would read.
Object.freeze(AttemptContext);
Object.freeze(AttemptContext.prototype);
