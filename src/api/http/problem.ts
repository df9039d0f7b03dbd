import { z } from "zod";
import { ERRORS, type ErrorCode } from "../../core/lib/errors.ts";
import { SCOPES } from "../../core/model/api-key.ts";
import { JOB_STATUSES } from "../../core/model/job.ts";
import { Checks } from "./checks.ts";

// Object.keys returns string[]; these are the keys of that very object.
const CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

const FieldErrors = z
  .array(
    z.strictObject({
      pointer: z.string().meta({
        description: "JSON pointer (RFC 6901) to the wrong field in the body, the query or the path.",
      }),
      message: z.string(),
    }),
  )
  .readonly();

/** RFC 9457. The body of every response from status 400 on, and of every refused item of a batch. */
export const Problem = z
  .strictObject({
    type: z.string().meta({
      description: "Path of a page of this server that says what happened, what it cost and what to do.",
    }),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.enum(CODES),
    detail: z.string().meta({ description: "What is wrong and how to fix it." }),
    request_id: z.string().meta({ description: "Id of the request, also in the Request-Id header." }),
    retryable: z
      .boolean()
      .meta({ description: "Whether the same request may succeed later without changes." }),
    errors: FieldErrors.optional().meta({ description: "The fields that are wrong." }),
    required_scope: z
      .enum(SCOPES)
      .optional()
      .meta({ description: "The scope that the key lacks. With `forbidden`." }),
    required_cents: z
      .int()
      .optional()
      .meta({ description: "What the request needs. With `insufficient_funds`." }),
    available_cents: z.int().optional(),
    pending_charges_cents: z.int().optional(),
    current_balance_cents: z.int().optional(),
    credit_limit_cents: z.int().optional(),
    monthly_spend_limit_cents: z
      .int()
      .optional()
      .meta({ description: "Limit of the wallet. With `spend_limit_reached`." }),
    month_spent_cents: z.int().optional(),
    charged_cents: z
      .int()
      .optional()
      .meta({ description: "What the job was charged. With `refund_exceeds_charge`." }),
    refunded_cents: z.int().optional(),
    refundable_cents: z.int().optional(),
    price_currency: z
      .string()
      .optional()
      .meta({ description: "Currency of the job type's price. With `currency_mismatch`." }),
    wallet_currency: z.string().optional(),
    job_status: z
      .enum(JOB_STATUSES)
      .optional()
      .meta({ description: "Status of the job. With `job_already_ended` and `job_not_ended`." }),
    waiting_jobs: z.int().optional().meta({ description: "Jobs that wait. With `queue_full`." }),
    waiting_limit: z.int().optional().meta({ description: "Jobs that may wait. With `queue_full`." }),
    checks: Checks.optional().meta({ description: "The servers that were checked. With `GET /readyz`." }),
  })
  .meta({
    id: "Problem",
    description: "An error in the form of RFC 9457.",
    examples: [
      {
        type: "/docs/errors/insufficient_funds",
        title: "Not enough available balance",
        status: 402,
        code: "insufficient_funds",
        detail:
          "This needs 500 cents and 120 cents are available (380 cents are held for open jobs). Top up and send it again.",
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

/** A problem as the API sends it. Further members come from the error. */
export type Problem = Pick<
  z.output<typeof Problem>,
  "type" | "title" | "status" | "code" | "detail" | "request_id" | "retryable" | "errors"
>;
