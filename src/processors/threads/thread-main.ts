import type { Writable } from "node:stream";
import { parentPort, workerData } from "node:worker_threads";
import type { FromRemote, ToRemote } from "../remote/remote-message.ts";
import { serveAttempts } from "../remote/serve-attempts.ts";

/** What the thread starts with. */
export interface ThreadData {
  /** The end of an attempt is told after what the attempt has printed: whoever reads that may exit then. */
  readonly flushesOutput: boolean;
}

const { flushesOutput } = workerData as ThreadData;

const take = serveAttempts((message) => {
  if (!flushesOutput || (message.kind !== "done" && message.kind !== "failed")) return send(message);
  void Promise.all([process.stdout, process.stderr].map(flushed)).then(() => send(message));
});
parentPort?.on("message", (message: ToRemote) => take(message));

function send(message: FromRemote): void {
  // A thread has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(message);
}

/** Resolves when the other thread has read what was written before. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => void stream.write("", () => resolve()));
}
