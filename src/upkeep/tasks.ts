import type { Platform } from "../core/use-cases/platform.ts";
import type { Rescued } from "../core/model/runner.ts";
import { ageing } from "./ageing.ts";
import { advanceBulkAction } from "../core/use-cases/advance-bulk-action.ts";
import { auditing } from "./auditing.ts";
import { ACTION_FORGOTTEN_MS } from "../core/model/limits.ts";
import { rescue } from "./rescue.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** Jobs that one round of unparking moves, and that one round of retention looks at. */
const BATCH = 1_000;
/** How long a job that must run alone waits for a runner that has nothing else to do. Then one makes room. */
const ALONE_PATIENCE_MS = 30_000;

type UpkeepPlatform = Pick<
  Platform,
  | "jobs"
  | "jobChanges"
  | "readyQueue"
  | "waitingJobs"
  | "runners"
  | "seals"
  | "figures"
  | "bulkActions"
  | "operatorActions"
  | "erasures"
  | "audits"
  | "jobTypeCache"
  | "inputSchemas"
  | "forgetExpired"
>;

export interface UpkeepSettings {
  /** A job that has waited this long at its priority moves up by one; 0: never. */
  readonly ageing_seconds: number;
  /** A job that ended this long ago is deleted; 0: never. */
  readonly retention_days: number;
  /** A runner without a heartbeat for this long is dead. */
  readonly lease_seconds: number;
  /** The runner of this process, which may be told to run dry for a job that must run alone. */
  readonly runner?: { readonly id: string; runDry(): void } | undefined;
  /** Returns for how long this process has been in contact with the database without a break. */
  readonly contact_ms: () => number;
  /** What sends webhooks from this process. Left out: it sends none. */
  readonly webhooks?: { round(): Promise<boolean> } | undefined;
  /** Called when jobs of dead runners were given back. */
  readonly onRescued?: (rescued: Rescued) => void;
}

/** All upkeep. Every runner does all of it; each task is safe in any number of processes at once. */
export function upkeepTasks(platform: UpkeepPlatform, settings: UpkeepSettings): readonly UpkeepTask[] {
  const { jobs, readyQueue, waitingJobs, runners, seals } = platform;
  const { ageing_seconds, retention_days, lease_seconds, runner, contact_ms, onRescued, webhooks } = settings;
  return [
    // Brings jobs that wait outside the ready queue into it.
    { name: "refill", every_ms: 1_000, runOnce: () => readyQueue.refill() },
    // Brings jobs of a job type that was resumed back into the backlog.
    { name: "unparking", every_ms: 1_000, runOnce: async () => (await waitingJobs.unpark(BATCH)) === BATCH },
    // Counts jobs that ended, for the overview and the failures. The database lets one process at a time do it.
    { name: "counting", every_ms: 1_000, canWait: true, runOnce: () => platform.figures.countEnded() },
    // Does a batch of the bulk action that has waited longest.
    { name: "bulk actions", every_ms: 1_000, canWait: true, runOnce: () => advanceBulkAction(platform) },
    // Erases a batch of a customer whose erasure was asked for.
    { name: "erasures", every_ms: 1_000, canWait: true, runOnce: () => platform.erasures.advanceNext() },
    // Puts actions of operators on the list whose process died before it answered.
    {
      name: "forgotten actions",
      every_ms: 60_000,
      canWait: true,
      async runOnce() {
        await platform.operatorActions.endForgotten(ACTION_FORGOTTEN_MS);
        return false;
      },
    },
    // Deletes expired idempotency keys, outbox events and figures.
    { name: "expiry", every_ms: 5_000, canWait: true, runOnce: () => platform.forgetExpired() },
    // Adds a link to the hash chain of each wallet that has new entries. The database lets one process at a
    // time do it.
    {
      name: "sealing",
      every_ms: 60_000,
      canWait: true,
      runOnce: fromCursor((after) => seals.sealNext(after)),
    },
    // Deletes old jobs, so that history never slows the queue or fills the disk. Ledger entries stay for
    // ever.
    {
      name: "retention",
      every_ms: 5_000,
      canWait: true,
      runOnce: fromCursor(async (after) => {
        if (retention_days === 0) return undefined;
        return (await jobs.prune({ older_days: retention_days, max: BATCH, after })).cursor;
      }),
    },
    // Sends what the endpoints of webhooks want to know.
    ...(webhooks
      ? [{ name: "webhooks", every_ms: 250, takesNoTurns: true as const, runOnce: () => webhooks.round() }]
      : []),
    // Checks every promise, and keeps the result. The database lets one process at a time do it.
    auditing(platform.audits),
    ageing(waitingJobs, ageing_seconds),
    {
      name: "running dry",
      every_ms: 5_000,
      canWait: true,
      async runOnce() {
        if (runner && (await runners.mustRunDry(runner.id, ALONE_PATIENCE_MS))) runner.runDry();
        return false;
      },
    },
    rescue({
      runners,
      lease_seconds,
      contact_ms,
      async onRescued(rescued) {
        onRescued?.(rescued);
        await readyQueue.refill();
      },
    }),
  ];
}

/**
 * Each round starts at the cursor that the one before it returned; undefined is the end, and the start of the
 * next.
 */
function fromCursor(
  round: (after: string | undefined) => Promise<string | undefined>,
): UpkeepTask["runOnce"] {
  let cursor: string | undefined;
  return async () => {
    cursor = await round(cursor);
    return cursor !== undefined;
  };
}
