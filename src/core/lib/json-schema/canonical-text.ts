import { jsonWeight } from "./json-weight.ts";
import type { Run } from "./run.ts";

/** What it takes to write a value in canonical form: 1 µs, where a step is 0.1 µs. */
const STEPS_PER_VALUE = 10;

/** Text that is the same for equal values. Its steps are taken before it is written. */
export function canonicalTextOf(value: object, run: Run): string {
  run.take(jsonWeight(value, run.left / STEPS_PER_VALUE) * STEPS_PER_VALUE);
  return canonicalText(value);
}

/** JSON text with sorted names. */
export function canonicalText(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  const members = Object.entries(value);
  if (members.length > 1) members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalText(member)}`).join(",")}}`;
}
