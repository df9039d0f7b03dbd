import { z } from "zod";
import { findSchemaFault } from "../../../core/use-cases/input-schema.ts";
import { DEFAULT_CURRENCY } from "../../../core/model/currency.ts";
import { JOB_TYPE_DEFAULTS } from "../../../core/model/job-type.ts";
import {
  AMOUNT_CENTS_MAX,
  ATTEMPTS_MAX,
  NAME_LENGTH_MAX,
  TIMEOUT_MAX_SECONDS,
} from "../../../core/model/limits.ts";
import { findUnstorable } from "../../../core/lib/json.ts";
import { Currency, UtcTime, Id, pageOf, text } from "../../http/fields.ts";

export const MaxAttempts = z.int().min(1).max(ATTEMPTS_MAX);

/** A JSON Schema that PostgreSQL can keep and that compiles. */
const InputSchema = z
  .record(z.string(), z.unknown())
  .refine((schema) => findUnstorable(schema, "").length === 0, {
    error: ({ input }) => {
      const [fault] = findUnstorable(input, "");
      return `cannot be stored: ${fault?.pointer || "the schema"} ${fault?.message}`;
    },
    abort: true,
  })
  .refine((schema) => findSchemaFault(schema) === undefined, {
    error: ({ input }) => findSchemaFault(input) ?? "",
  })
  .nullable()
  .meta({
    description:
      "JSON Schema (draft 2020-12) that `input_data` must match. Null accepts any JSON. The API process runs it: a `pattern` with nested quantifiers, such as `(a+)+$`, can block that process.",
  });

export const CostCents = z.int().min(0).max(AMOUNT_CENTS_MAX).meta({
  description:
    "Highest price of one job, in integer minor units of the currency: its processor may charge less. A job keeps the price at its submission.",
});

const fields = {
  name: text(NAME_LENGTH_MAX, "identity"),
  processing_logic_id: z
    .string()
    .regex(/^[a-z0-9._-]{1,100}$/, "must be 1 to 100 of a-z, 0-9, dot, underscore and hyphen")
    .meta({ description: "The `id` of the processor that runs jobs of this type." }),
  standard_cost_cents: CostCents,
  currency: Currency.meta({
    description:
      "ISO 4217 code of what `standard_cost_cents` is in. A customer whose wallet is in another currency needs a price of its own, unless the standard cost is 0.",
  }),
  enabled: z.boolean().meta({ description: "Whether new jobs of this type are accepted." }),
  max_attempts: MaxAttempts.meta({ description: "How often a job is started before it fails for good." }),
  timeout_seconds: z.int().min(1).max(TIMEOUT_MAX_SECONDS).meta({
    description: "How long one attempt may run.",
  }),
  input_schema: InputSchema,
};

export const NewJobType = z
  .strictObject({
    ...fields,
    currency: fields.currency.default(DEFAULT_CURRENCY),
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
    currency: z.string(),
    enabled: z.boolean(),
    max_attempts: z.int(),
    timeout_seconds: z.int(),
    input_schema: z.unknown().meta({ type: ["object", "null"] }),
    paused_at: UtcTime.nullable().meta({
      description: "When the job type was paused: runners start none of its jobs. Null if it is not paused.",
    }),
    created_at: UtcTime,
    updated_at: UtcTime,
  })
  .meta({
    id: "JobType",
    examples: [
      {
        id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        name: "Text statistics",
        processing_logic_id: "text.statistics",
        standard_cost_cents: 5,
        currency: "EUR",
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

const JobTypePage = pageOf(JobType, "JobTypePage");

/** What a customer sees. The processor, and whether the operator paused it, are the operator's business. */
const OfferedJobType = z
  .strictObject({
    id: Id,
    name: z.string(),
    cost_cents: z
      .int()
      .meta({ description: "The most that a job costs this customer, in minor units of `currency`." }),
    currency: z.string().meta({ description: "ISO 4217 code of the wallet's currency." }),
    max_attempts: z.int(),
    timeout_seconds: z.int(),
    input_schema: z.unknown().meta({
      type: ["object", "null"],
      description: "JSON Schema that `input_data` must match. Null accepts any JSON.",
    }),
  })
  .meta({
    id: "OfferedJobType",
    examples: [
      {
        id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
        name: "Text statistics",
        cost_cents: 5,
        currency: "EUR",
        max_attempts: 3,
        timeout_seconds: 300,
        input_schema: null,
      },
    ],
  });

const OfferedJobTypePage = pageOf(OfferedJobType, "OfferedJobTypePage");

/** What a GET returns: the whole with the admin key, the offer with a customer's key. */
export const ShownJobType = z.union([JobType, OfferedJobType]).meta({ id: "ShownJobType" });
export const ShownJobTypePage = z.union([JobTypePage, OfferedJobTypePage]).meta({ id: "ShownJobTypePage" });
