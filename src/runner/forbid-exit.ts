import { syncBuiltinESMExports } from "node:module";
import { currentScope, MODULE_SCOPE } from "../processors/sdk/code-scope.ts";
import { ProcessorCrash } from "../processors/sdk/processor-crash.ts";

/** A processor tried to end the process that it shares with others. */
class ProcessEnded extends Error {
  override readonly name = "ProcessEnded";
}

/** Node's own way out of `process.exit`, which its types do not have. */
type Process = typeof process & { reallyExit: (code?: number) => never };

/**
 * From now on `process.exit` and its like throw when a processor calls them; its attempt has crashed. For the
 * platform itself they do what they did.
 */
export function forbidExit(): void {
  const own = process as Process;
  const exit = own.exit.bind(own);
  const reallyExit = own.reallyExit.bind(own);
  const abort = own.abort.bind(own);
  const kill = own.kill.bind(own);
  // Without an argument it keeps `process.exitCode`, which an `undefined` would overwrite.
  own.exit = (...code) => {
    refuse("process.exit");
    return exit(...code);
  };
  own.reallyExit = (...code) => {
    refuse("process.reallyExit");
    return reallyExit(...code);
  };
  own.abort = () => {
    refuse("process.abort");
    return abort();
  };
  own.kill = (pid, signal) => {
    // 0 and -pid are its group. Signal 0 only asks whether a process lives.
    if ([own.pid, -own.pid, 0].includes(pid) && signal !== 0) refuse("process.kill");
    return kill(pid, signal);
  };
  // For those who import `exit` from "node:process".
  syncBuiltinESMExports();
}

function refuse(name: string): void {
  const scope = currentScope();
  if (scope === undefined) return;
  const error = new ProcessEnded(`${name} was called, which would end the runner: throw an error instead`);
  // A processor may catch what is thrown here.
  if (scope !== MODULE_SCOPE) scope.interrupter?.interrupt(ProcessorCrash.by(error));
  throw error;
}
