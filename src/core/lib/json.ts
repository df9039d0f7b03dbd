import type { FieldError } from "./field-error.ts";

/** Nesting that `input_data` and a processor's output may have. */
export const JSON_DEPTH_MAX = 100;

export const TOO_DEEP = `is nested deeper than ${JSON_DEPTH_MAX} levels: flatten it`;
const HAS_NUL = "has the character U+0000, which cannot be stored: remove it";
const HAS_HALF_PAIR = "has half of a surrogate pair: send well-formed Unicode";

/**
 * Finds what PostgreSQL's jsonb could not keep as it is, as field errors below `pointer`; empty when the
 * value is fine. Stops at the first fault. Only a fault gets a pointer: one for each element would cost more
 * than all else that is done with a large array.
 */
export function findUnstorable(value: unknown, pointer: string): FieldError[] {
  const path: string[] = [];
  const message = faultIn(value, 1, path);
  if (message === undefined) return [];
  return [
    {
      pointer:
        pointer +
        path
          .toReversed()
          .map((token) => `/${escapePointer(token)}`)
          .join(""),
      message,
    },
  ];
}

/**
 * The first fault in a value, and the way to it in `path`, innermost first. Recursion is safe: it ends at
 * `JSON_DEPTH_MAX`.
 */
function faultIn(value: unknown, depth: number, path: string[]): string | undefined {
  if (typeof value !== "object" || value === null) return faultOf(value);
  if (depth > JSON_DEPTH_MAX) return TOO_DEEP;
  if (Array.isArray(value)) {
    for (let n = 0; n < value.length; n += 1) {
      const fault = faultIn(value[n], depth + 1, path);
      if (fault === undefined) continue;
      path.push(String(n));
      return fault;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    const keyFault = faultOf(key);
    if (keyFault !== undefined) return `a key ${keyFault}`;
    // A key of this very object; its value is unknown.
    const fault = faultIn((value as Record<string, unknown>)[key], depth + 1, path);
    if (fault === undefined) continue;
    path.push(key);
    return fault;
  }
  return undefined;
}

function faultOf(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "is a number out of range";
  if (typeof value !== "string") return undefined;
  if (value.includes("\u0000")) return HAS_NUL;
  if (!value.isWellFormed()) return HAS_HALF_PAIR;
  return undefined;
}

/**
 * Escapes as `JSON.stringify` writes them. A backslash before them that is escaped itself makes them plain
 * text.
 */
const ESCAPE = "\\u";
const NUL_ESCAPE = /(?<!\\)(?:\\\\)*\\u0000/;
const HALF_PAIR_ESCAPE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/**
 * The same faults in JSON text that `JSON.stringify` wrote: for a value whose `toJSON` may say something else
 * each time, the text is what counts. Undefined when PostgreSQL keeps it as it is.
 */
export function findUnstorableText(text: string): string | undefined {
  if (isDeeperThan(JSON_DEPTH_MAX, text)) return TOO_DEEP;
  if (!text.includes(ESCAPE)) return undefined;
  if (NUL_ESCAPE.test(text)) return HAS_NUL;
  if (HALF_PAIR_ESCAPE.test(text)) return HAS_HALF_PAIR;
  return undefined;
}

const [QUOTE, BACKSLASH] = ['"'.charCodeAt(0), "\\".charCodeAt(0)];
const OPENING: ReadonlySet<number> = new Set(["[".charCodeAt(0), "{".charCodeAt(0)]);
const CLOSING: ReadonlySet<number> = new Set(["]".charCodeAt(0), "}".charCodeAt(0)]);

/** Counts brackets outside of strings, in one pass and without an object for each. */
function isDeeperThan(levels: number, text: string): boolean {
  // Each level has a bracket that opens and one that closes.
  if (text.length <= levels * 2) return false;
  let depth = 0;
  let inString = false;
  for (let n = 0; n < text.length; n += 1) {
    const code = text.charCodeAt(n);
    if (inString) {
      if (code === BACKSLASH) n += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (OPENING.has(code)) {
      depth += 1;
      if (depth > levels) return true;
    } else if (CLOSING.has(code)) depth -= 1;
  }
  return false;
}

/** One reference token of a JSON pointer, RFC 6901. */
export function escapePointer(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}

const BEGINS_WITH_DIGIT = /^\d/;

/**
 * Returns JSON text that is equal for equal values: sorted keys, no spaces, no `undefined` members. What has
 * no objects in it is left to `JSON.stringify`: a function call for each element of a large array would take
 * longer than all else that is done with it.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    if (value.every(isScalar)) return JSON.stringify(value);
    return `[${value.map((item) => (item === undefined ? "null" : canonicalJson(item))).join(",")}]`;
  }
  const members: string[] = [];
  for (const key of sortedKeys(value)) {
    // A key of this very object; its value is unknown.
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

/** By their characters, but for array indexes, which come first and by their number: hashes are stored so. */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value).toSorted();
  if (!keys.some((key) => BEGINS_WITH_DIGIT.test(key))) return keys;
  return Object.keys(Object.fromEntries(keys.map((key) => [key, 0])));
}
