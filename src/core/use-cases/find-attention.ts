import { databaseClock } from "../lib/database-clock.ts";
import type { LastAudit } from "../model/audit.ts";
import type { RisingFailure } from "../model/failure.ts";
import type { Priority } from "../model/job.ts";
import {
  AUDIT_AGE_MAX_MS,
  UNCOUNTED_SECONDS_MAX,
  WAIT_TARGET_HIGH_SECONDS,
  WAIT_TARGET_LOW_SECONDS,
  WAIT_TARGET_MEDIUM_SECONDS,
} from "../model/limits.ts";
import type { QueueState } from "./read-queue.ts";

export const ATTENTION_KINDS = [
  "audit_broken",
  "redis_away",
  "no_runner",
  "job_type_without_runner",
  "queue_paused",
  "oldest_wait",
  "upkeep_behind",
  "audit_late",
  "new_failure",
  "rising_failure",
  "webhooks_failing",
] as const;

/** One thing that an operator should look at. */
export interface AttentionItem {
  readonly kind: (typeof ATTENTION_KINDS)[number];
  /** `bad`: something is broken. `warn`: jobs wait or fail. */
  readonly severity: "bad" | "warn";
  readonly says: string;
  /** What it is about: the id of a job type, a fingerprint, or a priority. Null: the platform. */
  readonly subject: string | null;
}

interface Findings {
  readonly queue: QueueState;
  readonly audit: LastAudit;
  readonly runners: number;
  readonly uncounted_seconds: number;
  readonly rising: readonly RisingFailure[];
  /** Endpoints that are paused because they fail, or were disabled for it. */
  readonly failing_endpoints: number;
}

const TARGET_SECONDS: Readonly<Record<Priority, number>> = {
  0: WAIT_TARGET_HIGH_SECONDS,
  1: WAIT_TARGET_MEDIUM_SECONDS,
  2: WAIT_TARGET_LOW_SECONDS,
};

/** Returns what needs attention, the worst first; nothing when all is clear. */
export function findAttention({
  queue,
  audit,
  runners,
  uncounted_seconds,
  rising,
  failing_endpoints,
}: Findings): AttentionItem[] {
  const items = [
    ...ofAudit(audit),
    ...ofQueue(queue),
    ...(runners === 0 ? [item("no_runner", "bad", "No runner is alive: no job starts.")] : []),
    ...(uncounted_seconds > UNCOUNTED_SECONDS_MAX
      ? [
          item(
            "upkeep_behind",
            "warn",
            `Upkeep is behind: jobs that ended ${Math.round(uncounted_seconds)} s ago are not counted yet.`,
          ),
        ]
      : []),
    ...rising.map(ofFailure),
    ...(failing_endpoints > 0
      ? [
          item(
            "webhooks_failing",
            "warn",
            `${failing_endpoints} webhook ${failing_endpoints === 1 ? "endpoint fails" : "endpoints fail"}: nothing can be delivered there.`,
          ),
        ]
      : []),
  ];
  const isBad = ({ severity }: AttentionItem): boolean => severity === "bad";
  return [...items.filter(isBad), ...items.filter((one) => !isBad(one))];
}

function ofQueue({ paused_at, priorities, unserved, ready_queue_status }: QueueState): AttentionItem[] {
  const late = priorities.filter(
    ({ priority, oldest_wait_seconds }) => (oldest_wait_seconds ?? 0) > TARGET_SECONDS[priority],
  );
  return [
    ...(ready_queue_status === "unavailable"
      ? [item("redis_away", "bad", "Redis cannot be used: runners take jobs from PostgreSQL, more slowly.")]
      : []),
    ...unserved.map(({ job_type_id, name, waiting, processing_logic_id }) =>
      item(
        "job_type_without_runner",
        "bad",
        `${jobCount(waiting)} of ${name} ${waiting === 1 ? "waits" : "wait"}, and no living runner serves ${processing_logic_id}.`,
        job_type_id,
      ),
    ),
    ...(paused_at === null ? [] : [item("queue_paused", "warn", `The queue is paused since ${paused_at}.`)]),
    ...late.map(({ priority, oldest_wait_seconds }) =>
      item(
        "oldest_wait",
        "warn",
        `The oldest job of priority ${priority} has waited ${Math.round(oldest_wait_seconds ?? 0)} s; the target is ${TARGET_SECONDS[priority]} s.`,
        String(priority),
      ),
    ),
  ];
}

function ofAudit({ status, checked_at, promises }: LastAudit): AttentionItem[] {
  const broken = promises.filter((row) => row.broken > 0);
  const isLate = checked_at !== null && databaseClock.now() - Date.parse(checked_at) > AUDIT_AGE_MAX_MS;
  return [
    ...(status === "broken"
      ? [
          item(
            "audit_broken",
            "bad",
            `The audit of ${checked_at} found broken promises: ${broken.map(({ promise }) => promise).join(", ")}.`,
          ),
        ]
      : []),
    ...(isLate ? [item("audit_late", "warn", `The last audit was at ${checked_at}.`)] : []),
  ];
}

function ofFailure({ isNew, typeName, code, pattern, jobs, fingerprint }: RisingFailure): AttentionItem {
  const what = `${typeName} fails with ${code}: ${pattern}`;
  return isNew
    ? item("new_failure", "warn", `New within the hour: ${what} (${jobCount(jobs)} in 15 min).`, fingerprint)
    : item(
        "rising_failure",
        "warn",
        `More often than before: ${what} (${jobCount(jobs)} in 15 min).`,
        fingerprint,
      );
}

function jobCount(jobs: number): string {
  return jobs === 1 ? "1 job" : `${jobs} jobs`;
}

function item(
  kind: AttentionItem["kind"],
  severity: AttentionItem["severity"],
  says: string,
  subject: string | null = null,
): AttentionItem {
  return { kind, severity, says, subject };
}
