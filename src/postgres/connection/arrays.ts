import { JsonText } from "../../core/lib/json-text.ts";

/**
 * Batches go to the server as array literals: one parameter a column. Writing them here is measurably cheaper
 * than leaving it to the driver (2.9 against 3.8 ms for 500 jobs), and they are still parameters: nothing is
 * ever put into SQL text.
 */

/** One value for each row of a batch. A column that no row uses may be null as a whole: see `orNull`. */
export type BatchColumn<T> = readonly (T | null | undefined)[] | null;

/** The head of uuid[] in binary: one dimension, whether there may be nulls, the type; then count and lower bound. */
const UUID_ARRAY_HEAD = "000000010000000100000b86";
const LOWER_BOUND = "00000001";
/** The length of each UUID, and that of NULL. */
const SIXTEEN = "00000010";
const NO_LENGTH = "ffffffff";
const UUID_LENGTH = 36;
const HEX_OF_UUID = SIXTEEN.length + 32;

/**
 * For UUIDs: the binary form, of which the server reads one in a tenth of the instructions. What is not spelled as
 * we do goes as text, and the server says what is wrong with it.
 */
export function uuidArray(values: BatchColumn<string>): Buffer | string | null {
  if (values === null || values.length === 0) return plainArray(values);
  let hexLength = 0;
  let hasNull = false;
  for (const value of values) {
    if (value === null || value === undefined) {
      hasNull = true;
      hexLength += NO_LENGTH.length;
    } else {
      if (!hasHyphensOfUuid(value)) return plainArray(values);
      hexLength += HEX_OF_UUID;
    }
  }
  const elements = hasNull
    ? values.map((value) => (value ? SIXTEEN + value : NO_LENGTH)).join("")
    : SIXTEEN + values.join(SIXTEEN);
  const count = values.length.toString(16).padStart(8, "0");
  const hex = UUID_ARRAY_HEAD + count + LOWER_BOUND + elements.replaceAll("-", "");
  const bytes = Buffer.from(hex, "hex");
  // Both are shorter when there was another hyphen, or anything else that is no digit.
  const expected = UUID_ARRAY_HEAD.length + count.length + LOWER_BOUND.length + hexLength;
  return hex.length === expected && bytes.length === expected / 2 ? bytes : plainArray(values);
}

function hasHyphensOfUuid(value: string): boolean {
  return (
    value.length === UUID_LENGTH &&
    value[8] === "-" &&
    value[13] === "-" &&
    value[18] === "-" &&
    value[23] === "-"
  );
}

/** For values that need no quotes: numbers, booleans, enum labels; UUIDs where `uuidArray` is not worth it. */
export function plainArray(values: BatchColumn<string | number | boolean>): string | null {
  return values && `{${values.map((value) => value ?? "NULL").join(",")}}`;
}

/** For text. */
export function textArray(values: BatchColumn<string>): string | null {
  return (
    values &&
    `{${values.map((value) => (value === null || value === undefined ? "NULL" : `"${value.replaceAll(/["\\]/g, "\\$&")}"`)).join(",")}}`
  );
}

/**
 * For JSON values, or the `JsonText` of them: null is JSON's own null, undefined is NULL. JSON text has no raw
 * control characters, and of all others JSON's escapes are those of an array literal: `JSON.stringify` writes
 * them the fastest.
 */
export function jsonArray(values: BatchColumn<unknown>): string | null {
  return (
    values &&
    `{${values.map((value) => (value === undefined ? "NULL" : JSON.stringify(textOf(value)))).join(",")}}`
  );
}

/** One JSON value, as in `jsonArray`. */
export function jsonValue(value: unknown): string | null {
  return value === undefined ? null : textOf(value);
}

function textOf(value: unknown): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

/** Null for a column that no row of the batch uses: that costs nothing to send and to unnest. */
export function orNull<T>(values: BatchColumn<T>): BatchColumn<T> {
  return values?.some((value) => value !== null && value !== undefined) ? values : null;
}
