import { Worker } from "node:worker_threads";
import { HEARTBEAT_MS, SILENT_LOOP_MS, type Heartbeat, type Pulse } from "../../core/model/runner.ts";
import { CONNECT_TIMEOUT_MS } from "../connection/pool.ts";

/** How often the main event loop shows the thread that it is not blocked. */
const SIGN_OF_LIFE_MS = 1_000;

interface Beat extends Pulse {
  readonly runner_id: string;
}

/**
 * Heartbeats from a worker thread with one connection of its own: a flood of submissions cannot take that
 * connection, and a processor that computes for seconds cannot delay the thread.
 */
export function createHeartbeat(databaseUrl: string): Heartbeat {
  let thread: Worker | undefined;
  let signsOfLife: NodeJS.Timeout | undefined;
  let runner: { id: string; onPulse: (pulse: Pulse) => void } | undefined;

  function startThread(): Worker {
    const worker = new Worker(new URL("./heartbeat-thread.mjs", import.meta.url), {
      workerData: {
        url: databaseUrl,
        heartbeat_ms: HEARTBEAT_MS,
        silent_loop_ms: SILENT_LOOP_MS,
        connect_timeout_ms: CONNECT_TIMEOUT_MS,
      },
      // The thread is plain JavaScript, so it needs no loader, whatever this process was started with.
      execArgv: [],
    });
    worker.on("message", (beat: Beat) => {
      // An answer for an id that has been given up meanwhile is ignored.
      if (runner && beat.runner_id === runner.id) runner.onPulse(beat);
    });
    worker.on("error", (error) => {
      throw new Error("the heartbeat thread failed", { cause: error });
    });
    signsOfLife = setInterval(() => worker.postMessage({ alive: true }), SIGN_OF_LIFE_MS);
    return worker;
  }

  return {
    start(runner_id, onPulse) {
      runner = { id: runner_id, onPulse };
      thread ??= startThread();
      thread.postMessage({ runner_id });
    },
    async stop() {
      runner = undefined;
      clearInterval(signsOfLife);
      await thread?.terminate();
      thread = undefined;
    },
  };
}
