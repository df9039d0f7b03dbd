import type { FieldError } from "./field-error.ts";

/** Nesting that `input_data` and a processor's output may have. */
export const JSON_DEPTH_MAX = 100;

export const TOO_DEEP = `is nested deeper than ${JSON_DEPTH_MAX} levels: flatten it`;
const HAS_NUL = "has the character U+0000, which cannot be stored: remove it";
const HAS_HALF_PAIR = "has half of a surrogate pair: send well-formed Unicode";

/**
 * Finds what PostgreSQL's jsonb could not keep as it is, as field errors below `pointer`; empty when the
 * value is fine. Walks without recursion, so that depth cannot exhaust the stack. Stops at the first fault.
 */
export function findUnstorable(value: unknown, pointer: string): FieldError[] {
  const open: { value: unknown; pointer: string; depth: number }[] = [{ value, pointer, depth: 1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const fault = faultOf(next.value);
    if (fault) return [{ pointer: next.pointer, message: fault }];
    if (typeof next.value !== "object" || next.value === null) continue;
    if (next.depth > JSON_DEPTH_MAX) {
      return [{ pointer: next.pointer, message: TOO_DEEP }];
    }
    for (const [key, child] of Object.entries(next.value)) {
      const keyFault = faultOf(key);
      if (keyFault) return [{ pointer: next.pointer, message: `a key ${keyFault}` }];
      open.push({ value: child, pointer: `${next.pointer}/${escapePointer(key)}`, depth: next.depth + 1 });
    }
  }
  return [];
}

function faultOf(value: unknown): string | undefined {
  if (typeof value === "number" && !Number.isFinite(value)) return "is a number out of range";
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

/** Returns JSON text that is equal for equal values: sorted keys, no spaces, no `undefined` members. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
