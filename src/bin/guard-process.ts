import type { Logger } from "pino";
import { blame } from "../runner/blame.ts";
import { forbidExit } from "../runner/forbid-exit.ts";
import { scopeMicrotasks } from "../runner/scope-microtasks.ts";
import type { ProcessorRegistry } from "../processors/loader/registry.ts";

/**
 * Keeps what a processor leaves behind from ending the process that it shares with other jobs: an error that
 * nobody caught fails the attempt it comes from. One that comes from no processor is a bug of the platform and
 * ends the process, as without this. Returns a function that is told of the processors once they are loaded.
 */
export function guardProcess(log: Logger): (processors: ProcessorRegistry) => void {
  let processors: ProcessorRegistry = new Map();
  const exit = process.exit.bind(process);
  const judge = (error: unknown): void => {
    if (blame(error, processors, log)) return;
    // As Node says it.
    console.error(error);
    exit(1);
  };
  process.on("uncaughtException", judge);
  process.on("unhandledRejection", judge);
  forbidExit();
  scopeMicrotasks();
  // A member that everything inherits would be in every request and every query of this process.
  Object.preventExtensions(Object.prototype);
  return (loaded) => {
    processors = loaded;
  };
}
