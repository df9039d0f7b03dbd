import { sql } from "kysely";
import { WEBHOOK_FAILING_DAYS, WEBHOOK_LEASE_MS, WEBHOOK_REPLAY_MAX } from "../../core/model/limits.ts";
import type { Page } from "../../core/model/page.ts";
import {
  DISABLED_REASONS,
  WEBHOOK_PAYLOADS,
  type ClaimedDelivery,
  type ClaimRoom,
  type DeliveryAnswer,
  type DeliveryOutcome,
  type DeliveryStatus,
  type DisabledEndpoint,
  type ReplayedDeliveries,
  type ToldJob,
  type WebhookDelivery,
  type WebhookDeliveryRepository,
  type WebhookEvent,
  type WebhookPayload,
  type WebhookSubject,
} from "../../core/model/webhook.ts";
import { orNull } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { oneOf, onlyRow } from "../connection/decode.ts";
import { callClaimWebhooks, callSettleWebhooks } from "../connection/functions.gen.ts";
import { firstIdAt } from "../hot/stored-jobs.ts";
import { findToldJobs } from "./told-jobs.ts";

/** What claim_webhooks puts into its array. */
type ClaimedRow = Omit<ClaimedDelivery, "subject"> & {
  readonly job_id: string | null;
  readonly data: unknown;
};

