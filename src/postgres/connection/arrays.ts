import { JsonText } from "../../core/lib/json-text.ts";

/**
 * Batches go to the server as array literals: one parameter a column. Writing them here is measurably cheaper
 * than leaving it to the driver (2.9 against 3.8 ms for 500 jobs), and they are still parameters: nothing is
 * ever put into SQL text.
 */

/** One value for each row of a batch. A column that no row uses may be null as a whole: see `orNull`. */
export type BatchColumn<T> = readonly (T | null | undefined)[] | null;

/** For values that need no quotes: UUIDs, numbers, booleans, enum labels. */
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

function textOf(value: unknown): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

/** Null for a column that no row of the batch uses: that costs nothing to send and to unnest. */
export function orNull<T>(values: BatchColumn<T>): BatchColumn<T> {
  return values?.some((value) => value !== null && value !== undefined) ? values : null;
}
