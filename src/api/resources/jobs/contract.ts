import { z } from "zod";
import { JOB_EXAMPLE } from "../../../core/model/job-example.ts";
import { databaseClock } from "../../../core/lib/database-clock.ts";
import { JOB_BATCH_MAX, PAGE_LIMIT_DEFAULT, RUN_AT_AHEAD_MAX_MS } from "../../../core/model/limits.ts";
import { JOB_WEBHOOK_EVENTS } from "../../../core/model/job-webhook.ts";
import { DEFAULT_PRIORITY, JOB_STATUSES, PRIORITIES, WAITING_FOR } from "../../../core/model/job.ts";
import {
  AmountCents,
  ArrivalCursor,
  UtcTime,
  Id,
  IdCursor,
  Limit,
  pageOf,
  Timestamp,
} from "../../http/fields.ts";
import { Reason, Reference } from "../entries/contract.ts";
import { WebhookUrl } from "../webhooks/contract.ts";
import { MaxAttempts } from "../job-types/contract.ts";
import { Problem } from "../../http/problem.ts";
import { problemExample } from "../../http/problem-examples.ts";

const PRIORITY_MESSAGE = "must be 0 (high), 1 (medium) or 2 (low)";

const PRIORITY_OF = { "0": 0, "1": 1, "2": 2 } as const;

export const Priority = z
  .literal(PRIORITIES, PRIORITY_MESSAGE)
  .meta({ type: "integer", description: "0 is high, 1 medium, 2 low." });

/** A webhook for one job. */
const JobWebhook = z.strictObject({
  url: WebhookUrl,
  events: z
    .array(z.enum(JOB_WEBHOOK_EVENTS))
    .min(1)
    .max(JOB_WEBHOOK_EVENTS.length)
    .refine((events) => new Set(events).size === events.length, "must not name an event twice")
    .default(["job.finished"])
    .meta({ description: "What it is told: see the webhooks of this document." }),
});

/**
 * A submitted job. `submitJobs` checks `input_data`: whether it can be stored, and the schema of its job
 * type.
 */
export const SubmitJob = z
  .strictObject({
    customer_id: Id.optional().meta({
      description: "Required with the admin key. With a customer's key, it is that customer.",
    }),
    job_type_id: Id,
    priority: Priority.default(DEFAULT_PRIORITY),
    input_data: z.unknown().meta({
      description:
        "Any JSON, nested at most 100 levels deep. Numbers are IEEE 754 doubles, and -0 becomes 0: send larger integers as strings.",
    }),
    run_at: Timestamp.refine(
      (run_at) => Date.parse(run_at) <= databaseClock.now() + RUN_AT_AHEAD_MAX_MS,
      "must be no more than 10 years ahead",
    )
      .optional()
      .meta({ description: "The job does not start before this time. Default: now." }),
    max_attempts: MaxAttempts.optional().meta({
      description: "How often the job is started before it fails for good. Default: that of the job type.",
    }),
    webhook: JobWebhook.optional().meta({
      description:
        "Who is told of the end of this job alone, besides the endpoints. It is signed with the secret of `POST /customers/{id}/rotate-webhook-secret`. A retry of the job keeps it. An estimate takes no notice of it.",
    }),
  })
  .meta({
    id: "SubmitJob",
    examples: [
      {
        job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        input_data: { text: "The quick brown fox. It jumps." },
      },
      {
        customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
        job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        priority: 0,
        input_data: { text: "In a year." },
        run_at: "2027-11-23T22:06:00+01:00",
        max_attempts: 5,
        webhook: { url: "https://shop.example/orders/8812", events: ["job.finished"] },
      },
    ],
  });

/**
 * Only the envelope. Each item is parsed on its own as a `SubmitJob`, so that a wrong one does not fail the
 * others.
 */
