import { sql } from "kysely";
import { withRetry } from "../../core/lib/with-retry.ts";
import type { ArrivalPosition } from "../../core/model/arrival-position.ts";
import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import type {
  CappedCount,
  ClaimedJob,
  Job,
  JobFilter,
  JobRepository,
  JobStatus,
  NewJob,
  NEXT_STATUSES,
  Outcome,
  RefusedOutcome,
  Submitted,
  TurnsRequest,
} from "../../core/model/job.ts";
import type { Page } from "../../core/model/page.ts";
import type { Room } from "../../core/model/ready-queue.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { oneOf, onlyRow } from "../connection/decode.ts";
import { callCancelJob, callPruneJobs } from "../connection/functions.gen.ts";
import { Claims } from "../hot/claims.ts";
import { findMade } from "../hot/replays.ts";
import { Settlements } from "../hot/settlements.ts";
import { filterJobs, selectJobs, toJob } from "../hot/stored-jobs.ts";
import { Submissions } from "../hot/submissions.ts";
import { countByStatus, listCandidates } from "./jobs-by-status.ts";
import { listArrivals } from "./arrivals.ts";
import { createJob, outcomeFor, setCompleted, setStarted } from "./specification.ts";

const CANCEL_OUTCOMES = ["cancelled", "already_ended", "unknown"] as const;
type CancelOutcome = (typeof CANCEL_OUTCOMES)[number];

/** A cancel is tried again for so long: the job may be moved meanwhile, or the database away for a moment. */
const CANCEL_FOR_MS = 3_000;

interface Databases {
  /** For submitting, reading and cancelling. */
  readonly requests: Database;
  /** For claims and settles alone: a flood of requests must not make a runner wait. */
  readonly runners: Database;
}

export class PostgresJobRepository implements JobRepository {
  readonly #database: Database;
  readonly #submissions: Submissions;
  readonly #claims: Claims;
  readonly #settlements: Settlements;

  constructor({ requests, runners }: Databases) {
    this.#database = requests;
    this.#submissions = new Submissions(requests);
    this.#settlements = new Settlements(runners);
    this.#claims = new Claims(runners, this.#settlements);
  }

  async findById(id: string, owner?: string): Promise<Job | undefined> {
    let query = selectJobs(this.#database).where("id", "=", id);
    if (owner !== undefined) query = query.where("customer_id", "=", owner);
    const row = await query.executeTakeFirst();
    return row && toJob(row);
  }

  async findEnded(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#database.kysely
      .selectFrom("jobs")
      .select("id")
      .where(sql<boolean>`id = ANY (${plainArray(ids)}::uuid[])`)
      .where("completed_at", "is not", null)
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  async list(filter: JobFilter, page: Page): Promise<Job[]> {
    let query = filterJobs(selectJobs(this.#database), filter, "desc").limit(page.limit);
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    const candidates = listCandidates(filter, page);
    if (candidates) query = query.where(sql<boolean>`id = ANY (array(${candidates}))`);
    return (await query.execute()).map(toJob);
  }

  async countByStatus(
    filter: Pick<JobFilter, "customer_id" | "job_type_id">,
  ): Promise<Record<JobStatus, CappedCount>> {
    return await countByStatus(this.#database, filter);
  }

  async listArrivals(
    filter: JobFilter,
    page: { readonly limit: number; readonly after?: ArrivalPosition | undefined },
  ): Promise<{ jobs: Job[]; position: ArrivalPosition }> {
    return await listArrivals(this.#database, filter, page);
  }

  async submit(jobs: readonly NewJob[], room: Room): Promise<Submitted[]> {
    return await this.#submissions.submit(jobs, room);
  }

  async findMade(key: IdempotencyKey): Promise<readonly (Job | undefined)[]> {
    return await findMade(this.#database, key);
  }

  async claim({ runner_id, ids }: { runner_id: string; ids: readonly string[] }): Promise<ClaimedJob[]> {
    return await this.#claims.byIds(runner_id, ids);
  }

  async claimTurns(claim: TurnsRequest): Promise<ClaimedJob[]> {
    return await this.#claims.turns(claim);
  }

  get tookAll(): boolean {
    return this.#claims.tookAll;
  }

  async settle(outcomes: readonly Outcome[], doneLeases: readonly string[] = []): Promise<RefusedOutcome[]> {
    return await this.#settlements.settle(outcomes, doneLeases);
  }

  async cancel(id: string, owner?: string): Promise<CancelOutcome> {
    const cancel = () => callCancelJob(this.#database, { id, owner: owner ?? null });
    return oneOf(CANCEL_OUTCOMES, await withRetry(cancel, { for_ms: CANCEL_FOR_MS }), "cancel_job");
  }

  async prune(take: {
    older_days: number;
    max: number;
    after: string | undefined;
  }): Promise<{ pruned: number; cursor: string | undefined }> {
    const rows = await callPruneJobs(this.#database, {
      older: `${take.older_days} days`,
      limit: take.max,
      cursor: take.after ?? null,
    });
    const { pruned, next_cursor } = onlyRow("prune_jobs", rows);
    return { pruned, cursor: next_cursor ?? undefined };
  }

  async create(job: NewJob): Promise<Job> {
    return await createJob(this, job);
  }

  async setStarted(id: string, runnerId: string): Promise<ClaimedJob | undefined> {
    return await setStarted(this, id, runnerId);
  }

  async setCompleted(outcome: Outcome): Promise<Job> {
    return await setCompleted(this, outcome);
  }

  async updateStatus(
    fence: { id: string; attempt: number },
    status: (typeof NEXT_STATUSES.running)[number],
  ): Promise<Job> {
    return await this.setCompleted(outcomeFor(fence, status));
  }
}
