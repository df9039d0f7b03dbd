import { Readable } from "node:stream";
import { z } from "zod";
import type { Platform } from "../../core/platform.ts";
import type { WalletEntry as Entry, WalletRepository } from "../../core/wallet.ts";
import type { Api } from "../api.ts";
import { adminOnly, noCustomer, refuseForeign } from "../auth.ts";
import { IdParams, PAGE_LIMIT_DEFAULT } from "../contract/fields.ts";
import { EntriesQuery, TopUp, Wallet, WalletEntry, WalletEntryPage } from "../contract/wallets.ts";
import { csvLine, prefersCsv } from "../csv.ts";
import { toPage } from "../cursor.ts";

const tags = ["Wallets"];

const CSV_TYPE = "text/csv; charset=utf-8; header=present";
/** Entries read at a time for a statement, which may have millions. */
const STATEMENT_PAGE = 1_000;
const STATEMENT_COLUMNS = [
  "seq",
  "created_at",
  "kind",
  "amount_cents",
  "balance_after_cents",
  "job_id",
  "reference",
  "reason",
] as const satisfies readonly (keyof Entry)[];

export function walletRoutes(api: Api, { wallets }: Platform): void {
  api.get(
    "/customers/:id/wallet",
    {
      schema: {
        operationId: "getWallet",
        tags,
        summary: "Read a customer's wallet",
        params: IdParams,
        response: { 200: Wallet },
        errors: ["not_found"],
      },
    },
    async (request) => {
      refuseForeign(request, request.params.id);
      return await findWallet(wallets, request.params.id);
    },
  );

  api.post(
    "/customers/:id/wallet/top-ups",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "topUpWallet",
        tags,
        summary: "Add money to a wallet",
        description:
          "201: the money was added. 200: this reference added the same amount before; the answer is that first entry, and nothing moved.",
        params: IdParams,
        body: TopUp,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused"],
      },
    },
    async ({ params, body }, reply) => {
      const { entry, replayed } = await wallets.topUp({ ...body, customer_id: params.id });
      return reply.code(replayed ? 200 : 201).send(entry);
    },
  );

  api.get(
    "/customers/:id/wallet/entries",
    {
      schema: {
        operationId: "listWalletEntries",
        tags,
        summary: "List the movements of a wallet, newest first",
        description:
          "With `Accept: text/csv`, a statement: a header row and one line an entry, all of them unless `limit` says how many. Text that a spreadsheet would take for a formula begins with an apostrophe there.",
        params: IdParams,
        querystring: EntriesQuery,
        response: {
          200: {
            description: "A page of entries, or the statement.",
            content: {
              "application/json": { schema: WalletEntryPage },
              "text/csv": { schema: z.custom<Readable>().meta({ type: "string" }) },
            },
          },
        },
        errors: ["not_found"],
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      refuseForeign(request, params.id);
      // Without an entry yet, only the wallet tells an unknown customer from a new one.
      await findWallet(wallets, params.id);
      reply.header("vary", "accept");
      if (prefersCsv(request.headers.accept)) {
        const lines = statement(wallets, params.id, query.limit ?? Infinity, query.cursor);
        return reply
          .type(CSV_TYPE)
          .header("content-disposition", `attachment; filename="wallet-${params.id}.csv"`)
          .send(Readable.from(lines));
      }
      const limit = query.limit ?? PAGE_LIMIT_DEFAULT;
      const rows = await wallets.listEntries(params.id, { limit: limit + 1, before_seq: query.cursor });
      return toPage(rows, limit, (entry) => entry.seq);
    },
  );
}

async function findWallet(wallets: WalletRepository, customer_id: string) {
  const wallet = await wallets.findByCustomerId(customer_id);
  if (!wallet) throw noCustomer(customer_id);
  return wallet;
}

/** A page at a time, as fast as the client reads. Entries are only ever added on top, so what is below the first page cannot shift. */
async function* statement(
  wallets: WalletRepository,
  customer_id: string,
  entries_max: number,
  before_seq: number | undefined,
): AsyncGenerator<string> {
  yield csvLine(STATEMENT_COLUMNS);
  for (let left = entries_max, below = before_seq; left > 0;) {
    const page = { limit: Math.min(left, STATEMENT_PAGE), before_seq: below };
    const entries = await wallets.listEntries(customer_id, page);
    if (entries.length > 0)
      yield entries.map((entry) => csvLine(STATEMENT_COLUMNS.map((column) => entry[column]))).join("");
    if (entries.length < page.limit) return;
    left -= entries.length;
    below = entries.at(-1)?.seq;
  }
}
