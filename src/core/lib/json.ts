import type { FieldError } from "./field-error.ts";

/** Nesting that `input_data` and a processor's output may have. */
export const JSON_DEPTH_MAX = 100;

/**
 * What PostgreSQL's jsonb could not keep as it is, as field errors below `pointer`; empty when the value is fine. Walks without recursion, so
 * depth cannot exhaust the stack. Stops at the first fault of each kind.
 */
export function findUnstorable(value: unknown, pointer: string): FieldError[] {
  const open: { value: unknown; pointer: string; depth: number }[] = [{ value, pointer, depth: 1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const fault = faultOf(next.value);
    if (fault) return [{ pointer: next.pointer, message: fault }];
    if (typeof next.value !== "object" || next.value === null) continue;
    if (next.depth > JSON_DEPTH_MAX) {
      return [
        { pointer: next.pointer, message: `is nested deeper than ${JSON_DEPTH_MAX} levels: flatten it` },
      ];
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
  if (value.includes("\u0000")) return "has the character U+0000, which cannot be stored: remove it";
  if (!value.isWellFormed()) return "has half of a surrogate pair: send well-formed Unicode";
  return undefined;
}

/** One reference token of a JSON pointer, RFC 6901. */
export function escapePointer(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** JSON text that is the same for equal values: keys in order, no spaces. `undefined` members are left out, as JSON does. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
