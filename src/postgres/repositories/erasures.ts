import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import { withRetry } from "../../core/lib/with-retry.ts";
import {
  ERASURE_WAITS,
  type Erasure,
  type ErasureRepository,
  type ErasureScope,
  type NewErasure,
} from "../../core/model/erasure.ts";
import { COUNT_MAX, ERASURE_BATCH_MAX, OPEN_JOBS_COUNTED_MAX } from "../../core/model/limits.ts";
import { customerNotFound } from "../../core/model/not-found.ts";
import type { Database } from "../connection/database.ts";
import { oneOf } from "../connection/decode.ts";
import { callAdvanceErasure, callStartErasure } from "../connection/functions.gen.ts";

/** A batch is tried again for so long: a job that it cancels may be moved meanwhile. */
const BATCH_FOR_MS = 15_000;

export class PostgresErasureRepository implements ErasureRepository {
  readonly #database: Database;
  readonly #changed: (customer_id: string) => void;

  /** `changed` is told of each customer that can do nothing more, as in `PostgresCustomerRepository`. */
  constructor(database: Database, changed: (customer_id: string) => void = () => undefined) {
    this.#database = database;
    this.#changed = changed;
  }

  async find(customer_id: string): Promise<Erasure | undefined> {
    const scope = await this.#scope(customer_id);
    if (!scope) return undefined;
    const row = await this.#database.kysely
      .selectFrom("erasures")
      .select(["requested_at", "ended_at", "waits_for", "jobs_cancelled", "jobs_erased", "actions_erased"])
      .where("customer_id", "=", customer_id)
      .executeTakeFirst();
    if (!row) return { customer_id, status: "preview", ...NOTHING_DONE, ...scope };
    return {
      customer_id,
      status: row.ended_at === null ? "running" : "done",
      ...row,
      waits_for: row.waits_for === null ? null : oneOf(ERASURE_WAITS, row.waits_for, "erasures"),
      ...scope,
    };
  }

  async start({ customer_id, cancels_jobs, forfeits, actor }: NewErasure): Promise<void> {
    const became = await callStartErasure(this.#database, {
      customer: customer_id,
      cancels: cancels_jobs,
      forfeits,
      actor,
    });
    if (became === "unknown_customer") throw customerNotFound(customer_id);
    if (became === "open_jobs")
      throw new PlatformError(
        "jobs_open",
        "This customer has jobs that wait or run. Cancel them with the erasure (cancel_jobs), or wait for their end.",
      );
    if (became === "balance_left") {
      const scope = await this.#scope(customer_id);
      throw new PlatformError(
        "balance_left",
        "The wallet of this customer is not at 0. Pay it out and adjust the wallet, or give it up with the erasure (forfeit), which posts a ledger entry.",
        { members: { current_balance_cents: scope?.balance_cents, wallet_currency: scope?.currency } },
      );
    }
    this.#changed(customer_id);
  }

  async advance(customer_id: string): Promise<boolean> {
    const batch = () =>
      callAdvanceErasure(this.#database, { customer: customer_id, limit: ERASURE_BATCH_MAX });
    try {
      return await withRetry(batch, { for_ms: BATCH_FOR_MS });
    } catch (error) {
      // The batch was rolled back, and with it that it had its turn: the others come first now.
      await this.#database.kysely
        .updateTable("erasures")
        .set({ worked_at: sql`clock_timestamp()` })
        .where("customer_id", "=", customer_id)
        .execute();
      throw error;
    }
  }

  async advanceNext(): Promise<boolean> {
    const next = await this.#database.kysely
      .selectFrom("erasures")
      .select("customer_id")
      .where("ended_at", "is", null)
      .orderBy(sql`waits_for IS NOT NULL`)
      .orderBy("worked_at")
      .limit(1)
      .executeTakeFirst();
    return next !== undefined && (await this.advance(next.customer_id));
  }

  async #scope(customer_id: string): Promise<ErasureScope | undefined> {
    const { rows } = await sql<Omit<ErasureScope, "is_capped">>`
      SELECT
        (SELECT count(*) FROM api_keys k WHERE k.customer_id = c.id) AS api_keys,
        (SELECT count(*) FROM sessions s JOIN api_keys k ON k.id = s.api_key_id WHERE k.customer_id = c.id) AS sessions,
        (SELECT count(*) FROM (SELECT FROM jobs j WHERE j.customer_id = c.id LIMIT ${COUNT_MAX}) j) AS jobs,
        cardinality(open_jobs_of(c.id, ${OPEN_JOBS_COUNTED_MAX})) AS open_jobs,
        w.last_entry_seq AS entries,
        (
          SELECT count(*)
            FROM wallet_entries e
           WHERE e.wallet_id = w.id
             AND e.kind <> 'charge'
             AND c.erased_at IS NULL
             AND (
               strpos(lower(concat_ws(' ', e.reference, e.reason)), lower(c.name)) > 0
               OR strpos(lower(concat_ws(' ', e.reference, e.reason)), lower(c.email)) > 0
             )
        ) AS entries_with_name,
        w.current_balance_cents AS balance_cents,
        w.currency
        FROM customers c
        JOIN wallets w ON w.customer_id = c.id
       WHERE c.id = ${customer_id}`.execute(this.#database.kysely);
    const [scope] = rows;
    return scope && { ...scope, is_capped: scope.jobs === COUNT_MAX };
  }
}

const NOTHING_DONE = {
  waits_for: null,
  requested_at: null,
  ended_at: null,
  jobs_cancelled: 0,
  jobs_erased: 0,
  actions_erased: 0,
} as const;
