// The thread behind heartbeat.ts. Plain JavaScript: a worker thread inherits no TypeScript loader, and this
// one must start at once and need nothing.
import { parentPort, workerData } from "node:worker_threads";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";

const { url, heartbeat_ms, silent_loop_ms, connect_timeout_ms } = workerData;
/** A beat without a reply for so long, a small part of the lease, is worth a new connection. */
const REPLY_TIMEOUT_MS = 3_000;
const RECONNECT_MS = 500;

let runner_id;
/** When the main loop was last seen. */
let loop_seen_at = performance.now();
let client;

parentPort.on("message", (message) => {
  loop_seen_at = performance.now();
  if (message.runner_id !== undefined) {
    runner_id = message.runner_id;
    told = [];
  }
});

/** Cancelled jobs that the main thread has been told of: acknowledged with the next beat. */
let told = [];

for (;;) {
  const delay_ms = await beat();
  await pause(delay_ms);
}

async function beat() {
  if (runner_id === undefined || performance.now() - loop_seen_at > silent_loop_ms) return heartbeat_ms;
  const beating_for = runner_id;
  try {
    client ??= await connect();
    const { rows } = await client.query({
      name: "heartbeat",
      text: "SELECT alive, queue_paused, cancelled FROM heartbeat($1, $2::uuid[])",
      values: [beating_for, told],
    });
    const [{ alive, queue_paused, cancelled }] = rows;
    if (beating_for === runner_id) told = cancelled;
    parentPort.postMessage({ runner_id: beating_for, alive, queue_paused, cancelled });
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
  const opening = new Client({
    connectionString: url,
    application_name: "iep heartbeat",
    connectionTimeoutMillis: connect_timeout_ms,
    query_timeout: REPLY_TIMEOUT_MS,
    keepAlive: true,
  });
  opening.on("error", () => undefined);
  await opening.connect();
  return opening;
}
