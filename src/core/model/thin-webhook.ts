import type { WebhookEvent } from "./webhook.ts";

/** What is left of a job: which one, how it ended, and where it is read. */
const OF_JOB = ["id", "customer_id", "job_type_id", "retry_of", "status", "url"];

/**
 * The data of an event for an endpoint that wants no more than which thing it is about, and where that is read.
 * An endpoint that was disabled has no more than that anyway.
 */
export function thinData(type: WebhookEvent, full: unknown): unknown {
  if (type === "endpoint.disabled") return full;
  const fields = new Map<string, unknown>(Object.entries(full ?? {}));
  if (type.startsWith("job.")) return Object.fromEntries(OF_JOB.map((name) => [name, fields.get(name)]));
  const customer_id = fields.get("customer_id");
  return { customer_id, url: `/customers/${String(customer_id)}/wallet` };
}
