import { Worker } from "node:worker_threads";
import type { ClientConfig } from "pg";
import { CONNECT_TIMEOUT_MS, HEARTBEAT_MS, SILENT_LOOP_MS } from "../../core/model/limits.ts";
import type { Heartbeat, Pulse } from "../../core/model/runner.ts";
import { connectionConfig } from "../connection/pool.ts";

/** How often the main loop shows its thread that it is not blocked. */
const SHOW_LOOP_MS = 1_000;
/** A beat without a reply for so long, a small part of the lease, is worth a new connection. */
const REPLY_TIMEOUT_MS = 3_000;
const LIMITS = {
  statement_ms: REPLY_TIMEOUT_MS,
  lock_ms: REPLY_TIMEOUT_MS,
  connect_ms: CONNECT_TIMEOUT_MS,
};

/** What the thread starts with. */
export interface ThreadData {
  /** Without functions, which reach no thread. */
  readonly connection: Omit<ClientConfig, "types">;
  readonly heartbeat_ms: number;
  readonly silent_loop_ms: number;
}

/** Each message shows that the main loop is not blocked. With an id, it names the runner to beat for. */
export interface ToThread {
  readonly runner_id?: string;
}

/** What the thread reports: the pulse of a runner. */
export interface Beat extends Pulse {
  readonly runner_id: string;
}

/**
 * A heartbeat from a worker thread with a connection of its own: a flood of submissions cannot take that
 * connection, and a processor that computes for seconds cannot delay the beat.
 */
export function createHeartbeat(databaseUrl: string): Heartbeat {
  let thread: Worker | undefined;
  let shows: NodeJS.Timeout | undefined;
  let runner: { id: string; onPulse: (pulse: Pulse) => void } | undefined;

  function startThread(): Worker {
    const { types: _, ...connection } = connectionConfig(databaseUrl, "iep heartbeat", LIMITS);
    const worker = new Worker(new URL("./heartbeat-thread.mjs", import.meta.url), {
      workerData: {
        connection: { ...connection, query_timeout: REPLY_TIMEOUT_MS },
        heartbeat_ms: HEARTBEAT_MS,
        silent_loop_ms: SILENT_LOOP_MS,
      } satisfies ThreadData,
      // It needs no TypeScript, whatever the process was started with.
      execArgv: [],
    });
    worker.on("message", (beat: Beat) => {
      // A pulse of a registration that has been given up meanwhile says nothing.
      if (runner && beat.runner_id === runner.id) runner.onPulse(beat);
    });
    worker.on("error", (error) => {
      throw new Error("the heartbeat thread failed", { cause: error });
    });
    shows = setInterval(() => worker.postMessage({} satisfies ToThread), SHOW_LOOP_MS);
    return worker;
  }

  return {
    start(runner_id, onPulse) {
      runner = { id: runner_id, onPulse };
      thread ??= startThread();
      thread.postMessage({ runner_id } satisfies ToThread);
    },
    async stop() {
      runner = undefined;
      clearInterval(shows);
      await thread?.terminate();
      thread = undefined;
    },
  };
}
