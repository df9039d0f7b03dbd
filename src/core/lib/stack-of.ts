import { loggable } from "./loggable.ts";

/** Errors of a chain that are told, the first among them. */
const CHAIN_MAX = 6;

/**
 * Returns what a developer reads of whatever was thrown: the stack with the message, then those of its causes.
 * Each of a chain has its share of `charsMax`, so that a long stack does not hide its cause. It never
 * throws, and what it returns can be stored.
 */
export function stackOf(thrown: unknown, charsMax: number): string {
  const chain: unknown[] = [];
  for (let next = thrown; next !== undefined && chain.length < CHAIN_MAX; next = causeOf(next)) {
    if (chain.includes(next)) break;
    chain.push(next);
  }
  const share = Math.max(0, Math.floor(charsMax / chain.length) - "\n[cause]: ".length);
  const told = chain.map((one) => storable(describe(one, charsMax)).slice(0, share).trimEnd());
  return told.join("\n[cause]: ").toWellFormed();
}

/** The errors of an `AggregateError` are causes, too: the first stands for them. */
function causeOf(thrown: unknown): unknown {
  const cause = read(thrown, "cause");
  if (cause !== undefined) return cause;
  const errors = read(thrown, "errors");
  const first: unknown = Array.isArray(errors) ? read(errors, "0") : undefined;
  return typeof read(first, "stack") === "string" ? first : undefined;
}

function describe(thrown: unknown, charsMax: number): string {
  const stack = read(thrown, "stack");
  if (typeof stack !== "string" || stack === "") return `thrown: ${textOf(thrown, charsMax)}`;
  const message = textOf(read(thrown, "message"), charsMax);
  // The stack has the message of the moment when the error was made; it may have been set later.
  return stack.includes(message) ? stack : `${message}\n${stack}`;
}

function textOf(value: unknown, charsMax: number): string {
  if (typeof value === "string") return value.slice(0, charsMax);
  return value === undefined ? "" : JSON.stringify(loggable(value, charsMax).copy);
}

/** A property of anything, undefined when a look at it throws. */
function read(value: unknown, key: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  try {
    // Any object has properties of unknown types.
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}

function storable(text: string): string {
  return text.replaceAll("\u0000", "\uFFFD");
}
