import { sql } from "kysely";
import { PlatformError, type ErrorCode } from "../../core/lib/errors.ts";
import { newId } from "../../core/lib/new-id.ts";
import { withRetry } from "../../core/lib/with-retry.ts";
import {
  BULK_ACTIONS,
  BULK_STATUSES,
  type BulkAction,
  type BulkActionRepository,
  type BulkBatch,
  type BulkExpectation,
  type BulkFilter,
  type BulkJob,
  type NewBulkAction,
} from "../../core/model/bulk-action.ts";
import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import {
  BATCH_BYTES_MAX,
  BULK_ACTIONS_RUNNING_MAX,
  BULK_BATCH_MAX,
  BULK_FIRST_WINDOW,
  BULK_WINDOW,
} from "../../core/model/limits.ts";
import { bulkActionNotFound } from "../../core/model/not-found.ts";
import type { Page } from "../../core/model/page.ts";
import { plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { oneOf, onlyRow } from "../connection/decode.ts";
import {
  callAdvanceBulkCancel,
  callAdvanceBulkRetry,
  callCreateBulkAction,
} from "../connection/functions.gen.ts";
import { refusingReusedKey } from "../hot/refusing-reused-key.ts";
import { findSubjects } from "../hot/replays.ts";
import { previewBulkAction, toCosts, toSkips } from "./bulk-preview.ts";
import { selectWindow, type Selection } from "./bulk-selection.ts";
import { PreviewSlots } from "./preview-slots.ts";

/** A batch of cancels is tried again for so long: a job may be moved meanwhile. */
const CANCEL_FOR_MS = 3_000;

export class PostgresBulkActionRepository implements BulkActionRepository {
  readonly #database: Database;
  readonly #previews = new PreviewSlots();

  constructor(database: Database) {
    this.#database = database;
  }

  async create(
    { id, action, owner_id, filter, isPreview }: NewBulkAction,
    key: IdempotencyKey | undefined,
  ): Promise<{ action: BulkAction; replayed: boolean }> {
    const earlier = key && (await findSubjects(this.#database, key))[0];
    if (earlier) return { action: await this.#created(earlier), replayed: true };
    const { rows } = await sql<{ now: string }>`SELECT clock_timestamp() AS now`.execute(
      this.#database.kysely,
    );
    const created_at = onlyRow("clock_timestamp", rows).now;
    const selection = { action, filter, owner_id: owner_id ?? null, created_at };
    const expected = await this.#previews.take(selection.owner_id, () =>
      previewBulkAction(this.#database, selection),
    );
    const created = await refusingReusedKey(() =>
      callCreateBulkAction(this.#database, {
        id,
        action,
        owner: owner_id ?? null,
        filter,
        preview: isPreview,
        expected,
        created_at,
        running_max: BULK_ACTIONS_RUNNING_MAX,
        key: key?.id ?? null,
        hash: key?.request_hash ?? null,
      }),
    );
    if (created === null)
      throw new PlatformError(
        "rate_limited",
        `${BULK_ACTIONS_RUNNING_MAX} bulk actions run already. Wait until one has ended, or stop one.`,
      );
    return { action: await this.#created(created), replayed: created !== id };
  }

  async findById(id: string, owner?: string): Promise<BulkAction | undefined> {
    let query = this.#select().where("id", "=", id);
    if (owner !== undefined) query = query.where("owner_id", "=", owner);
    const row = await query.executeTakeFirst();
    return row && toAction(row);
  }

  async list(owner: string | undefined, page: Page): Promise<BulkAction[]> {
    let query = this.#select().orderBy("id", "desc").limit(page.limit);
    if (owner !== undefined) query = query.where("owner_id", "=", owner);
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    return (await query.execute()).map(toAction);
  }

  async stop(id: string, owner?: string): Promise<void> {
    let query = this.#database.kysely
      .updateTable("bulk_actions")
      .set({ status: "stopped", ended_at: sql`now()` })
      .where("id", "=", id)
      .where("status", "=", "running");
    if (owner !== undefined) query = query.where("owner_id", "=", owner);
    await query.execute();
  }

  async next(): Promise<BulkBatch | undefined> {
    const { kysely } = this.#database;
    const longest = kysely
      .selectFrom("bulk_actions")
      .select("id")
      .where("status", "=", "running")
      .orderBy("worked_at")
      .limit(1)
      .forUpdate()
      .skipLocked();
    // Goes to the end of the line before its batch is tried, so that one that fails stops no other.
    const row = await kysely
      .updateTable("bulk_actions")
      .set({ worked_at: sql`clock_timestamp()` })
      .where("id", "=", longest)
      .returning(["id", "action", "owner_id", "filter", "created_at", "reached_id"])
      .executeTakeFirst();
    if (!row) return undefined;
    const action = oneOf(BULK_ACTIONS, row.action, "bulk_actions");
    const filter = row.filter as unknown as BulkFilter; // what `create` stored
    const selection: Selection = { ...row, action, filter };
    const { looked, matching, isLast } = await this.#look(selection, row.reached_id);
    const full = matching.slice(0, BULK_BATCH_MAX);
    const ids = full.map((job) => job.id);
    const jobs =
      action === "retry" ? await this.#withInputs(ids) : full.map((job) => ({ ...job, input_data: null }));
    const isAll = jobs.length === matching.length;
    const found = new Set(looked.map((job) => job.id));
    return {
      actionId: row.id,
      action,
      after: row.reached_id,
      jobs,
      missing: row.reached_id === null ? (filter.ids ?? []).filter((id) => !found.has(id)) : [],
      reached: (isAll ? looked.at(-1)?.id : jobs.at(-1)?.id) ?? row.reached_id,
      ended: isAll && isLast,
    };
  }

  /** Looks at few jobs first. Where few of them match, one look at many is less work than many looks. */
  async #look(selection: Selection, after: string | null) {
    let window = selection.filter.ids === undefined ? BULK_FIRST_WINDOW : BULK_WINDOW;
    for (;;) {
      const looked = await selectWindow(this.#database, selection, { after, window }).execute();
      const matching = looked.filter((job) => job.matches);
      const isLast = looked.length < window;
      if (isLast || window === BULK_WINDOW || matching.length * 2 >= BULK_BATCH_MAX)
        return { looked, matching, isLast };
      window = BULK_WINDOW;
    }
  }

  async cancelBatch(batch: BulkBatch): Promise<boolean> {
    const cancel = () =>
      callAdvanceBulkCancel(this.#database, {
        action: batch.actionId,
        after: batch.after,
        ids: idsOf(batch),
        reached: batch.reached,
        ended: batch.ended,
      });
    return await withRetry(cancel, { for_ms: CANCEL_FOR_MS });
  }

  async retryBatch(batch: BulkBatch, refusals: readonly (ErrorCode | undefined)[]): Promise<boolean> {
    return await callAdvanceBulkRetry(this.#database, {
      action: batch.actionId,
      after: batch.after,
      ids: idsOf(batch),
      new_ids: idsOf(batch).map(() => newId()),
      refusals: idsOf(batch).map((_, n) => refusals[n]),
      reached: batch.reached,
      ended: batch.ended,
    });
  }

  /** As many of the jobs, in order, as have inputs of `BATCH_BYTES_MAX` together, and at least one. */
  async #withInputs(ids: readonly string[]): Promise<BulkJob[]> {
    const { rows } = await sql<BulkJob>`
      SELECT j.id, j.customer_id, j.job_type_id, j.input_data
        FROM jobs j
        JOIN (
          SELECT s.id, sum(pg_column_size(s.input_data)) OVER (ORDER BY s.id) AS bytes,
                 row_number() OVER (ORDER BY s.id) AS n
            FROM jobs s
           WHERE s.id = ANY (${plainArray(ids)}::uuid[])
        ) size ON size.id = j.id
       WHERE size.bytes <= ${BATCH_BYTES_MAX} OR size.n = 1
       ORDER BY j.id`.execute(this.#database.kysely);
    return rows;
  }

  /** Not there: it expired, and its idempotency key goes on standing for it. */
  async #created(id: string): Promise<BulkAction> {
    const stored = await this.findById(id);
    if (!stored) throw bulkActionNotFound(id);
    return stored;
  }

  #select() {
    return this.#database.kysely
      .selectFrom("bulk_actions")
      .select(["id", "action", "owner_id", "filter", "status", "expected", "created_at", "ended_at"])
      .select(["seen", "jobs", "skips", "costs"]);
  }
}

interface StoredAction extends Omit<
  BulkAction,
  "action" | "status" | "filter" | "expected" | "skips" | "costs"
> {
  readonly action: string;
  readonly status: string;
  readonly filter: unknown;
  readonly expected: unknown;
  readonly skips: unknown;
  readonly costs: unknown;
}

/** The schema knows no more of JSON than that it is JSON: only `create` and advance_bulk_… write it. */
function toAction(row: StoredAction): BulkAction {
  return {
    ...row,
    action: oneOf(BULK_ACTIONS, row.action, "bulk_actions"),
    status: oneOf(BULK_STATUSES, row.status, "bulk_actions"),
    filter: row.filter as BulkFilter,
    expected: row.expected as BulkExpectation,
    skips: toSkips(row.skips as Record<string, number>),
    costs: toCosts(row.costs as Record<string, number>),
  };
}

function idsOf({ jobs, missing }: BulkBatch): string[] {
  return [...jobs.map((job) => job.id), ...missing];
}
