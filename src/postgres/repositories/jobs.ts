import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import type {
  ClaimedJob,
  AttemptError,
  Job,
  JobError,
  JobFilter,
  JobRepository,
  NewJob,
  NEXT_STATUSES,
  Outcome,
  Priority,
  Refusal,
  Submitted,
} from "../../core/model/job.ts";
import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import type { Room } from "../../core/model/ready-queue.ts";
import { withRetry } from "../../core/lib/with-retry.ts";
import { plainArray } from "../connection/arrays.ts";
import { Claims } from "../hot/claims.ts";
import type { Database } from "../connection/database.ts";
import { isViolationOf } from "../connection/errors.ts";
import { idempotencyKeyReused, madeJobIsGone } from "../../core/model/refusals.ts";
import { settleValues, SETTLE_JOBS, toRefusal, type RefusedRow } from "../hot/settlements.ts";
import { callSubmit, toSubmitted, type SubmittedRow } from "../hot/submissions.ts";

const CANCEL_JOB = { name: "cancel_job", text: "SELECT cancel_job($1, $2)" };
const PRUNE_JOBS = {
  name: "prune_jobs",
  text: "SELECT pruned, next_cursor FROM prune_jobs(make_interval(days => $1), $2, $3)",
};
type CancelOutcome = Awaited<ReturnType<JobRepository["cancel"]>>;

/** A job that is moved while it is cancelled is looked for again; also bridges a short outage. */
const CANCEL_FOR_MS = 3_000;

/** What refuses a job that an earlier call stored: one statement writes all three, in no order, and a job that was claimed has left the queue. */
const STORED_ALREADY = ["jobs_pkey", "job_queue_pkey", "job_schedule_pkey"];

const CLOCKS_DIFFER_MS = 60_000;

const NO_ROOM: Room = { 0: false, 1: false, 2: false };

/** A job as it is now, and whether it waits to run now. */
interface StoredJob {
  readonly job: Job;
  readonly due: boolean;
}

interface Databases {
  /** For those who submit, look and cancel. */
  readonly requests: Database;
  /** For claims and settles alone: a flood of requests must not make a runner wait. */
  readonly runners: Database;
}

export class PostgresJobRepository implements JobRepository {
  readonly #database: Database;
  readonly #runners: Database;
  readonly #claims: Claims;

  constructor({ requests, runners }: Databases) {
    this.#database = requests;
    this.#runners = runners;
    this.#claims = new Claims(runners);
  }

  async create(job: NewJob): Promise<Job> {
    const [submitted] = await this.submit([job], NO_ROOM);
    if (!submitted) throw new Error("submit answered nothing");
    if ("refused" in submitted) throw submitted.refused;
    return submitted.job;
  }

  async findById(id: string, owner?: string): Promise<Job | undefined> {
    let query = this.#selectJobs().where("id", "=", id);
    if (owner !== undefined) query = query.where("customer_id", "=", owner);
    const row = await query.executeTakeFirst();
    return row && toJob(row);
  }

  async list(filter: JobFilter, page: { limit: number; before?: string | undefined }): Promise<Job[]> {
    let query = this.#selectJobs().limit(page.limit);
    if (filter.customer_id === undefined) {
      query = query.orderBy("id", "desc");
    } else {
      // Both columns in the order, so that only jobs_by_customer can serve it: never a walk down the primary key that filters.
      query = query
        .where("customer_id", "=", filter.customer_id)
        .orderBy("customer_id", "desc")
        .orderBy("id", "desc");
    }
    if (filter.status !== undefined) query = query.where("status", "=", filter.status);
    if (filter.job_type_id !== undefined) query = query.where("job_type_id", "=", filter.job_type_id);
    if (filter.priority !== undefined) query = query.where("priority", "=", filter.priority);
    if (filter.created_after !== undefined)
      query = query
        .where("created_at", ">", filter.created_after)
        .where("id", ">", earliestIdOf(filter.created_after));
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    return (await query.execute()).map(toJob);
  }

