import type { ClaimedJob, Outcome, Submitted } from "./job.ts";
import type { JobType } from "./job-type.ts";

/*
 * What the parts of a process tell of their work, to be traced. They know no OpenTelemetry, and work the same
 * when nobody traces. No method throws or rejects, and none waits for a collector.
 */

/**
 * A place in a trace, as W3C Trace Context writes it. The names are those of the headers that carry it, so an
 * object of this form is headers: `fetch(url, { headers: { ...context } })`.
 */
export interface TraceContext {
  readonly traceparent: string;
  /** What other tracing systems add, as it came. Absent when there is none. */
  readonly tracestate?: string;
}

/** Told of each request of the API. */
export interface RequestTraces {
  /** `route` is the pattern of its path. A `traceparent` that is not valid counts as none. */
  begin(request: {
    readonly method: string;
    readonly route: string;
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  }): RequestTrace;
}

/** The trace of one request. */
export interface RequestTrace {
  /** For lines of the log. */
  readonly traceId: string;
  /** Begins the submission of so many jobs. */
  submit(jobs: number): SubmissionTrace;
  /** Ends it, with the status of the response. */
  end(status: number): void;
}

/** The part of a trace from which the traces of jobs go on. */
export interface SubmissionTrace {
  /** To be stored with the jobs. Undefined where nobody records the trace, and the client has none of its own. */
  readonly context: TraceContext | undefined;
  end(submitted: readonly Submitted[]): void;
  /** Ends it where nothing was submitted. */
  fail(error: unknown): void;
}

/** Told of the attempts of a runner. */
export interface AttemptTraces {
  /** Those of the jobs that carry a trace, with where it goes on. Jobs whose trace cannot be read have none. */
  find(jobs: readonly ClaimedJob[]): Promise<ReadonlyMap<string, TraceContext>>;
  /** Begins the trace of an attempt: of the first one in the trace of its job, of others in a new one. */
  begin(job: ClaimedJob, jobType: JobType | undefined, submitted: TraceContext): AttemptTrace;
}

/** The trace of one attempt. */
export interface AttemptTrace {
  /** For lines of the log. */
  readonly traceId: string;
  /** For what the processor calls. */
  readonly context: TraceContext;
  /** Runs `work`. What it traces by OpenTelemetry's own API becomes a part of this trace. */
  around<Result>(work: () => Result): Result;
  /** The attempt has run. Undefined: it was no longer this runner's to end. */
  ran(outcome: Outcome | undefined): void;
  /** Its outcome was written, or refused, or could not be written. `cost_cents` is the charge. */
  settled(how: "written" | "refused" | "not_written", cost_cents: number): void;
}

/** The traces that are stored with jobs. */
export interface TraceRepository {
  find(ids: readonly string[]): Promise<ReadonlyMap<string, TraceContext>>;
}
