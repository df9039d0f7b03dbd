import { z } from "zod";
import { ATTEMPTS_COUNTED_MAX, PAGE_LIMIT_DEFAULT } from "../../../core/model/limits.ts";
import { LOG_LEVELS } from "../../../core/model/job-log.ts";
import { Limit, LogCursor, pageOf, UtcTime } from "../../http/fields.ts";

/** The number of an attempt, in a query string. */
const Attempt = z.coerce.number().int().min(1).max(ATTEMPTS_COUNTED_MAX);

export const JobLogQuery = z.strictObject({
  attempt: Attempt.optional().meta({ description: "Only lines of this attempt." }),
  level: z.enum(LOG_LEVELS).optional().meta({
    description: "Only lines of this level and of those above it: `debug`, `info`, `warn`, `error`.",
  }),
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: LogCursor.optional(),
});

export const LogLine = z
  .strictObject({
    at: UtcTime,
    attempt: z.int(),
    level: z.enum(LOG_LEVELS),
    message: z.string().meta({
      description:
        "Text of the processor's, with the fields of the line as JSON behind it. It may have control characters and line breaks: show it as text.",
    }),
  })
  .meta({
    id: "LogLine",
    examples: [
      {
        at: "2026-11-23T21:06:45.025Z",
        attempt: 1,
        level: "info",
        message: 'read the document {"pages":12}',
      },
    ],
  });

export const LogPage = pageOf(LogLine, "LogPage");
