import { z } from "zod";
import { JOB_EXAMPLE } from "../../../core/model/job-example.ts";
import { readFeedPosition } from "../../../core/model/event-feed.ts";
import { EVENTS_MAX, FEED_DAYS, PAGE_LIMIT_DEFAULT } from "../../../core/model/limits.ts";
import { decodeCursor } from "../../http/cursor.ts";
import { CURSOR_MESSAGE, Id } from "../../http/fields.ts";
import { DONE_EXAMPLE, DoneEvent } from "../jobs/event-contract.ts";

const FeedCursor = z
  .string()
  .max(200, CURSOR_MESSAGE)
  .transform((cursor, context) => {
    const place = readFeedPosition(decodeCursor(cursor));
    if (place) return place;
    context.issues.push({ code: "custom", message: "is not the id of an event of this list", input: cursor });
    return z.NEVER;
  });

export const FeedHeaders = z.looseObject({
  "last-event-id": FeedCursor.optional().meta({
    description:
      "Id of the last event that you have: only later ones are returned. Browsers send it themselves.",
  }),
});

export const FeedQuery = z.strictObject({
  customer_id: Id.optional().meta({
    description: "Only events of this customer. With a customer's key, it is that customer.",
  }),
  after: FeedCursor.optional().meta({
    description:
      "`next_cursor` of the previous answer, or an id of the stream. `Last-Event-ID` counts before it.",
  }),
  limit: z.coerce.number().int().min(1).max(EVENTS_MAX).default(PAGE_LIMIT_DEFAULT).meta({
    description: "Events in one answer as JSON. A stream has no limit.",
  }),
});

const EVENT_EXAMPLE = {
  job_id: JOB_EXAMPLE.id,
  customer_id: JOB_EXAMPLE.customer_id,
  job_type_id: JOB_EXAMPLE.job_type_id,
  ...DONE_EXAMPLE,
};

export const FeedEvent = DoneEvent.extend({ job_id: Id, customer_id: Id, job_type_id: Id }).meta({
  id: "FeedEvent",
  description: "The end of a job, as `GET /jobs/{id}/events` has it, with whose it is.",
  examples: [EVENT_EXAMPLE],
});

export const FeedEvents = z
  .strictObject({
    data: z.array(FeedEvent),
    next_cursor: z.string().meta({
      description: `Send it as \`after\`, also when \`data\` is empty: then there is nothing yet. It is good for ${FEED_DAYS} days.`,
    }),
  })
  .meta({
    id: "FeedEvents",
    examples: [
      {
        data: [EVENT_EXAMPLE],
        next_cursor: Buffer.from("f1 019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11 1763932005030000 1").toString(
          "base64url",
        ),
      },
    ],
  });
