import { databaseClock } from "../../core/lib/database-clock.ts";
import { weave } from "../../core/lib/weave.ts";
import type { Job, NewJob, Submitted } from "../../core/model/job.ts";
import type { Room } from "../../core/model/ready-queue.ts";
import { orNull } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { known } from "../connection/decode.ts";
import { isViolationOf } from "../connection/errors.ts";
import {
  callSubmitJob,
  callSubmitJobs,
  callSubmitKeyedJobs,
  callSubmitTracedJobs,
  callSubmitWebhookJobs,
  type SubmitKeyedJobsRow,
} from "../connection/functions.gen.ts";
import { RING } from "../connection/ring.ts";
import { firstTwin, replayOf } from "./replays.ts";
import { findStoredJobs } from "./stored-jobs.ts";
import { submissionRefusal } from "./submission-refusal.ts";

/**
 * Unique keys that a repeated submission can hit. Any may be reported first; a claimed job no longer has a
 * queue row, so not all of them apply.
 */
const STORED_ALREADY = ["jobs_pkey", "job_queue_pkey", "job_schedule_pkey"];

/** A row of submit_jobs is one of submit_keyed_jobs without a replay. */
type SubmittedRow = SubmitKeyedJobsRow;

/**
 * Stores jobs together with the holds on their prices: one round trip for any number of jobs. Safe to repeat
 * after a lost reply, because the ids are chosen by the caller.
 */
export class Submissions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Returns one result for each job, in the order given. `room` says which priorities the caller pushes
   * afterwards, and whether to ring the bell behind the COMMIT. A job that comes due only later rings nothing.
   */
  async submit(jobs: readonly NewJob[], room: Room): Promise<Submitted[]> {
    if (jobs.length === 0) return [];
    try {
      const alone = await this.#storeAlone(jobs, room);
      if (alone) return [alone];
      return await this.#toResults(jobs, await this.#store(jobs, room));
    } catch (error) {
      if (!STORED_ALREADY.some((constraint) => isViolationOf(error, constraint))) throw error;
      return await this.#submitRest(jobs, room, error);
    }
  }

  /** The shorter way of a job that is alone in its batch. Undefined: it was not stored, and goes the way of all. */
  async #storeAlone(jobs: readonly NewJob[], room: Room): Promise<Submitted | undefined> {
    const [job] = jobs;
    if (!job || jobs.length > 1 || !isPlain(job)) return undefined;
    const [row] = await callSubmitJob(this.#databaseFor(jobs, room), {
      id: job.id,
      customer: job.customer_id,
      type: job.job_type_id,
      priority: job.priority,
      input: job.input_data,
      listed: room[job.priority],
    });
    return row && toStored(job, { ...row, run_at: row.created_at, due: true });
  }

  #databaseFor(jobs: readonly NewJob[], room: Room): Database {
    return room.rings && jobs.some(isDue) ? this.#database.followedBy(RING) : this.#database;
  }

  /** Only a batch in which some jobs have keys, carry a trace or bring a webhook pays for it. */
  async #store(jobs: readonly NewJob[], room: Room): Promise<readonly SubmittedRow[]> {
    const batch = toBatch(jobs, room);
    const database = this.#databaseFor(jobs, room);
    const keyed = jobs.some((job) => job.key) ? { ...batch, ...toKeys(jobs) } : undefined;
    const isTraced = jobs.some((job) => job.trace);
    const isTold = jobs.some((job) => job.webhook);
    if (isTraced || isTold) {
      const carried = {
        ...(keyed ?? { ...batch, keys: null, hashes: null, items: null }),
        tracestates: orNull(jobs.map((job) => job.trace?.tracestate)),
      };
      const traceparents = jobs.map((job) => job.trace?.traceparent);
      if (!isTold) return await callSubmitTracedJobs(database, { ...carried, traceparents });
      return await callSubmitWebhookJobs(database, {
        ...carried,
        traceparents: orNull(traceparents),
        endpoints: jobs.map((job) => job.webhook?.endpoint_id),
        urls: jobs.map((job) => job.webhook?.url),
        events: jobs.map((job) => job.webhook?.events.join(",")),
      });
    }
    if (keyed) return await callSubmitKeyedJobs(database, keyed);
    return await callSubmitJobs(database, batch);
  }

  async #toResults(jobs: readonly NewJob[], rows: readonly SubmittedRow[]): Promise<Submitted[]> {
    const rowOf = rowFinder(jobs, rows);
    const ofJobs = jobs.map(rowOf);
    // submit_jobs returns no row for a job that already exists when the wallet cannot cover a second hold.
    const before = ofJobs.includes(undefined) ? await this.#findSubmitted(jobs) : undefined;
    const replayed = rows.flatMap((row) => row.replay_of ?? []);
    const made = await findStoredJobs(this.#database, replayed);
    return jobs.map((job, n) => {
      const row = ofJobs[n];
      if (!row) return submittedBefore(job, before);
      if (row.replay_of) return replayOf(job, made.get(row.replay_of));
      if (row.refusal !== "twin_refused") return toSubmitted(job, row);
      const twin = firstTwin(jobs, job) ?? job;
      return toSubmitted(twin, rowOf(twin) ?? row);
    });
  }

  /** An earlier call stored some of these jobs, and its reply was lost. Nothing of this call was stored. */
  async #submitRest(jobs: readonly NewJob[], room: Room, violation: unknown): Promise<Submitted[]> {
    const before = await this.#findSubmitted(jobs);
    if (before.size === 0) throw violation;
    const rest = jobs.filter((job) => !before.has(job.id));
    const submitted = await this.submit(rest, room);
    return weave(
      jobs.map((job) => before.get(job.id)),
      submitted,
    );
  }

  /** Finds jobs by id, as they are now: a runner may have them already. Never a job of another customer. */
  async #findSubmitted(jobs: readonly NewJob[]): Promise<ReadonlyMap<string, Submitted>> {
    const found = await findStoredJobs(
      this.#database,
      jobs.map((job) => job.id),
    );
    const owners = new Map(jobs.map((job) => [job.id, job.customer_id]));
    return new Map([...found].filter(([id, { job }]) => job.customer_id === owners.get(id)));
  }
}

