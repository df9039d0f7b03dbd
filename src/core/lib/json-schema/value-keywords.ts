import { canonicalText, canonicalTextOf } from "./canonical-text.ts";
import { formatCheck } from "./formats.ts";
import { isDivisible } from "./is-divisible.ts";
import { isObject, TYPES } from "./keyword-forms.ts";
import type { Keyword } from "./keyword.ts";
import { patternCheck } from "./pattern.ts";
import type { Check, Run } from "./run.ts";

/** Allowed values that a refusal lists. */
const LISTED_MAX = 10;
/** Characters of one that it shows. */
const SHOWN_LENGTH_MAX = 60;
/** Characters that count as a step. */
export const CHARACTERS_PER_STEP = 16;

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function type(value: unknown): Check {
  const types = new Set(asArray(value));
  const message = `must be ${[...types].join(" or ")}`;
  return (input, run) =>
    types.has(typeOf(input)) || (types.has("integer") && Number.isInteger(input)) || run.fail(message);
}

function typeOf(value: unknown): unknown {
  if (value === null) return "null";
  if (isObject(value)) return "object";
  return Array.isArray(value) ? "array" : TYPES.includes(typeof value) ? typeof value : undefined;
}

function oneOf(allowed: readonly unknown[], isConst: boolean): Check {
  const scalars = new Set(allowed.filter((value) => typeof value !== "object" || value === null));
  const others = new Set(
    allowed.filter((value) => typeof value === "object" && value !== null).map(canonicalText),
  );
  const listed = allowed.slice(0, LISTED_MAX).map(shown).join(", ");
  const message = isConst
    ? `must be equal to constant ${listed}`
    : `must be equal to one of the allowed values: ${listed}${allowed.length > LISTED_MAX ? ", …" : ""}`;
  return (input, run) => {
    if (typeof input !== "object" || input === null) return scalars.has(input) || run.fail(message);
    return (others.size > 0 && others.has(canonicalTextOf(input, run))) || run.fail(message);
  };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}

function ofNumber(holds: (value: number) => boolean, message: string): Check {
  return (input, run) => typeof input !== "number" || holds(input) || run.fail(message);
}

function ofText(holds: (text: string, run: Run) => boolean, message: string): Check {
  return (input, run) => typeof input !== "string" || holds(input, run) || run.fail(message);
}

function codePoints(text: string, run: Run): number {
  run.take(text.length / CHARACTERS_PER_STEP);
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    count += 1;
    if ((text.codePointAt(at) ?? 0) > 0xffff) at += 1;
  }
  return count;
}

/** Keywords that look at a value alone. */
export const VALUE_KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ["type", type],
  ["enum", (value) => oneOf(asArray(value), false)],
  ["const", (value) => oneOf([value], true)],
  [
    "multipleOf",
    (by) => ofNumber((value) => isDivisible(value, Number(by)), `must be multiple of ${String(by)}`),
  ],
  ["maximum", (max) => ofNumber((value) => value <= Number(max), `must be <= ${String(max)}`)],
  ["exclusiveMaximum", (max) => ofNumber((value) => value < Number(max), `must be < ${String(max)}`)],
  ["minimum", (min) => ofNumber((value) => value >= Number(min), `must be >= ${String(min)}`)],
  ["exclusiveMinimum", (min) => ofNumber((value) => value > Number(min), `must be > ${String(min)}`)],
  [
    "maxLength",
    (max) =>
      ofText(
        (text, run) => text.length <= Number(max) || codePoints(text, run) <= Number(max),
        `must NOT have more than ${String(max)} characters`,
      ),
  ],
  [
    "minLength",
    (min) =>
      ofText(
        (text, run) =>
          text.length >= Number(min) &&
          (text.length >= Number(min) * 2 || codePoints(text, run) >= Number(min)),
        `must NOT have fewer than ${String(min)} characters`,
      ),
  ],
  [
    "pattern",
    (source) => {
      const matches = patternCheck(String(source));
      return ofText(matches, `must match pattern "${String(source)}"`);
    },
  ],
  ["format", (name) => formatCheck(String(name))],
]);
