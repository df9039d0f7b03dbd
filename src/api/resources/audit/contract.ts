import { z } from "zod";
import { UtcTime } from "../../http/fields.ts";

export const Audit = z
  .strictObject({
    status: z.enum(["clean", "broken"]).nullable().meta({
      description: "Whether all promises held. Null: there was no audit yet.",
    }),
    checked_at: UtcTime.nullable().meta({ description: "When the last audit began." }),
    took_ms: z.int().nullable(),
    requested_at: UtcTime.nullable().meta({
      description: "Since when another audit is wanted. Null when it was done, or none is.",
    }),
    promises: z
      .array(
        z.strictObject({
          promise: z.string(),
          says: z.string(),
          broken: z.int().meta({ description: "How many rows break it." }),
          example: z.string().nullable().meta({ description: "One that breaks it." }),
        }),
      )
      .readonly(),
  })
  .meta({
    id: "Audit",
    examples: [
      {
        status: "clean",
        checked_at: "2026-11-23T21:00:00.1Z",
        took_ms: 2610,
        requested_at: null,
        promises: [
          {
            promise: "balance_is_sum_of_entries",
            says: "P6: every balance is the sum of its ledger entries",
            broken: 0,
            example: null,
          },
        ],
      },
    ],
  });
