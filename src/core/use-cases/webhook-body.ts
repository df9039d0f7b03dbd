import { WEBHOOK_VALUE_BYTES_MAX } from "../model/limits.ts";
import { thinData } from "../model/thin-webhook.ts";
import type { ToldJob, WebhookEvent, WebhookPayload, WebhookSubject } from "../model/webhook.ts";
import { EXAMPLE_SEQUENCE } from "../model/webhook-examples.ts";

interface Told {
  readonly type: WebhookEvent;
  readonly created_at: string;
  readonly payload: WebhookPayload;
}

/**
 * The body of a request to an endpoint, the same for each try: a job that ended changes no more. Undefined when
 * there is nothing left to tell.
 */
export function webhookBody(
  { type, created_at: timestamp, payload }: Told,
  subject: WebhookSubject,
): string | undefined {
  if (subject.kind === "gone") return undefined;
  const full = subject.kind === "job" ? toldJob(subject) : subject.data;
  const data = payload === "thin" ? thinData(type, full) : full;
  const sequence = subject.kind === "job" ? subject.sequence : EXAMPLE_SEQUENCE;
  return JSON.stringify(
    type.startsWith("job.") ? { type, timestamp, sequence, data } : { type, timestamp, data },
  );
}

/** A job as an event tells of it: without the stack of its error, and without what is large. */
function toldJob({ job, omitted: unread }: ToldJob): object {
  const omitted = (["input_data", "output_data"] as const).filter(
    (name) =>
      unread.includes(name) || Buffer.byteLength(JSON.stringify(job[name]) ?? "") > WEBHOOK_VALUE_BYTES_MAX,
  );
  return {
    ...job,
    error: job.error && { code: job.error.code, message: job.error.message },
    ...Object.fromEntries(omitted.map((name) => [name, null])),
    omitted,
    url: `/jobs/${job.id}`,
  };
}
