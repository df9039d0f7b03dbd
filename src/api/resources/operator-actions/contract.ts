import { z } from "zod";
import { NAME_LENGTH_MAX, PAGE_LIMIT_DEFAULT } from "../../../core/model/limits.ts";
import { Id, IdCursor, Limit, pageOf, Timestamp, UtcTime } from "../../http/fields.ts";

const Word = z.string().min(1).max(NAME_LENGTH_MAX);
const Shown = z.record(z.string(), z.unknown()).nullable();

export const OperatorAction = z
  .strictObject({
    id: Id,
    at: UtcTime,
    operator_id: Id.nullable().meta({ description: "Null for the admin key." }),
    operator_name: z.string(),
    action: z.string().meta({ description: "The `operationId` of what was done." }),
    target_type: z.string().meta({ description: "The noun of the path, such as `customer`." }),
    target_id: z.string().nullable(),
    before: Shown.meta({
      description: "What it was, read just before. Null where nothing was changed, or nothing is shown.",
    }),
    after: Shown.meta({ description: "What the request returned, shortened and without secrets." }),
    address: z.string().meta({ description: "From where the request came: behind a proxy, the proxy's." }),
    request_id: Id,
  })
  .meta({
    id: "OperatorAction",
    examples: [
      {
        id: "019ab1f0-9a2b-7c3d-8e4f-1a2b3c4d5e6f",
        at: "2026-11-23T21:06:10.5Z",
        operator_id: "019ab1f0-7c11-7d0e-9a52-5d1c8e6b7a90",
        operator_name: "Grace Hopper",
        action: "pauseQueue",
        target_type: "queue",
        target_id: null,
        before: { paused_at: null },
        after: { paused_at: "2026-11-23T21:06:10.4Z" },
        address: "127.0.0.1",
        request_id: "019ab1f0-6c1e-7a44-9d7c-2f6a3f1c9e55",
      },
    ],
  });

export const OperatorActionPage = pageOf(OperatorAction, "OperatorActionPage");

export const OperatorActionsQuery = z.strictObject({
  operator_name: Word.optional().meta({
    description: "Only what this operator did; `admin` is the admin key.",
  }),
  action: Word.optional(),
  target_type: Word.optional(),
  target_id: Word.optional(),
  from: Timestamp.optional().meta({ description: "Only from this time on." }),
  to: Timestamp.optional().meta({ description: "Only before this time." }),
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: IdCursor.optional(),
});
