import { z } from "zod";
import type { LedgerEntry as Entry, LedgerPosition } from "../../../core/model/ledger.ts";
import { toDecimal } from "../../../core/model/currency.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { csvLine, prefersCsv } from "../../http/csv.ts";
import { toPage } from "../../http/cursor.ts";
import { LedgerPage, LedgerQuery } from "./contract.ts";

const CSV_TYPE = "text/csv; charset=utf-8; header=present";

const COLUMNS = [
  "created_at",
  "customer_id",
  "wallet_id",
  "seq",
  "kind",
  "amount_cents",
  "balance_after_cents",
  "job_id",
  "reference",
  "reason",
  "actor",
] as const satisfies readonly (keyof Entry)[];

export function ledgerRoutes(api: Api, { ledger }: Platform): void {
  api.get(
    "/ledger-entries",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "listLedgerEntries",
        tags: ["Wallets"],
        summary: "List the entries of all wallets, newest first",
        description:
          'Returns the entries that match all fields. With `Accept: text/csv`, it returns the page as CSV, with the next page in the header `Link` (`rel="next"`). An apostrophe is put before text that a spreadsheet would run as a formula.',
        querystring: LedgerQuery,
        response: {
          200: {
            description: "Returns a page of entries, as JSON or CSV.",
            content: {
              "application/json": { schema: LedgerPage },
              "text/csv": { schema: z.string() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, ...filter } = request.query;
      const entries = await ledger.list(filter, { limit: limit + 1, before: cursor });
      const page = toPage(entries, limit, positionOf);
      reply.header("vary", "accept");
      if (!prefersCsv(request.headers.accept)) return page;
      const next = new URL(request.url, "http://api");
      if (page.next_cursor !== null) {
        next.searchParams.set("cursor", page.next_cursor);
        reply.header("link", `<${next.pathname}${next.search}>; rel="next"`);
      }
      const header = csvLine([...COLUMNS, "amount", "balance_after", "currency"]);
      return await reply
        .type(CSV_TYPE)
        .header("content-disposition", 'attachment; filename="ledger.csv"')
        .send(header + page.data.map(toLine).join(""));
    },
  );
}

function positionOf({ created_at, wallet_id, seq }: LedgerPosition): string {
  return `${created_at}/${wallet_id}/${seq}`;
}

function toLine(entry: Entry): string {
  return csvLine([
    ...COLUMNS.map((column) => entry[column]),
    { decimal: toDecimal(entry.amount_cents, entry.currency) },
    { decimal: toDecimal(entry.balance_after_cents, entry.currency) },
    entry.currency,
  ]);
}
