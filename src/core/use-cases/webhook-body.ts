import type { Job } from "../model/job.ts";
import { WEBHOOK_VALUE_BYTES_MAX } from "../model/limits.ts";
import type { WebhookEvent, WebhookSubject } from "../model/webhook.ts";

/**
 * The body of a request to an endpoint, the same for each try: a job that ended changes no more. Undefined when
 * there is nothing left to tell.
 */
export function webhookBody(
  { type, created_at }: { readonly type: WebhookEvent; readonly created_at: string },
  subject: WebhookSubject,
): string | undefined {
  if (subject.kind === "gone") return undefined;
  const data = subject.kind === "job" ? toldJob(subject.job) : subject.data;
  return JSON.stringify({ type, timestamp: created_at, data });
}

/** A job as an event tells of it: without the stack of its error, and without what is large. */
function toldJob(job: Job): object {
  const { errors: _errors, waiting_for: _waiting, progress: _progress, error, ...told } = job;
  const omitted = (["input_data", "output_data"] as const).filter(
    (name) => Buffer.byteLength(JSON.stringify(job[name]) ?? "") > WEBHOOK_VALUE_BYTES_MAX,
  );
  return {
    ...told,
    error: error && { code: error.code, message: error.message },
    ...Object.fromEntries(omitted.map((name) => [name, null])),
    omitted,
  };
}
