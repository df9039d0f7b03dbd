import type { FromRemote, ToRemote } from "../remote/remote-message.ts";
import { serveAttempts } from "../remote/serve-attempts.ts";
import { ProcessorCrash } from "../sdk/processor-crash.ts";
import { describeThrown } from "../sdk/thrown.ts";

const send = (message: FromRemote, then: () => void = () => undefined): void =>
  void process.send?.(message, then);
const take = serveAttempts((message) => send(message));

process.on("message", (message) => take(message as ToRemote)); // The runner sends nothing else.
// The runner is gone.
process.on("disconnect", () => process.exit());
// A service manager sends these to all processes, the terminal to its group. The runner decides what becomes of
// the attempt.
for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
// A rejection that nobody waits for comes here, too.
process.on("uncaughtException", (error) => {
  send({ kind: "failed", error: describeThrown(ProcessorCrash.by(error)) }, () => process.exit(1));
});