  async submit(jobs: readonly NewJob[], room: Room): Promise<Submitted[]> {
    if (jobs.length === 0) return [];
    try {
      const answers = await callSubmit(this.#database, jobs, room);
      // The function passes over what is stored already and could not be paid for once more.
      const rows = jobs.map((job) => answers.of(job));
      const before = rows.includes(undefined) ? await this.#findSubmitted(jobs) : undefined;
      const made = await this.#findReplays(answers.rows);
      return jobs.map((job, n) => {
        const row = rows[n];
        if (!row) return submittedBefore(job, before);
        const twin = row[1] === "twin_refused" ? jobs.find((other) => isSameItem(other, job)) : undefined;
        if (twin) return toSubmitted(twin, answers.of(twin) ?? row);
        return row[12] ? replayOf(job, made.get(row[12])) : toSubmitted(job, row);
      });
    } catch (error) {
      if (!STORED_ALREADY.some((constraint) => isViolationOf(error, constraint))) throw error;
      return await this.#submitRest(jobs, room, error);
    }
  }

  async findMade(key: IdempotencyKey): Promise<readonly (Job | undefined)[]> {
    const row = await this.#database.kysely
      .selectFrom("idempotency_keys")
      .select(["request_hash", "subjects"])
      .where("id", "=", key.id)
      .executeTakeFirst();
    if (!row) return [];
    if (row.request_hash !== key.request_hash) throw idempotencyKeyReused();
    // An item that was refused has no subject, which the generated type cannot say.
    const subjects: readonly (string | null)[] = row.subjects;
    const jobs = await this.#findByIds(subjects.filter((id) => id !== null));
    return subjects.map((id) => (id === null ? undefined : jobs.get(id)?.job));
  }

  async claim(claim: { runner_id: string; ids: readonly string[] }): Promise<ClaimedJob[]> {
    if (claim.ids.length === 0) {
      await this.#claims.giveBackLost(claim.runner_id);
      return [];
    }
    const claimed = await this.#claims.byId(claim.runner_id, claim.ids);
    const jobs = new Map(claimed.map((job) => [job.id, job]));
    return [...new Set(claim.ids)].flatMap((id) => jobs.get(id) ?? []);
  }

  async claimBacklog(claim: { runner_id: string; max: number }): Promise<ClaimedJob[]> {
    return await this.#claims.waiting(claim.runner_id, claim.max);
  }

  async claimNext(claim: { runner_id: string; max: number }): Promise<ClaimedJob[]> {
    const claimed = await this.#claims.next(claim.runner_id, claim.max);
    return claimed.toSorted((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
  }

  async settle(outcomes: readonly Outcome[], done_leases: readonly string[] = []): Promise<Refusal[]> {
    if (outcomes.length === 0) return [];
    const rows = await this.#runners.call<RefusedRow>(SETTLE_JOBS, settleValues(outcomes, done_leases));
    return rows.map((row) => toRefusal(row, outcomes));
  }

  async cancel(id: string, owner?: string): Promise<CancelOutcome> {
    const cancel = () => this.#database.call<[CancelOutcome]>(CANCEL_JOB, [id, owner ?? null]);
    const [row] = await withRetry(cancel, { for_ms: CANCEL_FOR_MS });
    if (!row) throw new Error("cancel_job answered nothing");
    return row[0];
  }

  async prune(take: {
    older_days: number;
    max: number;
    after: string | undefined;
  }): Promise<{ pruned: number; cursor: string | undefined }> {
    const values = [take.older_days, take.max, take.after ?? null];
    const [row] = await this.#database.call<[number, string | null]>(PRUNE_JOBS, values);
    return { pruned: row?.[0] ?? 0, cursor: row?.[1] ?? undefined };
  }

  async setStarted(id: string, runnerId: string): Promise<ClaimedJob | undefined> {
    const [claimed] = await this.claim({ runner_id: runnerId, ids: [id] });
    return claimed;
  }

  async setCompleted(outcome: Outcome): Promise<Job> {
    const [refusal] = await this.settle([outcome]);
    const job = await this.findById(outcome.id);
    if (!job) throw new PlatformError("not_found", `There is no job ${outcome.id}.`);
    if (refusal) {
      throw new PlatformError(
        "stale_attempt",
        `Job ${job.id} is ${job.status} at attempt ${job.attempt}: attempt ${outcome.attempt} may write nothing.`,
      );
    }
    return job;
  }

  async updateStatus(
    fence: { id: string; attempt: number },
    status: (typeof NEXT_STATUSES.running)[number],
  ): Promise<Job> {
    return await this.setCompleted(outcomeFor(fence, status));
  }

  /** The jobs that are to be answered instead, as they are now. */
  async #findReplays(rows: readonly SubmittedRow[]): Promise<ReadonlyMap<string, StoredJob>> {
    return await this.#findByIds(rows.flatMap((row) => row[12] ?? []));
  }

  async #findByIds(ids: readonly string[]): Promise<ReadonlyMap<string, StoredJob>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#selectJobs()
      .select(sql<boolean>`status = 'pending' AND run_at <= now()`.as("due"))
      .where(sql<boolean>`id = ANY (${plainArray(ids)}::uuid[])`)
      .execute();
    return new Map(rows.map(({ due, ...row }) => [row.id, { job: toJob(row), due }]));
  }

  /** An earlier call stored some of these jobs and its answer was lost. Nothing of this call was stored. */
  async #submitRest(jobs: readonly NewJob[], room: Room, violation: unknown): Promise<Submitted[]> {
    const before = await this.#findSubmitted(jobs);
    if (before.size === 0) throw violation;
    const rest = jobs.filter((job) => !before.has(job.id));
    const answers = (await this.submit(rest, room)).values();
    return jobs.map((job) => before.get(job.id) ?? answers.next().value ?? submittedBefore(job, undefined));
  }

