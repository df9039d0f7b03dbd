import type { QueueOverview, UnservedJobType } from "../model/waiting-jobs.ts";
import type { Platform } from "./platform.ts";

/** The document of `GET /queue`. */
export interface QueueState {
  readonly paused_at: string | null;
  readonly priorities: QueueOverview[];
  readonly unserved: UnservedJobType[];
  readonly ready_queue: NonNullable<Lengths> | null;
  readonly ready_queue_status: "ok" | "unavailable" | "not_used";
}

type Lengths = Awaited<ReturnType<Platform["readyQueue"]["lengths"]>>;

/** While Redis cannot be used, an operator needs to see the backlog: that must not hide it. */
export async function readQueue({ waitingJobs, readyQueue }: Platform): Promise<QueueState> {
  const [paused_at, priorities, unserved, ready] = await Promise.all([
    waitingJobs.pausedAt(),
    waitingJobs.overview(),
    waitingJobs.unserved(),
    readyQueue.lengths().then(
      (lengths) => ({ lengths, status: lengths ? ("ok" as const) : ("not_used" as const) }),
      () => ({ lengths: undefined, status: "unavailable" as const }),
    ),
  ]);
  return {
    paused_at,
    priorities,
    unserved,
    ready_queue: ready.lengths ?? null,
    ready_queue_status: ready.status,
  };
}
