import type { Readable } from "node:stream";
import { z } from "zod";
import { EVENT_ID_MAX, EVENTS_MAX } from "../../../core/model/limits.ts";
import { JOB_STATUSES } from "../../../core/model/job.ts";
import { LOG_LEVELS } from "../../../core/model/job-log.ts";
import { UtcTime } from "../../http/fields.ts";

const LastEventId = z.coerce.number("must be a number").int().min(0).max(EVENT_ID_MAX);

export const EventHeaders = z.looseObject({
  "last-event-id": LastEventId.optional().meta({
    description:
      "Id of the last event that you have: only later ones are returned. Browsers send it themselves.",
  }),
});

export const EventsQuery = z.strictObject({
  after: LastEventId.optional().meta({ description: "The same as `Last-Event-ID`, which counts before it." }),
  limit: z.coerce.number().int().min(1).max(EVENTS_MAX).default(EVENTS_MAX).meta({
    description: "Events in one answer as JSON. A stream has no limit.",
  }),
});

const shared = {
  id: z.int().meta({ description: "Counts from 1 in each job." }),
  at: UtcTime.nullable().meta({
    description: "Null where it is not known any more: the start of an attempt that another has followed.",
  }),
  attempt: z.int().meta({ description: "0 before the first." }),
};
const Failure = z.strictObject({ code: z.string(), message: z.string() }).nullable();

export const DONE_EXAMPLE = {
  id: 4,
  type: "done",
  at: "2026-11-23T21:06:45.03Z",
  attempt: 1,
  status: "succeeded",
  cost_cents: 5,
  error: null,
};

const EVENTS_EXAMPLE = [
  { id: 1, type: "queued", at: "2026-11-23T21:06:45.010203Z", attempt: 0 },
  { id: 2, type: "started", at: "2026-11-23T21:06:45.02Z", attempt: 1 },
  { id: 3, type: "progress", at: "2026-11-23T21:06:45.025Z", attempt: 1, fraction: 0.5, message: null },
  DONE_EXAMPLE,
];

/** The last event of a job. */
export const DoneEvent = z.strictObject({
  ...shared,
  type: z.literal("done"),
  status: z.enum(JOB_STATUSES),
  cost_cents: z.int().nullable(),
  error: Failure,
});

export const JobEvent = z
  .discriminatedUnion("type", [
    z.strictObject({ ...shared, type: z.literal(["queued", "started"]) }),
    z.strictObject({
      ...shared,
      type: z.literal("progress"),
      fraction: z.number(),
      message: z.string().nullable(),
    }),
    z.strictObject({ ...shared, type: z.literal("log"), level: z.enum(LOG_LEVELS), message: z.string() }),
    z.strictObject({ ...shared, type: z.literal("attempt_failed"), error: Failure }),
    DoneEvent,
  ])
  .meta({ id: "JobEvent", examples: [EVENTS_EXAMPLE[2]] });

export const JobEvents = z
  .strictObject({ data: z.array(JobEvent) })
  .meta({ id: "JobEvents", examples: [{ data: EVENTS_EXAMPLE }] });

export const EventStream = z.custom<Readable>().meta({ type: "string" });