export class PostgresWebhookDeliveryRepository implements WebhookDeliveryRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(endpointId: string, status: DeliveryStatus | undefined, page: Page): Promise<WebhookDelivery[]> {
    let query = this.#select()
      .where("endpoint_id", "=", endpointId)
      .orderBy("endpoint_id", "desc")
      .orderBy("id", "desc")
      .limit(page.limit);
    if (status !== undefined) query = query.where("status", "=", status);
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    return (await query.execute()).map(toDelivery);
  }

  async findById(id: string, owner?: string): Promise<WebhookDelivery | undefined> {
    const row = await this.#select()
      .where("id", "=", id)
      .where("endpoint_id", "in", this.#endpointsOf(owner))
      .executeTakeFirst();
    return row && toDelivery(row);
  }

  async findTold(id: string): Promise<{ subject: WebhookSubject; payload: WebhookPayload } | undefined> {
    const row = await this.#database.kysely
      .selectFrom("webhook_deliveries as d")
      .innerJoin("webhook_endpoints as e", "e.id", "d.endpoint_id")
      .select(["d.job_id", "d.data", "e.payload"])
      .where("d.id", "=", id)
      .executeTakeFirst();
    if (!row) return undefined;
    const jobs = await findToldJobs(this.#database, row.job_id === null ? [] : [row.job_id]);
    return { subject: toSubject(row, jobs), payload: oneOf(WEBHOOK_PAYLOADS, row.payload, "findTold") };
  }

  async addTest(test: { id: string; endpoint_id: string; type: WebhookEvent; data: unknown }): Promise<void> {
    await sql`
      INSERT INTO webhook_deliveries (id, endpoint_id, customer_id, type, data, is_manual, created_at)
      SELECT ${test.id}::uuid, e.id, e.customer_id, ${test.type}, ${JSON.stringify(test.data)}::jsonb, true,
             ${timeOf(test.id)}::timestamptz
        FROM webhook_endpoints e
       WHERE e.id = ${test.endpoint_id}`.execute(this.#database.kysely);
  }

  async resend(id: string, owner?: string): Promise<WebhookDelivery | undefined> {
    await this.#database.kysely
      .updateTable("webhook_deliveries")
      .set({
        // An endpoint that is disabled or paused gets nothing else.
        is_manual: sql<boolean>`is_manual OR status <> 'pending' OR EXISTS (
          SELECT FROM webhook_endpoints e
           WHERE e.id = endpoint_id AND (e.disabled_at IS NOT NULL OR e.paused_until > clock_timestamp())
        )`,
        status: "pending",
        due_at: sql`clock_timestamp()`,
        ended_at: null,
      })
      .where("id", "=", id)
      .where("endpoint_id", "in", this.#endpointsOf(owner))
      .execute();
    return await this.findById(id, owner);
  }

  async replay(endpointId: string, since: string, isAll: boolean): Promise<ReplayedDeliveries> {
    const { rows } = await sql<{ n: number; last: string | null }>`
      WITH chosen AS (
        SELECT d.id
          FROM webhook_deliveries d
         WHERE d.endpoint_id = ${endpointId}::uuid
           AND d.id >= ${firstIdAt(Date.parse(since))}::uuid
           AND ${isAll ? sql`d.status IN ('failed', 'delivered')` : sql`d.status = 'failed'`}
         ORDER BY d.endpoint_id, d.id
         LIMIT ${WEBHOOK_REPLAY_MAX}
           FOR UPDATE
      ), replayed AS (
        UPDATE webhook_deliveries d
           SET status = 'pending', due_at = clock_timestamp(), ended_at = NULL, is_manual = true
          FROM chosen c
         WHERE d.id = c.id
      )
      SELECT count(*)::int AS n, (array_agg(id ORDER BY id DESC))[1] AS last
        FROM chosen`.execute(this.#database.kysely);
    const { n, last } = onlyRow("replay", rows);
    return { deliveries: n, next_since: n < WEBHOOK_REPLAY_MAX || last === null ? null : timeOf(last) };
  }

  async claim({ max, room, rooms, after, only }: ClaimRoom): Promise<{
    claimed: ClaimedDelivery[];
    cursor: string | undefined;
  }> {
    const answer = await callClaimWebhooks(this.#database, {
      after: after ?? null,
      only: only ?? null,
      max,
      room,
      known: [...rooms.keys()],
      rooms: [...rooms.values()],
      lease: `${WEBHOOK_LEASE_MS} milliseconds`,
    });
    const { claimed, next_cursor } = onlyRow("claim_webhooks", answer);
    // As claim_webhooks builds it.
    const rows = claimed as readonly ClaimedRow[];
    const jobs = await findToldJobs(this.#database, idsOfJobs(rows));
    return {
      claimed: rows.map(({ job_id, data, ...row }) => ({
        ...row,
        // As a column of that type arrives.
        created_at: row.created_at.replace(/\+00:00$/, "Z"),
        subject: toSubject({ job_id, data }, jobs),
      })),
      cursor: next_cursor ?? undefined,
    };
  }

  async settle(outcomes: readonly DeliveryOutcome[]): Promise<DisabledEndpoint[]> {
    if (outcomes.length === 0) return [];
    const rows = await callSettleWebhooks(this.#database, {
      ids: outcomes.map(({ delivery }) => delivery.id),
      endpoints: outcomes.map(({ delivery }) => delivery.endpoint_id),
      claims: outcomes.map(({ delivery }) => delivery.claim),
      outcomes: outcomes.map(({ kind }) => kind),
      delays_ms: orNull(outcomes.map(({ delay_ms }) => delay_ms)),
      answers: orNull(outcomes.map(({ answer }) => answer)),
      healths: orNull(outcomes.map(({ health }) => health)),
      pauses_ms: orNull(outcomes.map(({ pause_ms }) => pause_ms)),
      failing: `${WEBHOOK_FAILING_DAYS} days`,
    });
    return rows.map(({ endpoint_id, disabled_reason }) => ({
      endpoint_id,
      reason: oneOf(DISABLED_REASONS, disabled_reason, "settle_webhooks"),
    }));
  }

  #select() {
    return this.#database.kysely
      .selectFrom("webhook_deliveries")
      .select(["id", "endpoint_id", "customer_id", "type", "job_id", "url", "status", "tries"])
      .select(["due_at", "created_at", "ended_at", "answers"]);
  }

  /** Also for the operator: what is left of a deleted endpoint is nobody's. */
  #endpointsOf(owner: string | undefined) {
    const endpoints = this.#database.kysely.selectFrom("webhook_endpoints").select("id");
    return owner === undefined ? endpoints : endpoints.where("customer_id", "=", owner);
  }
}

/** When a delivery was written, by its id, to the millisecond. */
function timeOf(id: string): string {
  return new Date(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toISOString();
}

function idsOfJobs(rows: readonly ClaimedRow[]): string[] {
  return [...new Set(rows.flatMap(({ job_id }) => (job_id === null ? [] : [job_id])))];
}

function toSubject(
  { job_id, data }: { readonly job_id: string | null; readonly data: unknown },
  jobs: ReadonlyMap<string, ToldJob>,
): WebhookSubject {
  // An erasure takes the data.
  if (job_id === null) return data === null ? { kind: "gone" } : { kind: "data", data };
  const told = jobs.get(job_id);
  return told ? { kind: "job", ...told } : { kind: "gone" };
}

interface DeliveryRow {
  readonly type: string;
  readonly status: string;
  readonly due_at: string;
  readonly answers: unknown;
}

/** Only our functions write these columns: the schema knows no more of them than that they are text and JSON. */
function toDelivery<Row extends DeliveryRow>(row: Row) {
  return {
    ...row,
    type: row.type as WebhookEvent,
    status: row.status as DeliveryStatus,
    due_at: row.status === "pending" ? row.due_at : null,
    answers: row.answers as DeliveryAnswer[],
  };
}
