import { z } from "zod";
import { RANGES, type Range } from "../../../core/model/figures.ts";
import { ATTENTION_KINDS } from "../../../core/use-cases/find-attention.ts";
import { Id, UtcTime } from "../../http/fields.ts";
import { Priority } from "../jobs/contract.ts";

// The keys of an object are its own names, and these are of a constant.
const RANGE_NAMES = Object.keys(RANGES) as Range[];

const count = (description: string) => z.int().min(0).meta({ description });
const cents = (description: string) => z.int().meta({ description });
const seconds = z.number().nullable();

const Percentiles = z.strictObject({ p50: seconds, p95: seconds, p99: seconds });

const happened = {
  ended: z
    .strictObject({ succeeded: z.int(), failed: z.int(), cancelled: z.int() })
    .meta({ description: "Jobs that ended, by how." }),
  wait_seconds: Percentiles.meta({
    description:
      "From `run_at` to the start of the last attempt, of jobs that succeeded or failed. Too high by 19 % at most. Null if there were none.",
  }),
  run_seconds: Percentiles.meta({ description: "The last attempt of the same jobs." }),
  money: z
    .array(
      z.strictObject({
        currency: z.string(),
        charged_cents: cents("Charges of jobs that succeeded."),
        refunded_cents: z.int(),
        topped_up_cents: z.int(),
      }),
    )
    .readonly()
    .meta({ description: "By currency." }),
};

const Span = z.strictObject({ starts_at: UtcTime, ...happened });

const EXAMPLE_HAPPENED = {
  ended: { succeeded: 1204, failed: 12, cancelled: 1 },
  wait_seconds: { p50: 0.045, p95: 0.362, p99: 1.218 },
  run_seconds: { p50: 0.091, p95: 0.431, p99: 0.861 },
  money: [{ currency: "EUR", charged_cents: 6020, refunded_cents: 0, topped_up_cents: 5000 }],
};

export const Overview = z
  .strictObject({
    checked_at: UtcTime,
    attention: z
      .array(
        z.strictObject({
          kind: z.enum(ATTENTION_KINDS),
          severity: z.enum(["bad", "warn"]),
          says: z.string().meta({ description: "One sentence for people." }),
          subject: z.string().nullable().meta({
            description:
              "What it is about: the id of a job type, a fingerprint, or a priority. Null: the platform.",
          }),
        }),
      )
      .readonly()
      .meta({ description: "What needs attention, the worst first. Empty: all is clear." }),
    now: z.strictObject({
      paused_at: UtcTime.nullable().meta({ description: "When the whole queue was paused." }),
      priorities: z
        .array(
          z.strictObject({
            priority: Priority,
            ready: count("Due jobs in the ready queue."),
            backlog: count("Due jobs that wait for room in the ready queue."),
            scheduled: count("Jobs that wait for their `run_at`."),
            parked: count("Jobs that wait because their job type is paused."),
            oldest_wait_seconds: seconds,
            running: count("Jobs that run."),
          }),
        )
        .readonly(),
      job_types: z
        .array(
          z.strictObject({
            job_type_id: Id,
            name: z.string(),
            waiting: count("Its due jobs that wait for a slot."),
            oldest_wait_seconds: seconds.meta({
              description: "How long the oldest of them has waited at its priority.",
            }),
            running: count("Its jobs that run."),
            paused_at: UtcTime.nullable(),
            served: z.boolean().meta({ description: "Whether a living runner serves it." }),
          }),
        )
        .readonly()
        .meta({ description: "Job types that have waiting or running jobs, or are paused. At most 100." }),
      runners: count("Living runners."),
      slots: count("Jobs that they may run at the same time."),
      slots_used: count("Jobs that run."),
      wallets: z
        .array(
          z.strictObject({
            currency: z.string(),
            wallets: z.int(),
            held_cents: cents("Held for jobs that have not ended."),
            liability_cents: cents("What customers have paid and not used up: balances above zero."),
            receivable_cents: cents("What customers owe: balances below zero."),
          }),
        )
        .readonly()
        .meta({ description: "The sums of all wallets, by currency." }),
      ready_queue_status: z.enum(["ok", "unavailable", "not_used"]),
      uncounted_seconds: z.number().meta({
        description: "For how long the oldest job that ended has not been counted below. 0 if all are.",
      }),
      audit: z
        .strictObject({ status: z.enum(["clean", "broken"]).nullable(), checked_at: UtcTime.nullable() })
        .meta({ description: "The last audit: see `GET /audit`." }),
    }),
    range: z.enum(RANGE_NAMES),
    span_seconds: z.int(),
    whole: z.strictObject(happened).meta({ description: "The spans together." }),
    spans: z
      .array(Span)
      .readonly()
      .meta({ description: "Oldest first. The last one goes on: it begins with this minute or hour." }),
  })
  .meta({
    id: "Overview",
    examples: [
      {
        checked_at: "2026-11-23T21:07:13.1Z",
        attention: [],
        now: {
          paused_at: null,
          priorities: [
            {
              priority: 1,
              ready: 5000,
              backlog: 1240,
              scheduled: 3,
              parked: 12,
              oldest_wait_seconds: 4.21,
              running: 32,
            },
          ],
          job_types: [
            {
              job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
              name: "Text statistics",
              waiting: 6240,
              oldest_wait_seconds: 4.21,
              running: 32,
              paused_at: null,
              served: true,
            },
          ],
          runners: 1,
          slots: 32,
          slots_used: 32,
          wallets: [
            { currency: "EUR", wallets: 3, held_cents: 31360, liability_cents: 90210, receivable_cents: 0 },
          ],
          ready_queue_status: "ok",
          uncounted_seconds: 0.4,
          audit: { status: "clean", checked_at: "2026-11-23T21:00:00.1Z" },
        },
        range: "15m",
        span_seconds: 60,
        whole: EXAMPLE_HAPPENED,
        spans: [{ starts_at: "2026-11-23T21:07:00Z", ...EXAMPLE_HAPPENED }],
      },
    ],
  });

export const OverviewQuery = z.strictObject({
  range: z.enum(RANGE_NAMES).default("1h").meta({
    description: "What to look back on: by minute for `15m` and `1h`, by hour for `24h` and `7d`.",
  }),
});
