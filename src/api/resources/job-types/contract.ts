import { z } from "zod";
import { findSchemaFault } from "../../../core/use-cases/input-schema.ts";
import {
  JOB_TYPE_DEFAULTS,
  MAX_ATTEMPTS_LIMIT,
  TIMEOUT_SECONDS_LIMIT,
} from "../../../core/model/job-type.ts";
import { findUnstorable } from "../../../core/lib/json.ts";
import { AMOUNT_CENTS_MAX } from "../../../core/model/wallet.ts";
import { AnsweredTime, Id, Limit, PAGE_LIMIT_DEFAULT, pageOf, SeqCursor, text } from "../../http/fields.ts";

const NAME_LENGTH_MAX = 200;

export const MaxAttempts = z.int().min(1).max(MAX_ATTEMPTS_LIMIT);

/** A JSON Schema that PostgreSQL can keep and that compiles. */
const InputSchema = z
  .record(z.string(), z.unknown())
  .refine((schema) => findUnstorable(schema, "").length === 0, {
    error: ({ input }) => {
      const [fault] = findUnstorable(input, "");
      return `cannot be stored: ${fault?.pointer || "it"} ${fault?.message}`;
    },
    abort: true,
  })
  .refine((schema) => findSchemaFault(schema) === undefined, {
    error: ({ input }) => findSchemaFault(input) ?? "",
  })
  .nullable()
  .meta({
    description:
      "JSON Schema (draft 2020-12) that `input_data` must match; null takes any JSON. It runs in the API process: a `pattern` with nested quantifiers, such as `(a+)+$`, can be made to stall it.",
  });

const fields = {
  name: text(NAME_LENGTH_MAX),
  processing_logic_id: z
    .string()
    .regex(/^[a-z0-9._-]{1,100}$/, "must be 1 to 100 of a-z, 0-9, dot, underscore and hyphen")
    .meta({ description: "The `id` of the processor that runs it." }),
  standard_cost_cents: z.int().min(0).max(AMOUNT_CENTS_MAX).meta({
    description: "Quoted to a job when it is submitted. A change never hits a job already accepted.",
  }),
  enabled: z.boolean(),
  max_attempts: MaxAttempts,
  timeout_seconds: z.int().min(1).max(TIMEOUT_SECONDS_LIMIT),
  input_schema: InputSchema,
};

export const NewJobType = z
  .strictObject({
    ...fields,
    enabled: fields.enabled.default(true),
    max_attempts: fields.max_attempts.default(JOB_TYPE_DEFAULTS.max_attempts),
    timeout_seconds: fields.timeout_seconds.default(JOB_TYPE_DEFAULTS.timeout_seconds),
    input_schema: fields.input_schema.optional(),
  })
  .meta({
    id: "NewJobType",
    examples: [
      { name: "Text statistics", processing_logic_id: "text.statistics", standard_cost_cents: 5 },
      {
        name: "Simulated work",
        processing_logic_id: "simulate",
        standard_cost_cents: 20,
        input_schema: { type: "object", properties: { duration_ms: { type: "integer", minimum: 0 } } },
      },
    ],
  });

export const JobTypeChanges = z
  .strictObject(fields)
  .partial()
  .meta({ id: "JobTypeChanges", examples: [{ standard_cost_cents: 7 }, { enabled: false }] });

export const JobType = z
  .strictObject({
    id: Id,
    name: z.string(),
    processing_logic_id: z.string(),
    standard_cost_cents: z.int(),
    enabled: z.boolean(),
    max_attempts: z.int(),
    timeout_seconds: z.int(),
    input_schema: z.unknown().meta({ type: ["object", "null"] }),
    paused_at: AnsweredTime.nullable().meta({
      description: "Since when its jobs wait without being started; null when they are not held back.",
    }),
    created_at: AnsweredTime,
    updated_at: AnsweredTime,
  })
  .meta({
    id: "JobType",
    examples: [
      {
        id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        name: "Text statistics",
        processing_logic_id: "text.statistics",
        standard_cost_cents: 5,
        enabled: true,
        max_attempts: 3,
        timeout_seconds: 300,
        input_schema: null,
        paused_at: null,
        created_at: "2026-11-23T21:06:00.2Z",
        updated_at: "2026-11-23T21:06:00.2Z",
      },
    ],
  });

export const PriceParams = z.strictObject({ id: Id, customer_id: Id });

export const NewCustomerPrice = z
  .strictObject({ cost_cents: fields.standard_cost_cents })
  .meta({ id: "NewCustomerPrice", examples: [{ cost_cents: 4 }] });

export const CustomerPrice = z
  .strictObject({ customer_id: Id, job_type_id: Id, cost_cents: z.int(), updated_at: AnsweredTime })
  .meta({ id: "CustomerPrice" });

const PriceChange = z
  .strictObject({
    job_type_id: Id,
    customer_id: Id.nullable().meta({ description: "Null: the standard cost." }),
    cost_cents: z
      .int()
      .nullable()
      .meta({ description: "Null: from then on the customer pays the standard cost again." }),
    valid_from: AnsweredTime,
  })
  .meta({ id: "PriceChange" });

export const PriceHistoryPage = pageOf(PriceChange, "PriceHistoryPage");

export const PriceHistoryQuery = z.strictObject({
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: SeqCursor.optional(),
});

export const JobTypePage = pageOf(JobType, "JobTypePage");
