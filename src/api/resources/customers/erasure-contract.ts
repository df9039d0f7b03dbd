import { z } from "zod";
import { ERASURE_STATUSES, ERASURE_WAITS } from "../../../core/model/erasure.ts";
import { OPEN_JOBS_COUNTED_MAX } from "../../../core/model/limits.ts";
import { Id, UtcTime } from "../../http/fields.ts";

const CUSTOMER_ID = "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11";

export const Erasure = z
  .strictObject({
    customer_id: Id,
    status: z.enum(ERASURE_STATUSES).meta({
      description:
        "`preview`: nothing was changed. `running`: name, address, keys and sessions are gone, and runners erase the rest. `done`: nothing is left but what the ledger needs.",
    }),
    waits_for: z.enum(ERASURE_WAITS).nullable().meta({
      description:
        "What has to happen before it goes on: older transactions must end, jobs must end, or somebody must decide about the balance. Null: nothing.",
    }),
    requested_at: UtcTime.nullable(),
    ended_at: UtcTime.nullable(),
    api_keys: z.int(),
    sessions: z.int(),
    jobs: z.int().meta({
      description: "Jobs of the customer. They stay, without their inputs, outputs, errors and logs.",
    }),
    is_capped: z.boolean().meta({ description: "Whether there are more jobs than were counted." }),
    open_jobs: z.int().meta({
      description: `Jobs that wait or run; ${OPEN_JOBS_COUNTED_MAX} at most are counted.`,
    }),
    entries: z.int().meta({ description: "Ledger entries. They stay as they are: they are sealed." }),
    entries_with_name: z.int().meta({
      description: "Those of them whose reference or reason has the customer's name or address in it.",
    }),
    balance_cents: z.int(),
    currency: z.string(),
    jobs_cancelled: z.int(),
    jobs_erased: z.int(),
    actions_erased: z.int().meta({ description: "Actions of operators whose details are gone." }),
  })
  .meta({
    id: "Erasure",
    examples: [
      {
        customer_id: CUSTOMER_ID,
        status: "running",
        waits_for: null,
        requested_at: "2026-11-27T09:12:00.5Z",
        ended_at: null,
        api_keys: 0,
        sessions: 0,
        jobs: 120_000,
        is_capped: false,
        open_jobs: 0,
        entries: 118_204,
        entries_with_name: 0,
        balance_cents: 1_250,
        currency: "EUR",
        jobs_cancelled: 12,
        jobs_erased: 40_500,
        actions_erased: 0,
      },
    ],
  });

export const NewErasure = z
  .strictObject({
    confirm: Id.meta({ description: "The id of the same customer, to show that it is meant." }),
    cancel_jobs: z.boolean().default(false).meta({
      description: "Cancel jobs that wait or run. Without it, a customer that has some is refused.",
    }),
    forfeit: z.boolean().default(false).meta({
      description:
        "Give up what is left in the wallet, by an adjustment. Without it, a customer whose balance is not 0 is refused.",
    }),
  })
  .meta({ id: "NewErasure", examples: [{ confirm: CUSTOMER_ID, cancel_jobs: true, forfeit: true }] });