/** As far as is known of the server's clock. A runner that hears no ring looks once a second. */
function isDue({ run_at }: NewJob): boolean {
  return run_at === undefined || Date.parse(run_at) <= databaseClock.now();
}

/** There is no more to it than what every job has. */
function isPlain({ run_at, max_attempts, retry_of, key, trace, webhook }: NewJob): boolean {
  return !(run_at ?? max_attempts ?? retry_of ?? key ?? trace ?? webhook);
}

function toBatch(jobs: readonly NewJob[], room: Room) {
  return {
    ids: jobs.map((job) => job.id),
    customers: jobs.map((job) => job.customer_id),
    types: jobs.map((job) => job.job_type_id),
    priorities: jobs.map((job) => job.priority),
    inputs: jobs.map((job) => job.input_data),
    run_at: orNull(jobs.map((job) => job.run_at)),
    max_attempts: orNull(jobs.map((job) => job.max_attempts)),
    retry_of: orNull(jobs.map((job) => job.retry_of)),
    room: [room[0], room[1], room[2]],
  };
}

function toKeys(jobs: readonly NewJob[]) {
  return {
    keys: jobs.map((job) => job.key?.id),
    hashes: jobs.map((job) => job.key?.request_hash),
    items: jobs.map((job) => job.key?.item),
  };
}

/**
 * Finds the row of a job. One row, with `due` NULL, may stand for all jobs of its type or, when there are several
 * such rows of that type, of its customer and type: they were stored at the same price and are due now.
 */
function rowFinder(
  jobs: readonly NewJob[],
  rows: readonly SubmittedRow[],
): (job: NewJob) => SubmittedRow | undefined {
  const byJob = new Map(rows.map((row) => [row.job_id, row]));
  const shared = rows.filter(isShared).length;
  if (shared === 0) return (job) => byJob.get(job.id);
  const byType = new Map<string, SubmittedRow>();
  const byTerms = new Map<string, SubmittedRow>();
  for (const job of jobs) {
    const row = byJob.get(job.id);
    if (!row || !isShared(row)) continue;
    byType.set(job.job_type_id, row);
    byTerms.set(termsOf(job), row);
    if (byTerms.size === shared) break;
  }
  return byType.size === shared
    ? (job) => byJob.get(job.id) ?? byType.get(job.job_type_id)
    : (job) => byJob.get(job.id) ?? byTerms.get(termsOf(job));
}

function isShared({ refusal, due }: SubmittedRow): boolean {
  return refusal === null && due === null;
}

function termsOf({ customer_id, job_type_id }: NewJob): string {
  return customer_id + job_type_id;
}

function submittedBefore(job: NewJob, before: ReadonlyMap<string, Submitted> | undefined): Submitted {
  const submitted = before?.get(job.id);
  if (!submitted) throw new Error(`submit_jobs returned no row for job ${job.id}, which is not stored`);
  return submitted;
}

function toSubmitted(job: NewJob, row: SubmittedRow): Submitted {
  if (row.refusal !== null) return { refused: submissionRefusal(job, row.refusal, row) };
  return toStored(job, row);
}

/** What a function that submits tells of a job that it has stored. */
type StoredRow = Pick<
  SubmittedRow,
  "estimated_cost_cents" | "max_attempts" | "created_at" | "run_at" | "due"
>;

function toStored(job: NewJob, row: StoredRow): Submitted {
  const stored: Job = {
    id: job.id,
    customer_id: job.customer_id,
    job_type_id: job.job_type_id,
    status: "pending",
    priority: job.priority,
    input_data: job.input_data,
    output_data: null,
    error: null,
    errors: [],
    estimated_cost_cents: known(row.estimated_cost_cents, "estimated_cost_cents"),
    cost_cents: null,
    attempt: 0,
    excused_attempts: 0,
    max_attempts: known(row.max_attempts, "max_attempts"),
    retry_of: job.retry_of ?? null,
    run_at: known(row.run_at, "run_at"),
    waiting_for: (row.due ?? true) ? "slot" : "run_at",
    created_at: known(row.created_at, "created_at"),
    started_at: null,
    completed_at: null,
    runner_id: null,
    progress: null,
  };
  return { job: stored, due: row.due ?? true };
}
