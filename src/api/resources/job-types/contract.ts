import { z } from "zod";
import { DEFAULT_CURRENCY } from "../../../core/model/currency.ts";
import { JOB_TYPE_DEFAULTS } from "../../../core/model/job-type.ts";
import {
  AMOUNT_CENTS_MAX,
  CHECK_MAX_MS,
  ATTEMPTS_MAX,
  NAME_LENGTH_MAX,
  TIMEOUT_MAX_SECONDS,
} from "../../../core/model/limits.ts";
import { FORMAT_NAMES } from "../../../core/lib/json-schema/formats.ts";
import { findUnstorable } from "../../../core/lib/json.ts";
import { RunningLimit } from "../customers/contract.ts";
import { Currency, UtcTime, Id, pageOf, text } from "../../http/fields.ts";

export const MaxAttempts = z.int().min(1).max(ATTEMPTS_MAX);

/** An object that PostgreSQL can keep. That it is a JSON Schema is checked by the route. */
const InputSchema = z
  .record(z.string(), z.unknown())
  .refine((schema) => findUnstorable(schema, "").length === 0, {
    error: ({ input }) => {
      const [fault] = findUnstorable(input, "");
      return `cannot be stored: ${fault?.pointer || "the schema"} ${fault?.message}`;
    },
  })
  .nullable()
  .meta({
    description: `JSON Schema, draft 2020-12, that \`input_data\` must match. Null: the schema of the processor holds (\`processor_input_schema\`); \`{}\` accepts any JSON. \`format\` is checked for ${FORMAT_NAMES.join(", ")}. References lead within the schema or to the dialect's own documents: others are never fetched. A check that takes long, as one with a \`pattern\` that backtracks, is ended after ${CHECK_MAX_MS} ms and the input refused.`,
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
  running_limit: RunningLimit,
};

export const NewJobType = z
  .strictObject({
    ...fields,
    currency: fields.currency.default(DEFAULT_CURRENCY),
    enabled: fields.enabled.default(true),
    max_attempts: fields.max_attempts.default(JOB_TYPE_DEFAULTS.max_attempts),
    timeout_seconds: fields.timeout_seconds.default(JOB_TYPE_DEFAULTS.timeout_seconds),
    input_schema: fields.input_schema.optional(),
    running_limit: fields.running_limit.optional(),
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
    processor_input_schema: z.unknown().meta({
      type: ["object", "null"],
      description:
        "JSON Schema of what the processor takes, as the runner that started last registered it. It holds while `input_schema` is null. Null: the processor takes any JSON, or no runner has registered it.",
    }),
    paused_at: UtcTime.nullable().meta({
      description: "When the job type was paused: runners start none of its jobs. Null if it is not paused.",
    }),
    running_limit: RunningLimit,
    served: z.boolean().meta({
      description:
        "Whether a living runner serves it: has its processor, and is not restricted to other types. Jobs of a type that nobody serves wait, and cost nothing.",
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
        processor_input_schema: {
          type: "object",
          properties: { text: { type: "string", maxLength: 1_000_000 } },
          required: ["text"],
          additionalProperties: false,
        },
        paused_at: null,
        running_limit: null,
        served: true,
        created_at: "2026-11-23T21:06:00.2Z",
        updated_at: "2026-11-23T21:06:00.2Z",
      },
    ],
  });

const JobTypePage = pageOf(JobType, "JobTypePage");

const OFFER_EXAMPLE = {
  id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
  name: "Text statistics",
  cost_cents: 5,
  currency: "EUR",
  max_attempts: 3,
  timeout_seconds: 300,
  input_schema: null,
};

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
    examples: [OFFER_EXAMPLE],
  });

const OfferedJobTypePage = pageOf(OfferedJobType, "OfferedJobTypePage");

/** What a GET returns: the whole with the admin key, the offer with a customer's key. */
export const ShownJobType = z
  .union([JobType, OfferedJobType])
  .meta({ id: "ShownJobType", examples: [OFFER_EXAMPLE] });
export const ShownJobTypePage = z
  .union([JobTypePage, OfferedJobTypePage])
  .meta({ id: "ShownJobTypePage", examples: [{ data: [OFFER_EXAMPLE], next_cursor: null }] });
