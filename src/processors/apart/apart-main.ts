import { APART_IDLE_MB } from "../../core/model/limits.ts";
import type { FromRemote, ToRemote } from "../remote/remote-message.ts";
import { serveAttempts } from "../remote/serve-attempts.ts";
import { ProcessorCrash } from "../sdk/processor-crash.ts";
import { describeThrown } from "../sdk/thrown.ts";
import type { NothingLeft } from "./apart-process.ts";

const MIB = 2 ** 20;

/** Timers that the attempt told not to keep the process: `beforeExit` waits for none of them. */
let hiddenTimers = 0;
countHiddenTimers();

const send = (message: FromRemote | NothingLeft, then: () => void = () => undefined): void =>
  void process.send?.(message, then);
const take = serveAttempts((message) => {
  send(message);
  // What the module does when it is loaded is no attempt's.
  if (message.kind === "started") hiddenTimers = 0;
  // From here on the runner's line keeps nothing alive: when the last work is done, `beforeExit` tells it.
  if (message.kind === "done") process.channel?.unref();
});

process.on("message", (message) => {
  process.channel?.ref();
  take(message as ToRemote); // The runner sends nothing else.
});
process.on("beforeExit", () => {
  if (hiddenTimers > 0 || process.memoryUsage.rss() > APART_IDLE_MB * MIB) return;
  process.channel?.ref();
  send({ kind: "nothing_left" });
});
// The runner is gone.
process.on("disconnect", () => process.exit());
// A service manager sends these to all processes, the terminal to its group. The runner decides what becomes of
// the attempt.
for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
// A rejection that nobody waits for comes here, too.
process.on("uncaughtException", (error) => {
  send({ kind: "failed", error: describeThrown(ProcessorCrash.by(error)) }, () => process.exit(1));
});

function countHiddenTimers(): void {
  const timer = setTimeout(() => undefined);
  clearTimeout(timer);
  const prototype = Object.getPrototypeOf(timer) as NodeJS.Timeout; // All timers have it.
  const unref = Reflect.get(prototype, "unref");
  prototype.unref = function (this: NodeJS.Timeout) {
    hiddenTimers += 1;
    return unref.call(this);
  };
}
