import { parentPort } from "node:worker_threads";
import type { ToRemote } from "../remote/remote-message.ts";
import { serveAttempts } from "../remote/serve-attempts.ts";

const take = serveAttempts((message) => {
  // A thread has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(message);
});
parentPort?.on("message", (message: ToRemote) => take(message));
