import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/new-id.ts";
import { weave } from "../lib/weave.ts";
import { withRetry } from "../lib/with-retry.ts";
import type { KeyedItem } from "../model/idempotency.ts";
import { DEFAULT_PRIORITY, type Job, type NewJob, type Priority, type Submitted } from "../model/job.ts";
import type { JobType } from "../model/job-type.ts";
import type { JobWebhook, StoredJobWebhook } from "../model/job-webhook.ts";
import type { TraceContext } from "../model/traces.ts";
import { refusedIfAway, throwIfAllAway } from "./away.ts";
import { findOrigins } from "./find-origins.ts";
import { findRefusal } from "./find-refusal.ts";
import type { Platform } from "./platform.ts";
import { replayRefused } from "./replay-refused.ts";
import {
  CHECK_STEPS_HERE_MAX,
  SUBMIT_FOR_MS,
  SUBMIT_LEAST_MS,
  SUBMIT_RETRY_DELAY_MAX_MS,
} from "../model/limits.ts";

/** A request for one job. */
export interface SubmitJob {
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly priority?: Priority | undefined;
  readonly input_data: unknown;
  readonly run_at?: string | undefined;
  readonly max_attempts?: number | undefined;
  readonly retry_of?: string | undefined;
  readonly key?: KeyedItem | undefined;
  readonly trace?: TraceContext | undefined;
  /** Who is told of its end, besides the endpoints. Whoever gives it has checked its address. */
  readonly webhook?: JobWebhook | undefined;
}

/**
 * Prices, holds and stores jobs, then pushes them to the ready queue. A job and its hold exist together or
 * not at all. Each request stands alone: its result, in the order given, is the stored job or why there is
 * none. Throws `unavailable` when the database was away for all of them. `waited_ms` is how long the
 * requests have waited for it already.
 */
export async function submitJobs(
  platform: Platform,
  requests: readonly SubmitJob[],
  waited_ms = 0,
): Promise<Submitted[]> {
  const since = performance.now() - waited_ms;
  const jobTypes = await findJobTypes(
    platform,
    requests.map((request) => request.job_type_id),
    since,
  );
  const refusals = await findRefusals(platform, requests, jobTypes);
  const webhooks = await findWebhooks(platform, requests, { refusals, since });
  const accepted: NewJob[] = [];
  for (const [n, request] of requests.entries())
    if (!refusals[n]) accepted.push(toNewJob(request, webhooks?.[n]));
  // The group commit calls `storeAndPush` with the jobs of all callers: one transaction, and the push after
  // COMMIT.
  const stored = await platform.submissions.addAll(accepted, since);
  tellNewJobs(platform, accepted, stored);
  const refused = await replayRefused(platform.jobs, requests, refusals);
  const submitted = weave(
    refused,
    stored.map((outcome) => toSubmitted(outcome, jobTypes)),
  );
  throwIfAllAway(submitted);
  return submitted;
}

/**
 * Stores a batch in one transaction and pushes what is due after COMMIT. Results wait for the push, the next
 * batch does not. The first of them has waited since `since`.
 */
export async function storeAndPush(
  { jobs, readyQueue }: Pick<Platform, "jobs" | "readyQueue">,
  batch: readonly NewJob[],
  resolveAfter: (pushed: Promise<void>) => void,
  since = performance.now(),
): Promise<Submitted[]> {
  const room = readyQueue.room();
  // An attempt whose reply was lost may have been stored: `submit` knows a job by its id.
  const submitted = await withRetry(() => jobs.submit(batch, room), {
    for_ms: leftOfPatience(since),
    delay_max_ms: SUBMIT_RETRY_DELAY_MAX_MS,
  });
  const due = submitted.flatMap((one) => ("job" in one && one.due ? [one.job] : []));
  // After COMMIT: PostgreSQL is the truth, the ready queue a hint. `refill` pushes again if this process dies
  // before the push.
  resolveAfter(readyQueue.push(due, room));
  return submitted;
}

/** `submitJobs` of one; throws the refusal. */
export async function submitJob(platform: Platform, request: SubmitJob): Promise<Job> {
  return (await submitOne(platform, request)).job;
}

/**
 * `submitJob` that also tells whether an earlier request under the same key had created the job. It does what
 * `submitJobs` does, without the lists: those are a tenth of what a submission costs its API process. A job with a
 * webhook of its own is rare, and goes their way.
 */
export async function submitOne(platform: Platform, request: SubmitJob, waited_ms = 0): Promise<StoredJob> {
  if (request.webhook) {
    const [submitted] = await submitJobs(platform, [request], waited_ms);
    if (!submitted) throw new Error("a submission has no result");
    return orThrow(submitted);
  }
  const since = performance.now() - waited_ms;
  const types = [request.job_type_id];
  const jobTypes = platform.jobTypeCache.peek(types) ?? (await findJobTypes(platform, types, since));
  const { inputSchemas } = platform;
  const means = { inputSchemas, budget: { steps: CHECK_STEPS_HERE_MAX } };
  const checked = findRefusal(request, jobTypes.get(request.job_type_id), means);
  const refusal = checked instanceof Promise ? await checked : checked;
  if (refusal) {
    const [replayed] = await replayRefused(platform.jobs, [request], [refusal]);
    return orThrow(replayed ?? { refused: refusal });
  }
  const stored = orThrow(await platform.submissions.add(toNewJob(request, undefined), since));
  platform.jobChanges.tellNew(request.customer_id);
  return shownAsHeldBack(stored, jobTypes);
}

