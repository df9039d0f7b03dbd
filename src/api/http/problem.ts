import { z } from "zod";
import { ERRORS, type ErrorCode } from "../../core/lib/errors.ts";
import { JOB_STATUSES } from "../../core/model/job.ts";
import { Checks } from "./checks.ts";

// Object.keys answers string[]; these are the keys of the very object.
const CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

const FieldErrors = z
  .array(
    z.strictObject({
      pointer: z
        .string()
        .meta({ description: "JSON pointer (RFC 6901) into the body, the query or the path." }),
      message: z.string(),
    }),
  )
  .readonly();

/** RFC 9457. Every answer from 400 on, and every refused item of a batch. */
export const Problem = z
  .strictObject({
    type: z.string().meta({ description: "A reference to what the code means." }),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.enum(CODES),
    detail: z.string().meta({ description: "What is wrong, and the way out." }),
    request_id: z.string().meta({ description: "Also in the Request-Id header." }),
    retryable: z
      .boolean()
      .meta({ description: "Whether the same request may succeed later without a change to it." }),
    errors: FieldErrors.optional().meta({ description: "The fields that are wrong." }),
    required_cents: z.int().optional().meta({ description: "With `insufficient_funds`." }),
    available_cents: z.int().optional(),
    pending_charges_cents: z.int().optional(),
    current_balance_cents: z.int().optional(),
    credit_limit_cents: z.int().optional(),
    monthly_spend_limit_cents: z.int().optional().meta({ description: "With `spend_limit_reached`." }),
    month_spent_cents: z.int().optional(),
    charged_cents: z.int().optional().meta({ description: "With `refund_exceeds_charge`." }),
    refunded_cents: z.int().optional(),
    refundable_cents: z.int().optional(),
    job_status: z
      .enum(JOB_STATUSES)
      .optional()
      .meta({ description: "What the job is, with `job_already_ended` and `job_not_ended`." }),
    checks: Checks.optional().meta({ description: "With `GET /readyz`." }),
  })
  .meta({
    id: "Problem",
    description: "An error, as RFC 9457 has it.",
    examples: [
      {
        type: "/docs/errors#insufficient_funds",
        title: "Not enough available balance",
        status: 402,
        code: "insufficient_funds",
        detail:
          "This needs 500 cents and 120 are available (380 are held for open jobs). Top up and send it again.",
        request_id: "019ab1f0-6c1e-7a44-9d7c-2f6a3f1c9e55",
        retryable: false,
        required_cents: 500,
        current_balance_cents: 500,
        pending_charges_cents: 380,
        credit_limit_cents: 0,
        available_cents: 120,
      },
    ],
  });

/** As the API sends it; members beside the standard ones come from the error. */
export type Problem = Pick<
  z.output<typeof Problem>,
  "type" | "title" | "status" | "code" | "detail" | "request_id" | "retryable" | "errors"
>;