  /** By id, as they are now: a runner may have them already. */
  async #findSubmitted(jobs: readonly NewJob[]): Promise<Map<string, Submitted>> {
    const found = await this.#findByIds(jobs.map((job) => job.id));
    const owners = new Map(jobs.map((job) => [job.id, job.customer_id]));
    return new Map([...found].filter(([id, { job }]) => job.customer_id === owners.get(id)));
  }

  #selectJobs() {
    return this.#database.kysely
      .selectFrom("jobs")
      .select([
        "id",
        "customer_id",
        "job_type_id",
        "status",
        "priority",
        "input_data",
        "output_data",
        "error",
        "errors",
      ])
      .select(["estimated_cost_cents", "cost_cents", "attempt", "max_attempts", "retry_of"])
      .select(["run_at", "created_at", "started_at", "completed_at", "runner_id"]);
  }
}

function outcomeFor(
  fence: { id: string; attempt: number },
  status: (typeof NEXT_STATUSES.running)[number],
): Outcome {
  const { id, attempt } = fence;
  switch (status) {
    case "succeeded":
      return { id, attempt, kind: "succeeded", output: null };
    case "failed":
      return {
        id,
        attempt,
        kind: "failed",
        error: { code: "attempt_failed", message: "The attempt failed." },
      };
    case "cancelled":
      return { id, attempt, kind: "cancelled" };
    case "pending":
      return { id, attempt, kind: "released" };
  }
}

function submittedBefore(job: NewJob, before: ReadonlyMap<string, Submitted> | undefined): Submitted {
  const submitted = before?.get(job.id);
  if (!submitted) throw new Error(`submit_jobs did not answer for job ${job.id}`);
  return submitted;
}

/** Ids are made before their jobs are stored, by clocks that may differ: the walk down the index ends a minute before what is asked for. */
function earliestIdOf(created_after: string): string {
  const hex = Math.max(0, Date.parse(created_after) - CLOCKS_DIFFER_MS)
    .toString(16)
    .padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** One item of one request, sent twice: both wait in the same batch. */
function isSameItem(a: NewJob, b: NewJob): boolean {
  if (!a.key || !b.key) return false;
  return a.key.id === b.key.id && a.key.request_hash === b.key.request_hash && a.key.item === b.key.item;
}

/** Our own job, if only the answer to storing it was lost; else the one that an earlier request made under this key. */
function replayOf(job: NewJob, made: StoredJob | undefined): Submitted {
  if (!made) return { refused: madeJobIsGone() };
  return made.job.id === job.id ? made : { job: made.job, due: false, replayed: true };
}

/** The schema's types are wider than the constraints: priority is checked to be 0, 1 or 2, and only settle_jobs writes errors. */
function toJob<Row extends { priority: number; error: unknown; errors: unknown }>(row: Row) {
  return {
    ...row,
    priority: row.priority as Priority,
    error: row.error as JobError | null,
    errors: (row.errors ?? []) as AttemptError[],
  };
}