export const SubmitBatch = z
  .strictObject({
    jobs: z
      .array(z.unknown().meta({ $ref: "#/components/schemas/SubmitJobInput" }))
      .min(1)
      .max(JOB_BATCH_MAX),
  })
  .meta({
    id: "SubmitBatch",
    examples: [
      { jobs: [{ job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22", input_data: { text: "One." } }] },
    ],
  });

const JobError = z.strictObject({
  code: z.string(),
  message: z
    .string()
    .meta({ description: "For the customer. Paths of the runner's machine are cut to their last name." }),
  stack: z.string().optional().meta({
    description:
      "Only with the admin key: where in the processor the error happened, with its causes, or the end of a command's stderr.",
  }),
});
const AttemptError = JobError.extend({
  attempt: z.int(),
  at: UtcTime,
  runner_id: Id.nullable(),
});

const JobProgress = z
  .strictObject({
    fraction: z.number().min(0).max(1),
    message: z.string().nullable(),
    at: UtcTime,
  })
  .meta({
    description:
      "How far the latest attempt said it was, at most half a second ago while it runs. Null if it did not say. The message is text of the processor's: show it as text.",
  });

export const Job = z
  .strictObject({
    id: Id,
    customer_id: Id,
    job_type_id: Id,
    status: z.enum(JOB_STATUSES),
    priority: Priority,
    input_data: z.unknown(),
    output_data: z
      .unknown()
      .meta({ description: "What the processor returned. Null unless the job succeeded." }),
    error: JobError.nullable().meta({ description: "Why the job failed. Null unless it failed." }),
    errors: z
      .array(AttemptError)
      .readonly()
      .meta({ description: "Errors of the attempts, oldest first. At most the last 20." }),
    estimated_cost_cents: z.int().meta({
      description:
        "The price at submission. It is held while the job is open, and it is the most that the job can cost.",
    }),
    cost_cents: z.int().nullable().meta({ description: "What was charged. Null unless the job succeeded." }),
    attempt: z.int().meta({ description: "How many attempts have started." }),
    excused_attempts: z.int().meta({
      description:
        "How many of them do not count towards `max_attempts`: their runner was stopped, or was lost.",
    }),
    max_attempts: z.int(),
    retry_of: Id.nullable().meta({ description: "The job that this one runs again." }),
    run_at: UtcTime,
    waiting_for: z.enum(WAITING_FOR).nullable().meta({
      description:
        "What a pending job waits for: `run_at`, its time. `resume`, the queue or its type is paused. `runner`, no living runner serves its type. `limit`, as many jobs of its customer or type run as may. `idle_runner`, it lost its runner more than once and runs apart from others. `slot`, its turn. Null if it is not pending.",
    }),
    created_at: UtcTime,
    started_at: UtcTime.nullable(),
    completed_at: UtcTime.nullable(),
    runner_id: Id.nullable(),
    progress: JobProgress.nullable(),
  })
  .meta({ id: "Job", examples: [JOB_EXAMPLE] });

export const JobEstimate = z
  .strictObject({
    customer_id: Id,
    job_type_id: Id,
    priority: Priority,
    estimated_cost_cents: z
      .int()
      .meta({ description: "What would be held, and the most that the job can cost." }),
    currency: z.string(),
    available_cents: z.int(),
    affordable: z.boolean().meta({ description: "Whether the wallet could hold the price now." }),
    refusal: z
      .enum(["wallet_frozen", "insufficient_funds", "spend_limit_reached"])
      .nullable()
      .meta({ description: "Why the wallet could not hold it. Null if it could." }),
    expected_wait_seconds: z.number().nullable().meta({
      description:
        "How long the next job of this priority has waited so far. 0 if none waits. Null if the wait is unknown: the job is scheduled for later, its job type or the queue is paused, or no runner is alive.",
    }),
  })
  .meta({
    id: "JobEstimate",
    examples: [
      {
        customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
        job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        priority: 1,
        estimated_cost_cents: 5,
        currency: "EUR",
        available_cents: 120,
        affordable: true,
        refusal: null,
        expected_wait_seconds: 0.4,
      },
    ],
  });

export const Refund = z
  .strictObject({
    amount_cents: AmountCents.optional().meta({ description: "Default: what is left of the charge." }),
    reference: Reference,
    reason: Reason.optional(),
  })
  .meta({ id: "Refund", examples: [{ reference: "ticket 18", reason: "Wrong output" }] });

export const JobPage = pageOf(Job, "JobPage");

export const BatchResults = z
  .strictObject({
    results: z
      .array(
        z.union([
          z.strictObject({ status: z.literal(201), job: Job }),
          z.strictObject({ status: z.int(), problem: Problem }),
        ]),
      )
      .meta({ description: "One result for each job, in the order of the request." }),
  })
  .meta({
    id: "BatchResults",
    examples: [
      {
        results: [
          { status: 201, job: JOB_EXAMPLE },
          { status: 402, problem: problemExample("insufficient_funds") },
        ],
      },
    ],
  });

export const JobsQuery = z.strictObject({
  customer_id: Id.optional(),
  status: z.enum(JOB_STATUSES).optional(),
  job_type_id: Id.optional(),
  priority: z
    .enum(["0", "1", "2"], PRIORITY_MESSAGE)
    .transform((digit) => PRIORITY_OF[digit])
    .optional()
    .meta({ type: "integer", enum: [...PRIORITIES] }),
  created_after: Timestamp.optional().meta({ description: "Only jobs created after this time." }),
  fingerprint: Id.optional().meta({
    description: "Only jobs that failed in this way: the `fingerprint` of a group of `GET /failures`.",
  }),
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: IdCursor.optional(),
  order: z.enum(["newest", "oldest"]).default("newest").meta({
    description:
      "`oldest` is for programs that follow new jobs: see `after`. There is no order by status or time of end.",
  }),
  after: ArrivalCursor.optional().meta({
    description:
      "With `order=oldest`: `next_cursor` of the previous answer. Returns the jobs that came after it, each exactly once.",
  }),
});
