import { sql } from "kysely";
import type { PlatformError } from "../../core/lib/errors.ts";
import { newId } from "../../core/lib/new-id.ts";
import { createWebhookSecret } from "../../core/lib/sign-webhook.ts";
import {
  tooManyOrigins,
  type JobWebhook,
  type JobWebhookEvent,
  type JobWebhookRepository,
  type WebhookOrigin,
} from "../../core/model/job-webhook.ts";
import { WEBHOOK_SECRET_BYTES } from "../../core/model/limits.ts";
import { customerErased, customerNotFound } from "../../core/model/not-found.ts";
import { customerInactive, unknownCustomer } from "../../core/model/refusals.ts";
import type { Database } from "../connection/database.ts";
import { callRotateJobWebhookSecret, callTakeWebhookOrigins } from "../connection/functions.gen.ts";

const HOUR_MS = 3_600_000;

export class PostgresJobWebhookRepository implements JobWebhookRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async takeOrigins(origins: readonly WebhookOrigin[]): Promise<(string | PlatformError)[]> {
    const rows = await callTakeWebhookOrigins(this.#database, {
      customers: origins.map(({ customer_id }) => customer_id),
      origins: origins.map(({ origin }) => origin),
      ids: origins.map(() => newId()),
      secrets: origins.map(() => createWebhookSecret(WEBHOOK_SECRET_BYTES)),
    });
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    return origins.map(({ customer_id }, n) => {
      const row = byPlace.get(n + 1);
      if (row?.refusal === "unknown_customer") return unknownCustomer(customer_id);
      if (row?.refusal === "customer_inactive") return customerInactive();
      return row?.endpoint_id ?? tooManyOrigins();
    });
  }

  async find(job_id: string): Promise<JobWebhook | undefined> {
    return await this.#database.kysely
      .selectFrom("job_webhooks")
      .select(["url", sql<JobWebhookEvent[]>`to_jsonb(events)`.as("events")])
      .where("job_id", "=", job_id)
      .executeTakeFirst();
  }

  async rotateSecret(customer_id: string, secret: string, overlap_hours: number): Promise<boolean> {
    const became = await callRotateJobWebhookSecret(this.#database, {
      customer: customer_id,
      secret,
      overlap: `${overlap_hours * HOUR_MS} milliseconds`,
    });
    if (became === "unknown_customer") throw customerNotFound(customer_id);
    if (became === "customer_erased") throw customerErased(customer_id);
    return became === "rotated";
  }
}
