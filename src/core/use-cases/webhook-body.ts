import { WEBHOOK_VALUE_BYTES_MAX } from "../model/limits.ts";
import type { ToldJob, WebhookEvent, WebhookSubject } from "../model/webhook.ts";

/**
 * The body of a request to an endpoint, the same for each try: a job that ended changes no more. Undefined when
 * there is nothing left to tell.
 */
export function webhookBody(
  { type, created_at }: { readonly type: WebhookEvent; readonly created_at: string },
  subject: WebhookSubject,
): string | undefined {
  if (subject.kind === "gone") return undefined;
  const data = subject.kind === "job" ? toldJob(subject) : subject.data;
  return JSON.stringify({ type, timestamp: created_at, data });
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
  };
}
