import { databaseClock } from "../lib/database-clock.ts";
import type { LastAudit } from "../model/audit.ts";
import type { JobTypeLoad, Range, Span, WalletSums } from "../model/figures.ts";
import { RANGES } from "../model/figures.ts";
import type { Priority } from "../model/job.ts";
import type { QueueOverview } from "../model/waiting-jobs.ts";
import { findAttention, type AttentionItem } from "./find-attention.ts";
import type { Platform } from "./platform.ts";
import { readQueue, type QueueState } from "./read-queue.ts";

/** The document of `GET /overview`. */
export interface Overview {
  readonly checked_at: string;
  readonly attention: readonly AttentionItem[];
  readonly now: {
    readonly paused_at: string | null;
    readonly priorities: readonly (QueueOverview & { readonly running: number })[];
    readonly job_types: readonly JobTypeLoad[];
    readonly runners: number;
    readonly slots: number;
    readonly slots_used: number;
    readonly wallets: readonly WalletSums[];
    readonly ready_queue_status: QueueState["ready_queue_status"];
    readonly uncounted_seconds: number;
    readonly audit: Pick<LastAudit, "status" | "checked_at">;
  };
  readonly range: Range;
  readonly span_seconds: number;
  readonly whole: Omit<Span, "starts_at">;
  readonly spans: readonly Span[];
}

/** What an operator looks at first: what needs attention, how things stand, and what happened. */
export async function readOverview(platform: Platform, range: Range): Promise<Overview> {
  const { figures, failures, runners, audits, webhookEndpoints } = platform;
  const checked_at = new Date(databaseClock.now()).toISOString();
  const [
    queue,
    living,
    running,
    jobTypes,
    wallets,
    uncounted_seconds,
    rising,
    audit,
    history,
    failing_endpoints,
  ] = await Promise.all([
    readQueue(platform),
    runners.list(),
    figures.running(),
    figures.jobTypes(),
    figures.wallets(),
    figures.lag_seconds(),
    failures.rising(),
    audits.last(),
    figures.history(range),
    webhookEndpoints.countFailing(),
  ]);
  const runningOf = (priority: Priority): number =>
    running.find((row) => row.priority === priority)?.running ?? 0;
  return {
    checked_at,
    attention: findAttention({
      queue,
      audit,
      runners: living.length,
      uncounted_seconds,
      rising,
      failing_endpoints,
    }),
    now: {
      paused_at: queue.paused_at,
      priorities: queue.priorities.map((row) => ({ ...row, running: runningOf(row.priority) })),
      job_types: jobTypes,
      runners: living.length,
      slots: living.reduce((sum, runner) => sum + runner.slots, 0),
      slots_used: running.reduce((sum, row) => sum + row.running, 0),
      wallets,
      ready_queue_status: queue.ready_queue_status,
      uncounted_seconds,
      audit: { status: audit.status, checked_at: audit.checked_at },
    },
    range,
    span_seconds: RANGES[range].span_seconds,
    ...history,
  };
}
