import { fullFormats } from "ajv-formats/dist/formats.js";
import type { Check } from "./run.ts";
import { OutOfSteps } from "./run.ts";

/** Formats that take a compiler or nested repetitions to check: not in the thread of others. */
const COSTLY: ReadonlySet<string> = new Set(["regex", "url"]);
/** Characters of a text whose format is checked in the thread of others. They take 0.03 ms. */
const LENGTH_MAX = 256;

type Holds = (value: unknown) => boolean;

/** The check of a `format`; undefined for one that is not known, which demands nothing. */
export function formatCheck(name: string): Check | undefined {
  const format = Object.hasOwn(fullFormats, name) ? toFormat(name) : undefined;
  if (format === undefined) return undefined;
  const { of, holds } = format;
  const message = `must match format "${name}"`;
  return (value, run) => {
    if (typeof value !== of) return true;
    if (run.isBounded && typeof value === "string") {
      if (value.length > LENGTH_MAX || COSTLY.has(name)) throw new OutOfSteps();
      run.take(value.length);
    }
    return holds(value) || run.fail(message);
  };
}

function toFormat(name: string): { of: "string" | "number"; holds: Holds } | undefined {
  const definition: unknown = fullFormats[name as keyof typeof fullFormats];
  if (definition instanceof RegExp) return { of: "string", holds: (value) => definition.test(String(value)) };
  if (typeof definition === "function") return { of: "string", holds: (value) => definition(value) === true };
  if (typeof definition !== "object" || definition === null || !("validate" in definition)) return undefined;
  const { validate } = definition;
  const of = "type" in definition && definition.type === "number" ? "number" : "string";
  if (validate instanceof RegExp) return { of, holds: (value) => validate.test(String(value)) };
  return typeof validate === "function" ? { of, holds: (value) => validate(value) === true } : undefined;
}

/** The names of the formats that are checked. */
export const FORMAT_NAMES: readonly string[] = Object.keys(fullFormats).filter(
  (name) => toFormat(name) !== undefined,
);
