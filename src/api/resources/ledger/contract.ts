import { z } from "zod";
import { PAGE_LIMIT_DEFAULT } from "../../../core/model/limits.ts";
import { ENTRY_KINDS } from "../../../core/model/wallet.ts";
import { decodeCursor } from "../../http/cursor.ts";
import { CURSOR_MESSAGE, Cursor, Id, Limit, pageOf, Timestamp } from "../../http/fields.ts";
import { ENTRY_EXAMPLE, Reference, WalletEntry } from "../entries/contract.ts";

const POSITION =
  /^(\d{4}-\d\d-\d\dT[\d:.]+Z)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/([1-9]\d{0,14})$/;

export const LedgerEntry = WalletEntry.extend({ customer_id: Id, currency: z.string() }).meta({
  id: "LedgerEntry",
  description: "An entry, with the customer whose wallet it is of.",
  examples: [{ ...ENTRY_EXAMPLE, customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11", currency: "EUR" }],
});

export const LedgerPage = pageOf(LedgerEntry, "LedgerPage");

/** The cursor of a list that is ordered by time, wallet and number. */
const LedgerCursor = Cursor.transform((cursor, context) => {
  const [, created_at, wallet_id, seq] = POSITION.exec(decodeCursor(cursor)) ?? [];
  if (created_at !== undefined && wallet_id !== undefined && !Number.isNaN(Date.parse(created_at)))
    return { created_at, wallet_id, seq: Number(seq) };
  context.issues.push({ code: "custom", message: CURSOR_MESSAGE, input: cursor });
  return z.NEVER;
});

export const LedgerQuery = z.strictObject({
  kind: z.enum(ENTRY_KINDS).optional(),
  customer_id: Id.optional(),
  job_id: Id.optional(),
  reference: Reference.optional(),
  since: Timestamp.optional().meta({ description: "Only entries from this time on." }),
  limit: Limit.default(PAGE_LIMIT_DEFAULT),
  cursor: LedgerCursor.optional(),
});
