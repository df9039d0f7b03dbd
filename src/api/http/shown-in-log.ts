import { cut } from "../../core/lib/cut.ts";
import type { ShownInLog } from "../../core/model/operator-action.ts";
import { ACTION_BYTES_MAX, ACTION_ITEMS_MAX, ACTION_TEXT_MAX } from "../../core/model/limits.ts";

/** Secrets, and what customers submitted or got: they have no place in a log that is kept for ever. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "api_key",
  "secret",
  "sign_in_token",
  "input_data",
  "output_data",
  "error",
  "errors",
]);
const DEPTH_MAX = 4;

/** What the log of actions shows of a value: bounded, without secrets. Null where there is nothing to show. */
export function shownInLog(value: unknown): ShownInLog | null {
  const short = shorten(value, 0);
  if (typeof short !== "object" || short === null) return null;
  const shown: ShownInLog = { ...short };
  if (Buffer.byteLength(JSON.stringify(shown)) <= ACTION_BYTES_MAX) return shown;
  const { id } = shown;
  return { ...(typeof id === "string" ? { id } : {}), left_out: "It is too large for the log." };
}

function shorten(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cut(value, ACTION_TEXT_MAX);
  if (typeof value !== "object" || value === null) return value;
  if (depth === DEPTH_MAX) return "…";
  if (Array.isArray(value)) {
    if (value.length > ACTION_ITEMS_MAX) return { items: value.length };
    return value.map((item) => shorten(item, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !LEFT_OUT.has(name))
      .map(([name, member]) => [name, shorten(member, depth + 1)]),
  );
}
