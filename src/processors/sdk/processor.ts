import type { z } from "zod";

// `Symbol.for`, because a user's file may load a second copy of this module: both copies must know each
// other's work.
export const PROCESSOR = Symbol.for("iep.processor");

/** What a processor is told about the job that it works on. */
export interface ProcessorJob {
  /** The same in every attempt. */
  readonly id: string;
  readonly customer_id: string;
  readonly job_type_id: string;
  /** 0 high, 1 medium, 2 low. */
  readonly priority: 0 | 1 | 2;
  /** 1 for the first attempt; grows by one with each. */
  readonly attempt: number;
  /** A plain error is tried again until this many attempts have failed. */
  readonly max_attempts: number;
  /** The price that was quoted at submission, and the most that the job can cost. */
  readonly estimated_cost_cents: number;
}

/**
 * pino's call shape: fields first, then the message.
 *
 * ```ts
 * ctx.log.info({ pages: 12 }, "read the document");
 * ```
 */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message?: string) => void;

/**
 * Where the trace of the job goes on, as W3C Trace Context writes it. The names are those of the headers that
 * hand it to the next service.
 *
 * ```ts
 * await fetch(url, { headers: { ...ctx.trace } });
 * ```
 */
export interface ProcessorTrace {
  readonly traceparent: string;
  /** Absent when there is none. */
  readonly tracestate?: string;
}

/**
 * What `run` gets besides the input. Its members may be taken out of it: none needs `this`.
 *
 * ```ts
 * async run({ urls }, { signal, progress, cost }) {
 *   for (const [index, url] of urls.entries()) {
 *     await fetch(url, { signal });
 *     progress((index + 1) / urls.length, url);
 *   }
 *   cost(urls.length);
 *   return { fetched: urls.length };
 * }
 * ```
 */
export interface ProcessorContext {
  readonly job: ProcessorJob;
  /** The same as `job.attempt`. */
  readonly attempt: number;
  /**
   * Aborts on timeout, cancel, shutdown and lost lease. Stop at once: what is returned afterwards is thrown
   * away.
   */
  readonly signal: AbortSignal;
  /** Undefined where the runner does not trace, or the job carries no trace. */
  readonly trace?: ProcessorTrace | undefined;
  /**
   * For the calls that the attempt makes to other services, so that they do a thing once: the same in every attempt of
   * the job, and another for each job, also for one that retries another. It is the job's id. A service that is called
   * more than once needs a suffix for each call: `${idempotencyKey}-invoice`.
   */
  readonly idempotencyKey: string;
  /**
   * Milliseconds until this attempt times out; 0 when it has. It is another number each time that it is read, so read
   * it from the context: taken out of it, it stands still.
   */
  readonly remaining_ms: number;
  /** The runner's log. Each line names the job and the attempt. */
  readonly log: Readonly<Record<"debug" | "info" | "warn" | "error", LogMethod>>;
  /** How far the attempt is, 0 to 1. May be called often: only the latest counts. */
  progress(fraction: number, message?: string): void;
  /**
   * What success costs, in whole cents, at most `job.estimated_cost_cents`. The last call counts;
   * without one the job costs its estimate.
   */
  cost(cents: number): void;
}

/** What `defineProcessor` returns. Any two processors are of this one type, whatever their schemas. */
export interface Processor {
  readonly [PROCESSOR]: true;
  /** What `job_types.processing_logic_id` names. */
  readonly id: string;
  readonly description: string | undefined;
  readonly input: z.ZodType | undefined;
  readonly output: z.ZodType | undefined;
  /** The JSON Schema of what a command takes: submissions are checked against it. */
  readonly input_schema?: object | undefined;
  /** Whether the runner is to run it in a worker thread; `run` itself runs where it is called. */
  readonly thread: boolean;
  /** `input` has been parsed by the schema `input` before; it is not checked again. */
  run(input: unknown, context: ProcessorContext): Promise<unknown>;
}

/** True for what `defineProcessor` returned, in this copy of the module or another. */
export function isProcessor(value: unknown): value is Processor {
  return typeof value === "object" && value !== null && PROCESSOR in value;
}