type StoredJob = Extract<Submitted, { job: unknown }>;

function orThrow(submitted: Submitted): StoredJob {
  if ("refused" in submitted) throw submitted.refused;
  return submitted;
}

/** Of each customer once in a row: a batch is mostly of one. */
function tellNewJobs(
  { jobChanges }: Pick<Platform, "jobChanges">,
  jobs: readonly NewJob[],
  stored: readonly PromiseSettledResult<Submitted>[],
): void {
  let told: string | undefined;
  for (const [n, { customer_id }] of jobs.entries()) {
    const outcome = stored[n];
    if (customer_id === told || outcome?.status !== "fulfilled" || !("job" in outcome.value)) continue;
    jobChanges.tellNew(customer_id);
    told = customer_id;
  }
}

/** Waits only when an input is checked in another thread. */
async function findRefusals(
  { inputSchemas }: Platform,
  requests: readonly SubmitJob[],
  jobTypes: ReadonlyMap<string, JobType>,
): Promise<(PlatformError | undefined)[]> {
  const means = { inputSchemas, budget: { steps: CHECK_STEPS_HERE_MAX } };
  const late: [number, Promise<PlatformError | undefined>][] = [];
  const refusals: (PlatformError | undefined)[] = requests.map((request, n) => {
    const refusal = findRefusal(request, jobTypes.get(request.job_type_id), means);
    if (!(refusal instanceof Promise)) return refusal;
    late.push([n, refusal]);
    return undefined;
  });
  await Promise.all(
    late.map(async ([n, refusal]) => {
      refusals[n] = await refusal;
    }),
  );
  return refusals;
}

/**
 * The webhooks of the requests that are not refused, as they are stored; adds to `refusals` what there can be none
 * for. Undefined, and no call, where no job brings one.
 */
async function findWebhooks(
  platform: Platform,
  requests: readonly SubmitJob[],
  { refusals, since }: { readonly refusals: (PlatformError | undefined)[]; readonly since: number },
): Promise<(StoredJobWebhook | undefined)[] | undefined> {
  if (!requests.some(({ webhook }) => webhook)) return undefined;
  const bringing = requests.map((request, n) =>
    refusals[n] ? { customer_id: request.customer_id } : request,
  );
  const found = await findOrigins(platform, bringing, {
    for_ms: leftOfPatience(since),
    delay_max_ms: SUBMIT_RETRY_DELAY_MAX_MS,
  });
  return found.map((webhook, n) => {
    if (!(webhook instanceof PlatformError)) return webhook;
    refusals[n] = webhook;
    return undefined;
  });
}

function leftOfPatience(since: number): number {
  return Math.max(SUBMIT_LEAST_MS, since + SUBMIT_FOR_MS - performance.now());
}

async function findJobTypes(
  { jobTypeCache }: Platform,
  ids: readonly string[],
  since: number,
): Promise<ReadonlyMap<string, JobType>> {
  return (
    jobTypeCache.peek(ids) ??
    (await withRetry(() => jobTypeCache.findByIds(ids), {
      for_ms: leftOfPatience(since),
      delay_max_ms: SUBMIT_RETRY_DELAY_MAX_MS,
    }))
  );
}

/** Field by field: a spread costs three times as much. */
function toNewJob(request: SubmitJob, webhook: StoredJobWebhook | undefined): NewJob {
  return {
    id: newId(),
    customer_id: request.customer_id,
    job_type_id: request.job_type_id,
    priority: request.priority ?? DEFAULT_PRIORITY,
    input_data: request.input_data,
    run_at: request.run_at,
    max_attempts: request.max_attempts,
    retry_of: request.retry_of,
    key: request.key,
    trace: request.trace,
    webhook,
  };
}

function toSubmitted(
  outcome: PromiseSettledResult<Submitted>,
  jobTypes: ReadonlyMap<string, JobType>,
): Submitted {
  if (outcome.status === "rejected") return refusedIfAway(outcome.reason);
  return "refused" in outcome.value ? outcome.value : shownAsHeldBack(outcome.value, jobTypes);
}

/** Says so where the type of a job that waits for a slot is known to be held back. */
function shownAsHeldBack(submitted: StoredJob, jobTypes: ReadonlyMap<string, JobType>): StoredJob {
  if (submitted.job.waiting_for !== "slot") return submitted;
  const jobType = jobTypes.get(submitted.job.job_type_id);
  if (!jobType || (jobType.served && jobType.paused_at === null)) return submitted;
  const waiting_for = jobType.paused_at === null ? "runner" : "resume";
  return { ...submitted, job: { ...submitted.job, waiting_for } };
}
