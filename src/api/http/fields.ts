import { z } from "zod";
import {
  AMOUNT_CENTS_MAX,
  PAGE_LIMIT_DEFAULT,
  PAGE_LIMIT_MAX,
  TIME_END_MS,
} from "../../core/model/limits.ts";
import { readPosition } from "../../core/model/arrival-position.ts";
import { CURRENCY_MESSAGE, isCurrency } from "../../core/model/currency.ts";
import { findTextFault, tidyText, type TextUse } from "../../core/lib/text-fault.ts";
import { decodeCursor, readLogPosition } from "./cursor.ts";

const FRACTION = /\.(\d+)/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SEQ = /^[1-9]\d{0,14}$/;

/** The message of a wrong field. A missing field has a message of its own. */
export const says = (message: string) => (issue: { readonly input?: unknown }) =>
  issue.input === undefined ? "is required" : message;

/** Any UUID, in upper or lower case. Becomes lower case, as the database returns it. */
export const Id = z.guid({ error: says("must be a UUID") }).toLowerCase();

/** One line of text. Blanks around it are removed, and it becomes NFC: see `findTextFault`. */
export function text(charactersMax: number, use: TextUse = "name") {
  return z
    .string()
    .overwrite(tidyText)
    .refine((value) => findTextFault(value, use, charactersMax) === undefined, {
      error: ({ input }) => findTextFault(String(input), use, charactersMax) ?? "",
    })
    .meta({ minLength: 1, maxLength: charactersMax });
}

/** A currency of a wallet or a price. */
export const Currency = z.string().refine(isCurrency, CURRENCY_MESSAGE).meta({ pattern: "^[A-Z]{3}$" });

/** An amount of money to move. */
export const AmountCents = z
  .int()
  .min(1)
  .max(AMOUNT_CENTS_MAX)
  .meta({ description: "Integer minor units of the wallet's currency." });

/** A point in time in a request. Becomes UTC, with microseconds. */
export const Timestamp = z.iso
  .datetime({
    offset: true,
    error: says("must be a time such as 2026-11-23T21:06:00Z (RFC 3339, with an offset)"),
    abort: true,
  })
  .refine(isStorable, { error: "must be between 1970 and 9999", abort: true })
  .overwrite(toUtc);

function isStorable(time: string): boolean {
  const instant_ms = Date.parse(time);
  return instant_ms >= 0 && instant_ms < TIME_END_MS;
}

/** A JavaScript Date has milliseconds only, so the fraction of the second is carried over as text. */
function toUtc(time: string): string {
  const micros = (FRACTION.exec(time)?.[1] ?? "").slice(0, 6).padEnd(6, "0");
  return `${new Date(time.replace(FRACTION, "")).toISOString().slice(0, 19)}.${micros}Z`;
}

/** A point in time in a response. */
export const UtcTime = z.iso.datetime();

export const IdParams = z.strictObject({ id: Id });

/** For a POST without fields: no body, or `{}`. */
export const NoBody = z.strictObject({}).nullable();

/** Rows of a page. Query strings are text, so here text becomes a number. */
export const Limit = z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX);

export const CURSOR_MESSAGE =
  "is not a cursor of this list: send the next_cursor of the previous page unchanged";
/** `next_cursor` of a page, as it was sent: each list decodes its own. */
export const Cursor = z
  .string()
  .max(200, CURSOR_MESSAGE)
  .meta({ description: "`next_cursor` of the previous page." });

/** The cursor of a list that is ordered by id. */
export const IdCursor = Cursor.transform(decodeCursor).refine((id) => UUID.test(id), CURSOR_MESSAGE);
/** The cursor of a list whose rows are numbered, such as the ledger. */
export const SeqCursor = Cursor.transform(decodeCursor)
  .refine((seq) => SEQ.test(seq), CURSOR_MESSAGE)
  .transform(Number);

/** The cursor of a list that goes forward. */
export const ArrivalCursor = Cursor.transform((cursor, context) => {
  const position = readPosition(decodeCursor(cursor));
  if (position) return position;
  context.issues.push({ code: "custom", message: CURSOR_MESSAGE, input: cursor });
  return z.NEVER;
});

/** The cursor of a job's log. */
export const LogCursor = Cursor.transform((cursor, context) => {
  const position = readLogPosition(decodeCursor(cursor));
  if (position) return position;
  context.issues.push({ code: "custom", message: CURSOR_MESSAGE, input: cursor });
  return z.NEVER;
});

export const PageQuery = z.strictObject({
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: IdCursor.optional(),
});

export function pageOf<Row extends z.ZodType>(row: Row, id: string) {
  const examples = row.meta()?.examples;
  const [example] = Array.isArray(examples) ? examples : [];
  return z
    .strictObject({
      data: z.array(row),
      next_cursor: z.string().nullable().meta({ description: "Null on the last page." }),
    })
    .meta({ id, ...(example === undefined ? {} : { examples: [{ data: [example], next_cursor: null }] }) });
}
