import { z } from "zod";
import { BULK_ACTIONS, BULK_STATUSES, STATUSES_OF } from "../../../core/model/bulk-action.ts";
import { JOB_STATUSES } from "../../../core/model/job.ts";
import { BULK_IDS_MAX, BULK_PREVIEW_JOBS_MAX, BULK_PREVIEW_WINDOW } from "../../../core/model/limits.ts";
import { Id, pageOf, Timestamp, UtcTime } from "../../http/fields.ts";
import { Priority } from "../jobs/contract.ts";

const Filter = z.strictObject({
  ids: z
    .array(Id)
    .min(1)
    .max(BULK_IDS_MAX)
    .readonly()
    .optional()
    .meta({ description: "Only these jobs. Those that cannot be changed are counted as skipped." }),
  customer_id: Id.optional(),
  status: z.enum(JOB_STATUSES).optional(),
  job_type_id: Id.optional(),
  priority: Priority.optional(),
  created_after: Timestamp.optional(),
  fingerprint: Id.optional().meta({
    description: "Only jobs that failed in this way: the `fingerprint` of a group of `GET /failures`.",
  }),
});

export const NewBulkAction = z
  .strictObject({
    action: z.enum(BULK_ACTIONS),
    filter: Filter.refine(
      (filter) => Object.values(filter).some((value) => value !== undefined),
      "must have at least one field, so that no mistake reaches all jobs",
    ).meta({
      description:
        "The jobs must match all fields, as in `GET /jobs`. Without `ids` and `status`, a cancel looks at pending and running jobs, and a retry at failed and cancelled ones.",
    }),
    dry_run: z
      .boolean()
      .default(false)
      .meta({ description: "Only count what it would do: no job and no money changes." }),
  })
  .refine(hasStatusOfAction, {
    path: ["filter", "status"],
    message: "must be pending or running for a cancel, and failed or cancelled for a retry",
  })
  .meta({
    id: "NewBulkAction",
    examples: [
      {
        action: "retry",
        filter: { fingerprint: "7d3c2a10-98f1-3b44-a1c2-5f1e9b7a6c01" },
        dry_run: true,
      },
    ],
  });

function hasStatusOfAction({
  action,
  filter,
}: {
  action: "cancel" | "retry";
  filter: { status?: string | undefined };
}) {
  const statuses: readonly string[] = STATUSES_OF[action];
  return filter.status === undefined || statuses.includes(filter.status);
}

const effect = {
  jobs: z.int().meta({ description: "Jobs that are cancelled, or new jobs of a retry." }),
  skips: z
    .array(z.strictObject({ reason: z.string(), jobs: z.int() }))
    .readonly()
    .meta({
      description:
        "Jobs that are passed over, by reason: `not_found`, `already_ended`, `not_pending`, `not_ended`, `succeeded`, `already_retried`, or the code with which a submission would be refused, such as `insufficient_funds`.",
    }),
  costs: z
    .array(z.strictObject({ currency: z.string(), cents: z.int() }))
    .readonly()
    .meta({
      description: "What a retry holds for the new jobs, or what a cancel gives back, by currency.",
    }),
};

const EXAMPLE_EFFECT = {
  jobs: 12,
  skips: [{ reason: "already_retried", jobs: 2 }],
  costs: [{ currency: "EUR", cents: 60 }],
};

export const BulkAction = z
  .strictObject({
    id: Id,
    action: z.enum(BULK_ACTIONS),
    status: z.enum(BULK_STATUSES).meta({
      description: "`preview`: a dry run, which does nothing. `running`: runners work on it.",
    }),
    owner_id: Id.nullable().meta({
      description: "The customer who asked, and whose jobs alone it reaches. Null: the operator.",
    }),
    filter: Filter,
    expected: z
      .strictObject({
        matched: z.int().meta({ description: "Jobs that match the filter." }),
        is_capped: z.boolean().meta({
          description: `True if there were too many to count (${BULK_PREVIEW_JOBS_MAX} that match, or ${BULK_PREVIEW_WINDOW} to look at): then it may do more.`,
        }),
        ...effect,
      })
      .meta({
        description: "What it would do, by the prices, the wallets and the jobs of when it was created.",
      }),
    seen: z.int().meta({ description: "Jobs that it has looked at." }),
    ...effect,
    created_at: UtcTime.meta({ description: "Jobs that were created later are not reached." }),
    ended_at: UtcTime.nullable(),
  })
  .meta({
    id: "BulkAction",
    examples: [
      {
        id: "019ab1f2-1a10-7d02-9a7e-2f0c6b1d8e55",
        action: "retry",
        status: "done",
        owner_id: null,
        filter: { fingerprint: "7d3c2a10-98f1-3b44-a1c2-5f1e9b7a6c01" },
        expected: { matched: 14, is_capped: false, ...EXAMPLE_EFFECT },
        seen: 14,
        ...EXAMPLE_EFFECT,
        created_at: "2026-11-23T21:08:00.1Z",
        ended_at: "2026-11-23T21:08:01.3Z",
      },
    ],
  });

export const BulkActionPage = pageOf(BulkAction, "BulkActionPage");
