import type { Logger } from "pino";
import { LogBudget } from "../core/lib/log-budget.ts";
import { ATTEMPT_LOG_MAX } from "../core/model/limits.ts";
import type { LogMethod, ProcessorContext } from "../processors/sdk/processor.ts";

type Level = keyof ProcessorContext["log"];

/**
 * Returns the log of one attempt: the runner's, up to a limit, after which one line says that the rest is left out. Its
 * methods take whatever a processor gives them, and never throw. A level that is off costs nothing.
 */
export function createAttemptLog(log: Logger): ProcessorContext["log"] {
  const budget = new LogBudget(ATTEMPT_LOG_MAX);
  const logAt = (level: Level): LogMethod => {
    return (fields: unknown, message?: unknown): void => {
      if (!log.isLevelEnabled(level)) return;
      const line = budget.take(fields, message);
      if (line === undefined) return;
      log[level](line.fields, line.message);
      if (line.isLast)
        log.warn(`this attempt has logged ${ATTEMPT_LOG_MAX} characters: the rest is left out`);
    };
  };
  return { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") };
}
