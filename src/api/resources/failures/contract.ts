import { z } from "zod";
import { PAGE_LIMIT_DEFAULT } from "../../../core/model/limits.ts";
import { decodeCursor } from "../../http/cursor.ts";
import { CURSOR_MESSAGE, Cursor, Id, Limit, pageOf, Timestamp, UtcTime } from "../../http/fields.ts";

const POSITION = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export const Fingerprint = Id.meta({
  description: "Names a way to fail: the same for the same job type, error code and pattern, at any time.",
});

export const FailureGroup = z
  .strictObject({
    fingerprint: Fingerprint,
    job_type_id: Id,
    code: z.string().meta({ description: "The `code` of the error." }),
    pattern: z.string().meta({
      description: "The message with its numbers, ids and quoted text replaced.",
    }),
    message: z.string().meta({ description: "The newest message, up to 500 characters." }),
    jobs: z.int().meta({ description: "Jobs that failed for good." }),
    attempts: z.int().meta({
      description: "Attempts that failed this way, also of jobs that succeeded later.",
    }),
    first_seen_at: UtcTime.meta({ description: "The first time that is known, also before `since`." }),
    last_seen_at: UtcTime,
    customers: z.int().meta({ description: "How many customers it hit." }),
    released: z
      .array(z.strictObject({ currency: z.string(), cents: z.int() }))
      .readonly()
      .meta({ description: "What was held for the failed jobs and given back, by currency." }),
    sample_job_id: Id.meta({ description: "The job of the newest failure." }),
  })
  .meta({
    id: "FailureGroup",
    examples: [
      {
        fingerprint: "7d3c2a10-98f1-3b44-a1c2-5f1e9b7a6c01",
        job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        code: "processor_error",
        pattern: "Cannot fetch <text>: status <n>",
        message: 'Cannot fetch "https://example.com/a": status 503',
        jobs: 12,
        attempts: 36,
        first_seen_at: "2026-11-23T20:11:02.1Z",
        last_seen_at: "2026-11-23T21:06:45.03Z",
        customers: 2,
        released: [{ currency: "EUR", cents: 60 }],
        sample_job_id: "019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01",
      },
    ],
  });

export const FailurePage = pageOf(FailureGroup, "FailurePage");

/** The cursor of a list that is ordered by the time of the last failure. */
const FailureCursor = Cursor.transform((cursor, context) => {
  const [, last_seen_at, fingerprint] = POSITION.exec(decodeCursor(cursor)) ?? [];
  if (last_seen_at !== undefined && fingerprint !== undefined && !Number.isNaN(Date.parse(last_seen_at)))
    return { last_seen_at, fingerprint };
  context.issues.push({ code: "custom", message: CURSOR_MESSAGE, input: cursor });
  return z.NEVER;
});

export const FailuresQuery = z.strictObject({
  since: Timestamp.optional().meta({
    description: "Only failures from this time on, to the minute. Default: the last 7 days.",
  }),
  customer_id: Id.optional(),
  job_type_id: Id.optional(),
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: FailureCursor.optional(),
});
