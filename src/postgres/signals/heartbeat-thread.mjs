// The thread behind heartbeat.ts. Plain JavaScript: a worker thread inherits no TypeScript loader, and this
// one must start at once and need nothing.
import { parentPort, workerData } from "node:worker_threads";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";

/** @import { Beat, ThreadData, ToThread } from "./heartbeat.ts" */

if (!parentPort) throw new Error("heartbeat-thread.mjs runs as a worker thread only");
const main = parentPort;
/** @type {ThreadData} */
const { connection, heartbeat_ms, silent_loop_ms } = workerData;
const RECONNECT_MS = 500;

/** @type {string | undefined} */
let runner_id;
/** When the main loop was last seen. */
let loop_seen_at = performance.now();
/** @type {Client | undefined} */
let client;

main.on("message", (/** @type {ToThread} */ message) => {
  loop_seen_at = performance.now();
  if (message.runner_id !== undefined) {
    runner_id = message.runner_id;
    told = [];
  }
});

/**
 * Cancelled jobs that the main thread has been told of: acknowledged with the next beat.
 * @type {readonly string[]}
 */
let told = [];

for (;;) {
  const delay_ms = await sendBeat();
  await pause(delay_ms);
}

async function sendBeat() {
  if (runner_id === undefined || performance.now() - loop_seen_at > silent_loop_ms) return heartbeat_ms;
  const id = runner_id;
  try {
    client ??= await connect();
    /** @type {import("pg").QueryResult<Omit<Beat, "runner_id">>} */
    // Not prepared by name: the next beat may go to another connection of the server, behind a pooler.
    const { rows } = await client.query({
      text: "SELECT alive, queue_paused, draining, exits, cancelled FROM pulse($1, $2::uuid[])",
      values: [id, told],
    });
    const [pulse] = rows;
    if (!pulse) throw new Error("pulse() returned no row");
    if (id === runner_id) told = pulse.cancelled;
    /** @type {Beat} */
    const beat = { runner_id: id, ...pulse };
    main.postMessage(beat);
    return heartbeat_ms;
  } catch {
    // The server is away, cut off or silent. The lease runs out soon, so a new connection is opened soon.
    const broken = client;
    client = undefined;
    broken?.end().catch(() => undefined);
    return RECONNECT_MS;
  }
}

async function connect() {
  const opening = new Client(connection);
  opening.on("error", () => undefined);
  await opening.connect();
  return opening;
}
