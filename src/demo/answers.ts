import { z } from "zod";
import { JOB_STATUSES, PRIORITIES } from "../core/model/job.ts";

// What the demo reads of the answers, and no more: written from the contract, not from the API's own schemas,
// as any other user's would be.

export const CreatedAnswer = z.object({ id: z.string() });
export const KeyAnswer = z.object({ api_key: z.string() });

const RefusalAnswer = z.object({ code: z.string(), detail: z.string() });
export type RefusalAnswer = z.output<typeof RefusalAnswer>;

export const BatchAnswer = z.object({
  results: z.array(
    z.union([
      z.object({ status: z.literal(201), job: CreatedAnswer }),
      z.object({ status: z.int(), problem: RefusalAnswer }),
    ]),
  ),
});

export const JobAnswer = z.object({
  id: z.string(),
  status: z.enum(JOB_STATUSES),
  priority: z.literal(PRIORITIES),
  output_data: z.unknown(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  cost_cents: z.int().nullable(),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  completed_at: z.iso.datetime().nullable(),
});
export type JobAnswer = z.output<typeof JobAnswer>;

export const WalletAnswer = z.object({
  currency: z.string(),
  current_balance_cents: z.int(),
  pending_charges_cents: z.int(),
});
export type WalletAnswer = z.output<typeof WalletAnswer>;

export const EntryAnswer = z.object({
  kind: z.string(),
  amount_cents: z.int(),
  job_id: z.string().nullable(),
});
export type EntryAnswer = z.output<typeof EntryAnswer>;

/** Of `GET /jobs?status=running`: how many is all that counts. */
export const RunningAnswer = z.object({ data: z.array(CreatedAnswer) });

export const QueueAnswer = z.object({
  priorities: z.array(
    z.object({
      priority: z.literal(PRIORITIES),
      ready: z.int(),
      backlog: z.int(),
      scheduled: z.int(),
    }),
  ),
});
