import type { Priority } from "./job.ts";
import type { QueueOverview } from "./waiting-jobs.ts";

/** How the queue stands, over all processes. */
export interface QueueFigures {
  readonly priorities: readonly QueueOverview[];
  readonly queue_paused: boolean;
  /** Due jobs that no living runner serves. */
  readonly unserved: number;
  readonly running: number;
  /** Those that were heard of in the last seconds. */
  readonly runners: number;
  /** Jobs that they may run at the same time. */
  readonly slots: number;
  /** Age of the oldest transaction that this role sees; 0 when there is none. */
  readonly oldest_transaction_seconds: number;
  readonly size_bytes: number;
  /** For how long the oldest webhook delivery is overdue whose endpoint takes some; 0 when none is. */
  readonly webhook_backlog_seconds: number;
}

/** The wallets of one currency, added up. */
export interface MoneyFigures {
  readonly currency: string;
  readonly balance_cents: number;
  readonly held_cents: number;
  /** Charged in this month, in UTC. */
  readonly charged_cents: number;
  readonly wallets: number;
  readonly frozen: number;
  /** Below their threshold of a low balance. */
  readonly low: number;
}

/** How long an attempt waited from the moment that its job was due. */
export interface MeasuredWait {
  readonly priority: Priority;
  readonly waited_seconds: number;
}

/** Figures over all processes, for metrics. Reading them costs the database little. */
export interface GaugeRepository {
  queue(): Promise<QueueFigures>;
  money(): Promise<MoneyFigures[]>;
  /** Leaves out attempts whose job has moved on since. */
  waits(attempts: readonly { readonly id: string; readonly attempt: number }[]): Promise<MeasuredWait[]>;
}
