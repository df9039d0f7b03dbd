import type { Api, Operations } from "./api-types.gen.ts";
import { classOf } from "./class-of.gen.ts";
import { newKey, pages, type Core, type RequestOptions } from "./core.ts";
import { JobAlreadyEndedError, RateLimitedError, UnknownJobTypeError } from "./errors.gen.ts";
import { followEvents, PATIENCE, type JobEvent } from "./follow-events.ts";
import { ApiError, ConnectionError, UnexpectedAnswerError, WaitTimeoutError } from "./iep-error.ts";
import type { JobTypeIds } from "./job-type-ids.ts";
import type { EndedJob, InputOf, Job, OutputOf, TypeName } from "./job-types.ts";
import { anyOf, backoff_ms, pause } from "./pause.ts";
import { runJob, type RunOptions } from "./run-job.ts";

/** How a job is to be run. Left out, the defaults of the API hold. */
export interface SubmitOptions extends RequestOptions {
  /** 0 is high, 1 medium, 2 low. */
  readonly priority?: 0 | 1 | 2 | undefined;
  /** RFC 3339. The job does not start before. */
  readonly run_at?: string | undefined;
  readonly max_attempts?: number | undefined;
  /** Who is told of the end of this job alone: `webhooks.verify` checks it, with the secret of all such webhooks. */
  readonly webhook?: Api["SubmitJob"]["webhook"];
  /** Needed with an operator's key only. */
  readonly customer_id?: string | undefined;
  /** Your own name for this submission: the same one again returns the job that the first one created. */
  readonly idempotencyKey?: string | undefined;
}

/** As `Request` says of `giveUp`. */
export type AbandonableOptions = SubmitOptions & { readonly giveUp?: AbortSignal | undefined };

/** A job of a batch. */
export type BatchItem<Types> = {
  readonly [Name in TypeName<Types>]: Omit<SubmitOptions, keyof RequestOptions | "idempotencyKey"> & {
    readonly type: Name;
    readonly input: InputOf<Types, Name>;
  };
}[TypeName<Types>];

/** What became of a job of a batch. */
export type BatchResult =
  { readonly job: Job; readonly error?: undefined } | { readonly job?: undefined; readonly error: ApiError };

export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly message: string | null;
}

export interface WaitOptions extends RequestOptions {
  /** How long to wait in all. Default: for ever. */
  readonly wait_ms?: number | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

type ListFilter = Omit<NonNullable<Operations["GET /jobs"]["query"]>, "cursor" | "order" | "after">;

/** The jobs of a customer. */
export class Jobs<Types> {
  readonly #core: Core;
  readonly #ids: JobTypeIds;

  constructor(core: Core, ids: JobTypeIds) {
    this.#core = core;
    this.#ids = ids;
  }

  /**
   * Submits a job, waits for its end and returns it. Throws a `JobFailedError` or a `JobCancelledError`, which
   * have the job; neither costs anything. Aborted, it cancels the job and throws the reason of the signal.
   */
  async run<Name extends TypeName<Types>>(
    type: Name,
    input: InputOf<Types, Name>,
    options: RunOptions = {},
  ): Promise<EndedJob<OutputOf<Types, Name>>> {
    // The types say what a job of this name returns; the API checks inputs alone.
    return (await runJob(this, type, input, options)) as EndedJob<OutputOf<Types, Name>>;
  }

  /** Submits a job and holds its price. Returns it as it is then. */
  async submit<Name extends TypeName<Types>>(
    type: Name,
    input: InputOf<Types, Name>,
    options: SubmitOptions = {},
  ): Promise<Job<OutputOf<Types, Name>>> {
    return (await this.submitAndWait(type, input, options, 0)) as Job<OutputOf<Types, Name>>;
  }

  /** The id of a job type. Throws an `UnknownJobTypeError` that lists the names that there are. */
  async idOf(type: string, options: RequestOptions = {}): Promise<string> {
    return await this.#ids.find(type, options);
  }

