import type { Logger } from "pino";
import { LogBudget, type BudgetedLine } from "../core/lib/log-budget.ts";
import type { Loggable } from "../core/lib/loggable.ts";
import type { Redactor } from "../core/lib/redactor.ts";
import { ATTEMPT_LOG_MAX } from "../core/model/limits.ts";
import type { LogLevel } from "../core/model/job-log.ts";
import type { LogMethod, ProcessorContext } from "../processors/sdk/processor.ts";

/** A text of this length may be a piece of a longer one, whether or not a mark says that it was cut. */
const CUT_LENGTH = 2_000;

interface Targets {
  /** The runner's. */
  readonly log: Logger;
  /** Keeps the line with the job. */
  readonly keep: (level: LogLevel, message: string) => void;
  /** Called when something is logged first: most attempts log nothing. */
  readonly redactor: () => Redactor | undefined;
}

/**
 * Returns the log of one attempt, up to a limit, after which one line says that the rest is left out. Each line goes
 * to the runner's log and to that of the job, with the secrets of the input hidden. Its methods take whatever
 * a processor gives them, and never throw. `debug` counts only where the runner's log has it.
 */
export function createAttemptLog({ log, keep, redactor }: Targets): ProcessorContext["log"] {
  const budget = new LogBudget(ATTEMPT_LOG_MAX);
  let secrets: Redactor | undefined;
  const logAt = (level: LogLevel): LogMethod => {
    return (fields: unknown, message?: unknown): void => {
      if (level === "debug" && !log.isLevelEnabled(level)) return;
      const taken = budget.take(fields, message);
      if (taken === undefined) return;
      secrets ??= redactor();
      const line = secrets === undefined ? taken : withoutSecrets(taken, secrets);
      log[level](line.fields, line.message);
      keep(level, textOf(line));
      if (!taken.isLast) return;
      const last = `this attempt has logged ${ATTEMPT_LOG_MAX} characters: the rest is left out`;
      log.warn(last);
      keep("warn", last);
    };
  };
  return { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") };
}

/** One text of the message and the fields. Where a line of a command came from is nothing for its reader. */
function textOf({ message, fields }: BudgetedLine): string {
  const { source: _place, ...rest } = fields;
  const shown = message === undefined ? fields : rest;
  const data = Object.keys(shown).length === 0 ? [] : [JSON.stringify(shown)];
  return [...(message === undefined ? [] : [message]), ...data].join(" ");
}

function withoutSecrets({ fields, message, isLast }: BudgetedLine, secrets: Redactor): BudgetedLine {
  const copy = redacted(fields, secrets, isLast);
  return {
    // The copy of a record is one.
    fields: copy as BudgetedLine["fields"],
    message: message === undefined ? undefined : hide(message, secrets, isLast),
    isLast,
  };
}

function redacted(value: Loggable, secrets: Redactor, isLast: boolean): Loggable {
  if (typeof value === "string") return hide(value, secrets, isLast);
  if (typeof value === "number") {
    const text = String(value);
    const shown = secrets.redact(text);
    return shown === text ? value : shown;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((element: Loggable) => redacted(element, secrets, isLast));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      hide(name, secrets, isLast),
      redacted(inner, secrets, isLast),
    ]),
  );
}

function hide(text: string, secrets: Redactor, isLast: boolean): string {
  return secrets.redact(text, isLast || text.length >= CUT_LENGTH);
}
