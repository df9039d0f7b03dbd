import { isNativeError } from "node:util/types";
import { ERROR_MESSAGE_MAX, ERROR_STACK_MAX } from "../../core/model/limits.ts";
import type { FieldError } from "../../core/lib/field-error.ts";
import { stackOf } from "../../core/lib/stack-of.ts";
import { JsonText } from "../../core/lib/json-text.ts";
import { isFatal } from "./fatal-error.ts";
import { retryDelayOf } from "./retry-after.ts";

/** Fields that an `InputError` may name, and the errors that an AggregateError tells of. */
const ERRORS_SHOWN_MAX = 21;
/** An object that was thrown, or that stands for a message, as JSON. A larger one is not shown. */
const SHOWN_BYTES_MAX = 65_536;

/** What was thrown, as plain data: it can be stored, and sent to another thread or process. */
export interface Thrown {
  readonly kind: "fatal" | "input" | "retry_after" | "other";
  readonly name: string;
  /** Well-formed, without NUL, at most `ERROR_MESSAGE_MAX` characters. */
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  /** Of an `InputError`: which fields are wrong. */
  readonly errors: readonly FieldError[];
  /** Of a `RetryAfter`: how long the next attempt waits. */
  readonly delay_ms: number | undefined;
}

/**
 * Describes whatever was thrown, of whichever copy of the error classes. Never throws: the value may be
 * anything, and each of its members may be missing, of another type than usual, or throw when it is read.
 */
export function describeThrown(thrown: unknown): Thrown {
  const isObject = (typeof thrown === "object" && thrown !== null) || typeof thrown === "function";
  const read = (name: string): unknown => (isObject ? readMember(thrown, name) : undefined);
  const [code, name, stack] = [read("code"), read("name"), read("stack")];
  const isInput = isFatal(thrown) && name === "InputError";
  const delay_ms = isFatal(thrown) ? undefined : retryDelayOf(thrown);
  const retries = delay_ms === undefined ? "other" : "retry_after";
  return {
    kind: isInput ? "input" : isFatal(thrown) ? "fatal" : retries,
    name: typeof name === "string" ? storable(name, ERROR_MESSAGE_MAX) : "Error",
    message: storable(messageOf(thrown, read), ERROR_MESSAGE_MAX),
    stack: typeof stack === "string" ? stackOf(thrown, ERROR_STACK_MAX) : undefined,
    code: typeof code === "string" ? code : undefined,
    errors: isInput ? fieldErrors(read("errors")) : [],
    delay_ms,
  };
}

function messageOf(thrown: unknown, read: (name: string) => unknown): string {
  if (typeof thrown === "string") return thrown;
  const message = read("message");
  if (message !== undefined && message !== null && message !== "") return show(message);
  const errors = listOf(read("errors")).map((error) => show(readMember(error, "message") ?? error));
  if (errors.length > 0) return errors.join("; ");
  if (isError(thrown)) return `${show(read("name") ?? "Error")} without a message`;
  return thrown === undefined || thrown === null ? `${String(thrown)} was thrown` : show(thrown);
}

/** Any value as text, for a person. */
function show(value: unknown): string {
  try {
    if (typeof value === "function") return `a function ${show(readMember(value, "name"))}`.trimEnd();
    if (typeof value !== "object" || value === null) return String(value);
    return JsonText.of(value, SHOWN_BYTES_MAX).text;
  } catch {
    return "something that cannot be shown";
  }
}

function isError(value: unknown): boolean {
  try {
    return isNativeError(value) || value instanceof Error;
  } catch {
    return false;
  }
}

function readMember(holder: unknown, name: string): unknown {
  try {
    return Reflect.get(Object(holder) as object, name);
  } catch {
    return undefined;
  }
}

function listOf(value: unknown): unknown[] {
  try {
    return Array.isArray(value) ? value.slice(0, ERRORS_SHOWN_MAX) : [];
  } catch {
    return [];
  }
}

/** Copied by hand: a getter or a function in there would not come through. */
function fieldErrors(value: unknown): FieldError[] {
  return listOf(value).map((error) => ({
    pointer: storable(show(readMember(error, "pointer") ?? ""), ERROR_MESSAGE_MAX),
    message: storable(show(readMember(error, "message") ?? ""), ERROR_MESSAGE_MAX),
  }));
}

/** What PostgreSQL can keep of a text. */
function storable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replaceAll("\u0000", "\uFFFD").toWellFormed();
}
