import { z } from "zod";
import { FIGURES_DAYS, USAGE_DAYS_MAX, USAGE_HOURS_MAX, USAGE_ROWS_MAX } from "../../../core/model/limits.ts";
import { USAGE_BUCKETS } from "../../../core/model/usage.ts";
import { Id, Timestamp, UtcTime } from "../../http/fields.ts";

const CUSTOMER_ID = "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11";

export const UsageQuery = z.strictObject({
  customer_id: Id.optional().meta({ description: "Whose usage. A customer's key has its own only." }),
  bucket: z.enum(USAGE_BUCKETS).default("day").meta({ description: "The length of a span, in UTC." }),
  from: Timestamp.optional().meta({
    description: `From the span on that this time is in. Default: 30 days before \`to\`, or 24 hours for \`hour\`. ${USAGE_DAYS_MAX} days before \`to\` at most, or ${USAGE_HOURS_MAX} hours for \`hour\`.`,
  }),
  to: Timestamp.optional().meta({ description: "Before this time. Default: now." }),
});

const UsageRow = z.strictObject({
  starts_at: UtcTime,
  job_type_id: Id,
  job_type: z.string().meta({ description: "The name of the job type." }),
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  charged_cents: z
    .int()
    .meta({ description: "Charged for those that succeeded. Refunds are not taken off." }),
});

export const Usage = z
  .strictObject({
    customer_id: Id,
    currency: z.string(),
    bucket: z.enum(USAGE_BUCKETS),
    from: Timestamp,
    to: Timestamp,
    data: z
      .array(UsageRow)
      .readonly()
      .meta({
        description: `A row for each span and job type in which jobs ended, oldest first. Figures are kept for ${FIGURES_DAYS} days. More than ${USAGE_ROWS_MAX} rows are refused.`,
      }),
  })
  .meta({
    id: "Usage",
    examples: [
      {
        customer_id: CUSTOMER_ID,
        currency: "EUR",
        bucket: "day",
        from: "2026-10-28T09:00:00Z",
        to: "2026-11-27T09:00:00Z",
        data: [
          {
            starts_at: "2026-11-26T00:00:00Z",
            job_type_id: "019ab1ef-f7d0-7c3e-a6a5-91d2c7b4e8f3",
            job_type: "Text statistics",
            succeeded: 1204,
            failed: 12,
            cancelled: 1,
            charged_cents: 6020,
          },
        ],
      },
    ],
  });
