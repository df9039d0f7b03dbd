import { types } from "pg";
import { SessionError } from "./session-error.ts";

const { builtins } = types;
/** pg_type.oid of uuid[], which `pg` has no name for. */
const UUID_ARRAY = 2951;
const asText = (text: string): string => text;

/** How values arrive: cents as safe integers, timestamps as RFC 3339 text with all their microseconds. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [builtins.BOOL]: (text) => text === "t",
  [builtins.INT2]: Number,
  [builtins.INT4]: Number,
  [builtins.INT8]: parseSafeInteger,
  [builtins.FLOAT8]: Number,
  [builtins.JSON]: (text) => JSON.parse(text) as unknown,
  [builtins.JSONB]: (text) => JSON.parse(text) as unknown,
  [builtins.TIMESTAMPTZ]: parseTimestamp,
  [UUID_ARRAY]: parseUuidArray,
};

/** For the member `types` of a connection's configuration. Types that are not listed arrive as text. */
export const valueParsers = { getTypeParser: (oid: number) => parsers[oid] ?? asText };

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`bigint ${text} is beyond 2^53`);
  return value;
}

function parseUuidArray(text: string): (string | null)[] {
  const elements = text.slice(1, -1);
  return elements === "" ? [] : elements.split(",").map((id) => (id === "NULL" ? null : id));
}

/**
 * `2026-11-23 21:06:00.5+00` becomes `2026-11-23T21:06:00.5Z`. Anything but ISO text in UTC is an error: the
 * session was changed after it was checked, and the time would be another one.
 */
function parseTimestamp(text: string): string {
  if (!text.endsWith("+00") || text[4] !== "-" || text[10] !== " ")
    throw new SessionError(`a time arrived as ${text}, and not in UTC: something changed the session`);
  return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
}
