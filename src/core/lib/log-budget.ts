import { loggable, type Loggable } from "./loggable.ts";

/** What the other parts of a line cost beside its text: without it, empty lines would be free. */
const LINE_CHARS = 32;

export interface BudgetedLine {
  readonly fields: Readonly<Record<string, Loggable>>;
  readonly message: string | undefined;
  /** The budget is used up: one more line says so, and nothing more is logged. */
  readonly isLast: boolean;
}

/**
 * Bounds what one attempt logs. It takes whatever a processor calls a log method with, and never throws.
 */
export class LogBudget {
  #chars: number;

  constructor(charsMax: number) {
    this.#chars = charsMax;
  }

  /** Returns the line as it may be logged, or undefined when the budget was used up before. */
  take(fields: unknown, message: unknown): BudgetedLine | undefined {
    if (this.#chars <= 0) return undefined;
    this.#chars -= LINE_CHARS;
    try {
      return this.#cut(fields, message);
    } catch {
      // A proxy may throw at the mere look at it.
      return { fields: {}, message: "[cannot be logged]", isLast: this.#chars <= 0 };
    }
  }

  #cut(fields: unknown, message: unknown): BudgetedLine {
    // `log.info("text")` is common in JavaScript, where no compiler asks for fields.
    const [given, said] =
      typeof fields === "string" && message === undefined ? [{}, fields] : [fields, message];
    const text = said === undefined ? undefined : this.#use(said);
    const copy = given === undefined || given === null ? {} : this.#use(given);
    return {
      fields: isRecord(copy) ? (given instanceof Error ? { err: copy } : copy) : { value: copy },
      message: text === undefined || typeof text === "string" ? text : JSON.stringify(text),
      isLast: this.#chars <= 0,
    };
  }

  #use(value: unknown): Loggable {
    const { copy, chars } = loggable(value, Math.max(0, this.#chars));
    this.#chars -= chars;
    return copy;
  }
}

function isRecord(value: Loggable): value is Readonly<Record<string, Loggable>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
