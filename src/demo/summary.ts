import type { AuditRow } from "../core/model/audit.ts";
import { PRIORITIES, type Priority } from "../core/model/job.ts";
import { checkRecord, type Check } from "./checks.ts";
import { KINDS, type Kind } from "./inputs.ts";
import {
  acceptedOf,
  allJobs,
  chargesOf,
  quantile,
  refusalsOf,
  sum,
  waitsOf,
  type DemoRecord,
} from "./record.ts";

/** The figures of a demo, as `--json` answers them. */
export interface DemoSummary {
  readonly throughput: {
    readonly jobs: number;
    /** From the first submission to the end of the last job. */
    readonly work_ms: number;
    readonly jobs_per_second: number;
  };
  /** From `created_at` to `started_at`. */
  readonly waits: readonly {
    readonly priority: Priority;
    readonly jobs: number;
    readonly median_ms: number;
    readonly p95_ms: number;
    readonly max_ms: number;
  }[];
  readonly outcomes: { readonly succeeded: number; readonly failed: number; readonly refused: number };
  readonly wallets: readonly {
    readonly customer: string;
    readonly currency: string;
    readonly topped_up_cents: number;
    readonly charged_cents: number;
    readonly held_cents: number;
    readonly balance_cents: number;
  }[];
  /** The first result of each kind, a CSV file that could not be read and a refusal. */
  readonly samples: {
    readonly results: readonly { readonly kind: Kind; readonly output: unknown }[];
    readonly failure: string | undefined;
    readonly refusal: string | undefined;
  };
  readonly audit: readonly AuditRow[];
  readonly checks: readonly Check[];
}

export function summarize(record: DemoRecord): DemoSummary {
  const jobs = allJobs(record);
  const ends = jobs.flatMap(({ completed_at }) => (completed_at === null ? [] : [Date.parse(completed_at)]));
  const work_ms = Math.max(...ends) - record.began_ms;
  return {
    throughput: { jobs: jobs.length, work_ms, jobs_per_second: Math.round((jobs.length / work_ms) * 1_000) },
    waits: PRIORITIES.map((priority) => {
      const waits = waitsOf(jobs.filter((job) => job.priority === priority));
      const [median_ms, p95_ms, max_ms] = [quantile(waits, 0.5), quantile(waits, 0.95), quantile(waits, 1)];
      return { priority, jobs: waits.length, median_ms, p95_ms, max_ms };
    }),
    outcomes: {
      succeeded: jobs.filter(({ status }) => status === "succeeded").length,
      failed: jobs.filter(({ status }) => status === "failed").length,
      refused: record.customers.flatMap(refusalsOf).length,
    },
    wallets: record.customers.map((customer) => ({
      customer: customer.planned.name,
      currency: customer.wallet.currency,
      topped_up_cents: sum(
        customer.entries.filter(({ kind }) => kind === "top_up").map(({ amount_cents }) => amount_cents),
      ),
      charged_cents: -sum(chargesOf(customer).map(({ amount_cents }) => amount_cents)),
      held_cents: customer.wallet.pending_charges_cents,
      balance_cents: customer.wallet.current_balance_cents,
    })),
    samples: takeSamples(record),
    audit: record.audit,
    checks: checkRecord(record),
  };
}

function takeSamples({ customers }: DemoRecord): DemoSummary["samples"] {
  const accepted = customers.flatMap(acceptedOf);
  const error = accepted.find(({ planned, job }) => planned.kind === "csv" && job?.error)?.job?.error;
  return {
    results: KINDS.flatMap((kind) => {
      const job = accepted.find(
        ({ planned, job: it }) => planned.kind === kind && it?.status === "succeeded",
      )?.job;
      return job ? [{ kind, output: job.output_data }] : [];
    }),
    failure: error ? `${error.code}: ${error.message}` : undefined,
    refusal: customers.flatMap(refusalsOf)[0]?.detail,
  };
}
