import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import {
  WEBHOOK_BATCHES_COUNTED_MAX,
  WEBHOOK_ENDPOINTS_MAX,
  WEBHOOK_FAILURES_MAX,
} from "../../core/model/limits.ts";
import type { Page } from "../../core/model/page.ts";
import { unknownCustomer } from "../../core/model/refusals.ts";
import {
  DISABLED_REASONS,
  ENDPOINT_KINDS,
  type EndpointKind,
  WEBHOOK_PAYLOADS,
  type NewWebhookEndpoint,
  type WebhookEndpoint,
  type WebhookEndpointChanges,
  type WebhookEndpointRepository,
  type WebhookEvent,
} from "../../core/model/webhook.ts";
import { textArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { oneOf, onlyRow } from "../connection/decode.ts";
import { callRotateWebhookSecret } from "../connection/functions.gen.ts";

const HOUR_MS = 3_600_000;

export class PostgresWebhookEndpointRepository implements WebhookEndpointRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(endpoint: NewWebhookEndpoint): Promise<WebhookEndpoint> {
    const { id, customer_id, url, events, description, payload = "full", secret } = endpoint;
    // Two calls at once may go above the limit by one: it only has to be an end.
    await sql`
      WITH owner AS (
        SELECT ${customer_id}::uuid AS customer_id
         WHERE (${customer_id}::uuid IS NULL OR EXISTS (
                 SELECT FROM customers c WHERE c.id = ${customer_id}::uuid
               ))
           AND (
             SELECT count(*)
               FROM webhook_endpoints e
              WHERE e.customer_id IS NOT DISTINCT FROM ${customer_id}::uuid AND e.kind = 'lasting'
           ) < ${WEBHOOK_ENDPOINTS_MAX}
      ), created AS (
        INSERT INTO webhook_endpoints (id, customer_id, url, events, description, payload, listened_at)
        SELECT ${id}::uuid, o.customer_id, ${url}, ${textArray(events)}::text[], ${description}::text, ${payload},
               CASE WHEN ${endpoint.isListener ?? false}::boolean THEN clock_timestamp() END
          FROM owner o
        RETURNING id
      )
      INSERT INTO webhook_secrets (endpoint_id, secret)
      SELECT c.id, ${secret} FROM created c`.execute(this.#database.kysely);
    const created = await this.findById(id);
    if (created) return created;
    throw await this.#refusal(customer_id);
  }

  async #refusal(customer_id: string | null): Promise<PlatformError> {
    const customer =
      customer_id === null ||
      (await this.#database.kysely
        .selectFrom("customers")
        .select("id")
        .where("id", "=", customer_id)
        .executeTakeFirst());
    if (customer === undefined && customer_id !== null) return unknownCustomer(customer_id);
    const whose = customer_id === null ? "The operator" : "This customer";
    return new PlatformError(
      "too_many_endpoints",
      `${whose} has ${WEBHOOK_ENDPOINTS_MAX} webhook endpoints. Delete one that is not used any more.`,
    );
  }

  async findById(id: string, owner?: string): Promise<WebhookEndpoint | undefined> {
    let query = this.#select().where("id", "=", id);
    if (owner !== undefined) query = query.where("customer_id", "=", owner);
    const row = await query.executeTakeFirst();
    return row && toEndpoint(row);
  }

  async list(
    owner: string | undefined,
    page: Page,
    kind: EndpointKind = "lasting",
  ): Promise<WebhookEndpoint[]> {
    let query = this.#select().where("kind", "=", kind).orderBy("id", "desc").limit(page.limit);
    if (owner !== undefined) query = query.where("customer_id", "=", owner);
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    return (await query.execute()).map(toEndpoint);
  }

  async update(
    id: string,
    { url, events, description, payload, enabled }: WebhookEndpointChanges,
    owner?: string,
  ): Promise<WebhookEndpoint | undefined> {
    let query = this.#database.kysely
      .updateTable("webhook_endpoints")
      .set({
        updated_at: sql`clock_timestamp()`,
        ...(url === undefined ? {} : { url }),
        ...(events === undefined ? {} : { events: sql<string[]>`${textArray(events)}::text[]` }),
        ...(description === undefined ? {} : { description }),
        ...(payload === undefined ? {} : { payload }),
        ...(enabled === undefined ? {} : switched(enabled)),
      })
      .where("id", "=", id);
    if (owner !== undefined) query = query.where("customer_id", "=", owner);
    await query.execute();
    return await this.findById(id, owner);
  }

  async delete(id: string, owner?: string): Promise<boolean> {
    // Its secrets go with it. What waits for it is deleted by whoever would have sent it.
    let query = this.#database.kysely.deleteFrom("webhook_endpoints").where("id", "=", id);
    if (owner !== undefined) query = query.where("customer_id", "=", owner);
    return (await query.executeTakeFirst()).numDeletedRows > 0n;
  }

  async rotateSecret(id: string, secret: string, overlap_hours: number, owner?: string): Promise<boolean> {
    return await callRotateWebhookSecret(this.#database, {
      endpoint: id,
      owner: owner ?? null,
      secret,
      overlap: `${overlap_hours * HOUR_MS} milliseconds`,
    });
  }

  async countFailing(): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      SELECT count(*)::int AS n
        FROM webhook_endpoints e
       WHERE (e.disabled_at IS NULL AND e.kind = 'lasting' AND e.failures >= ${WEBHOOK_FAILURES_MAX})
          OR (e.disabled_reason IN ('gone', 'failing') AND e.disabled_at > now() - interval '7 days')`.execute(
      this.#database.kysely,
    );
    return onlyRow("countFailing", rows).n;
  }

  async keepListening(id: string): Promise<void> {
    await this.#database.kysely
      .updateTable("webhook_endpoints")
      .set({ listened_at: sql`clock_timestamp()` })
      .where("id", "=", id)
      .where("listened_at", "is not", null)
      .execute();
  }

  #select() {
    return this.#database.kysely
      .selectFrom("webhook_endpoints")
      .select(["id", "customer_id", "url", "description", "disabled_at", "disabled_reason", "failures"])
      .select([
        "kind",
        "payload",
        "failing_since",
        "paused_until",
        "delivered_at",
        "created_at",
        "updated_at",
      ])
      .select(sql<WebhookEvent[]>`to_jsonb(events)`.as("events"))
      .select(
        sql<number>`(
          SELECT coalesce(sum(b.events), 0)::int
            FROM (
              SELECT cardinality(w.types) * cardinality(w.job_ids) AS events
                FROM webhook_batches w
               WHERE w.endpoint_id = webhook_endpoints.id
               ORDER BY w.id
               LIMIT ${WEBHOOK_BATCHES_COUNTED_MAX}
            ) b
        )`.as("waiting_events"),
      );
  }
}

/** The columns of an endpoint that somebody disables, or enables again: then its past is forgotten. */
function switched(enabled: boolean) {
  return enabled
    ? {
        disabled_at: null,
        disabled_reason: null,
        failures: 0,
        failing_since: null,
        paused_until: null,
        pauses: 0,
        probe_id: null,
      }
    : {
        disabled_at: sql<string>`coalesce(disabled_at, clock_timestamp())`,
        disabled_reason: sql<string>`coalesce(disabled_reason, 'by_hand')`,
      };
}

function toEndpoint<Row extends { kind: string; disabled_reason: string | null; payload: string }>(row: Row) {
  const { kind, disabled_reason, payload } = row;
  return {
    ...row,
    kind: oneOf(ENDPOINT_KINDS, kind, "endpoint"),
    disabled_reason: disabled_reason === null ? null : oneOf(DISABLED_REASONS, disabled_reason, "endpoint"),
    payload: oneOf(WEBHOOK_PAYLOADS, payload, "endpoint"),
  };
}