  /**
   * As `submit`, but the answer comes when the job has ended, or after `wait_seconds`. Aborted, `giveUp` ends it
   * with its reason where it is certain that there is no job.
   */
  async submitAndWait(
    type: string,
    input: unknown,
    { idempotencyKey = newKey(), signal, giveUp, timeout_ms, ...fields }: AbandonableOptions,
    wait_seconds: number,
  ): Promise<Job> {
    const body = {
      ...fields,
      job_type_id: await this.#ids.find(type, { signal, timeout_ms }),
      input_data: input,
    };
    const headers = {
      "idempotency-key": idempotencyKey,
      ...(wait_seconds === 0 ? {} : { prefer: `wait=${wait_seconds}` }),
    };
    const longer_ms = (timeout_ms ?? this.#core.settings.timeout_ms) + wait_seconds * 1_000;
    const repeats = { repeatable: true, repeatsUnheard: wait_seconds === 0 };
    const options = { headers, signal, giveUp, timeout_ms: longer_ms, ...repeats };
    try {
      return await this.#core.call("POST /jobs", { body }, options);
    } catch (error) {
      if (error instanceof UnknownJobTypeError) this.#ids.forget();
      // Only so many requests may wait, and a long one breaks more easily. The same key makes the same job.
      if (wait_seconds > 0 && (error instanceof ConnectionError || isUnheard(error)))
        return await this.submitAndWait(
          type,
          input,
          { idempotencyKey, signal, giveUp, timeout_ms, ...fields },
          0,
        );
      throw error;
    }
  }

  /** Submits up to 1000 jobs. Each one succeeds or fails on its own: the results are in the order given. */
  async batch(
    items: readonly BatchItem<Types>[],
    {
      idempotencyKey = newKey(),
      ...options
    }: RequestOptions & { readonly idempotencyKey?: string | undefined } = {},
  ): Promise<BatchResult[]> {
    const jobs: Api["SubmitJob"][] = [];
    for (const { type, input, ...fields } of items)
      jobs.push({ ...fields, job_type_id: await this.#ids.find(type, options), input_data: input });
    const headers = { "idempotency-key": idempotencyKey };
    const { results } = await this.#core.call(
      "POST /jobs/batch",
      { body: { jobs } },
      { ...options, headers, repeatable: true },
    );
    return results.map((result) =>
      "job" in result
        ? { job: result.job }
        : { error: new (classOf(result.problem.code) ?? ApiError)(result.problem) },
    );
  }

  /** What a job would cost, whether the wallet could hold it, and how long it would wait. Nothing is stored. */
  async estimate<Name extends TypeName<Types>>(
    type: Name,
    input: InputOf<Types, Name>,
    { idempotencyKey: _unused, signal, timeout_ms, ...fields }: SubmitOptions = {},
  ): Promise<Api["JobEstimate"]> {
    const options = { signal, timeout_ms };
    const body = { ...fields, job_type_id: await this.#ids.find(type, options), input_data: input };
    return await this.#core.call("POST /jobs/estimate", { body }, { ...options, repeatable: true });
  }

  async get(id: string, options: RequestOptions = {}): Promise<Job> {
    return await this.#core.call("GET /jobs/{id}", { path: { id } }, options);
  }

  /**
   * Jobs, newest first, read page by page as they are asked for. `type` is a name or an id.
   *
   * ```ts
   * for await (const job of iep.jobs.list({ status: "failed" })) console.log(job.id, job.error?.message);
   * ```
   */
  async *list(
    { type, ...filter }: ListFilter & { readonly type?: TypeName<Types> | undefined } = {},
    options: RequestOptions = {},
  ): AsyncGenerator<Job, void, undefined> {
    const job_type_id = type === undefined ? filter.job_type_id : await this.#ids.find(type, options);
    yield* pages((cursor) =>
      this.#core.call("GET /jobs", { query: { ...filter, job_type_id, cursor } }, options),
    );
  }

  /**
   * What happens to a job, from its first event or behind `after`, until it has ended. Connects again by
   * itself: no event is missed, and none comes twice.
   */
  events(
    id: string,
    options: { readonly after?: number; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<JobEvent> {
    return followEvents(this.#core.settings, id, options);
  }

  /** Returns the job when it has ended, however it did. Throws a `WaitTimeoutError` after `wait_ms`. */
  async wait(id: string, { wait_ms, onProgress, signal, timeout_ms }: WaitOptions = {}): Promise<Job> {
    const time = wait_ms === undefined ? undefined : AbortSignal.timeout(wait_ms);
    const options = { signal: anyOf(signal, time), timeout_ms };
    try {
      return await this.#endOf(id, onProgress, options);
    } catch (error) {
      if (time?.aborted === true && signal?.aborted !== true) throw new WaitTimeoutError(id, wait_ms ?? 0);
      throw error;
    }
  }

  /** Ends a job at no cost. One that somebody cancelled before is returned as it is. */
  async cancel(id: string, options: RequestOptions = {}): Promise<Job> {
    try {
      return await this.#core.call(
        "POST /jobs/{id}/cancel",
        { path: { id } },
        { ...options, repeatable: true },
      );
    } catch (error) {
      // Also when the answer to the first attempt was lost.
      if (!(error instanceof JobAlreadyEndedError) || error.job_status !== "cancelled") throw error;
      return await this.get(id, options);
    }
  }

  /**
   * Runs a failed or cancelled job again, as a new job at the price of today. It is not repeated when its
   * answer is lost, as that could make two: look for jobs with this `retry_of` before you call it again.
   */
  async retry(id: string, options: RequestOptions = {}): Promise<Job> {
    return await this.#core.call("POST /jobs/{id}/retry", { path: { id } }, options);
  }

  /** Follows the stream of events; where none can be had, such as behind some proxies, asks again and again. */
  async #endOf(id: string, onProgress: WaitOptions["onProgress"], options: RequestOptions): Promise<Job> {
    const { settings } = this.#core;
    try {
      for await (const event of followEvents(settings, id, { signal: options.signal, leavesSilence: true }))
        if (event.type === "progress") onProgress?.({ fraction: event.fraction, message: event.message });
      return await this.get(id, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof ConnectionError) && !(error instanceof RateLimitedError)) throw error;
    }
    let told = "";
    let failures = 0;
    for (let turn = 1; ; turn += 1) {
      const job = await this.get(id, options).catch((error: unknown) => {
        failures += 1;
        if (!(error instanceof ConnectionError) || failures > PATIENCE * settings.retries) throw error;
        return undefined;
      });
      if (job) failures = 0;
      const progress = JSON.stringify(job?.progress ?? null);
      if (job?.progress && progress !== told) onProgress?.(job.progress);
      if (job && job.completed_at !== null) return job;
      if (job) told = progress;
      await pause(backoff_ms(turn), options.signal);
    }
  }
}

/** Whether it says that nothing was done, and that the same may be asked for again. */
function isUnheard(error: unknown): boolean {
  const isAnswer = error instanceof UnexpectedAnswerError || (error instanceof ApiError && error.retryable);
  return isAnswer && [408, 429].includes(error.status);
}
