import { Readable } from "node:stream";
import { z } from "zod";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { balanceAt, findPeriod } from "../../../core/use-cases/statement.ts";
import type { WalletRepository } from "../../../core/model/wallet.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly, noCustomer, refuseForeign } from "../../http/auth.ts";
import { IdParams, PAGE_LIMIT_DEFAULT } from "../../http/fields.ts";
import { Balance, BalanceQuery, EntriesQuery, Wallet, WalletChanges, WalletEntryPage } from "./contract.ts";
import { prefersCsv } from "../../http/csv.ts";
import { toPage } from "../../http/cursor.ts";
import { statement } from "./statement.ts";
import { invalidField } from "../../http/validation.ts";

const tags = ["Wallets"];

const CSV_TYPE = "text/csv; charset=utf-8; header=present";

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

  api.patch(
    "/customers/:id/wallet",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "updateWallet",
        tags,
        summary: "Set a wallet's limits, or freeze it",
        description:
          "Only what is sent changes. What is held and owed must stay covered: a lower credit limit, or an end of the freeze, may be refused until money came in.",
        params: IdParams,
        body: WalletChanges,
        response: { 200: Wallet },
        errors: ["not_found", "insufficient_funds"],
      },
    },
    async ({ params, body }) => await wallets.update(params.id, body),
  );

  api.get(
    "/customers/:id/wallet/balance",
    {
      schema: {
        operationId: "getBalance",
        tags,
        summary: "Read the balance at any past time",
        params: IdParams,
        querystring: BalanceQuery,
        response: { 200: Balance },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { params, query } = request;
      refuseForeign(request, params.id);
      const { currency, customer_id } = await findWallet(wallets, params.id);
      const when = query.at === undefined ? undefined : { at: query.at };
      const { seq, balance_cents } = await balanceAt(wallets, customer_id, when);
      return { customer_id, currency, balance_cents, seq };
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
          "Of a period, or all of them. With `Accept: text/csv`, a statement: a header row and one line an entry, all of them unless `limit` says how many. A statement of a period is in the order of time, between a line with the opening balance and one with the closing balance. Text that a spreadsheet would take for a formula begins with an apostrophe there.",
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
      if (query.from !== undefined && query.to !== undefined && query.from > query.to)
        throw invalidField("/to", "must not be before from");
      const period = await findPeriod(wallets, params.id, query);
      reply.header("vary", "accept");
      if (prefersCsv(request.headers.accept)) {
        const lines = statement(wallets, params.id, query, period);
        return reply
          .type(CSV_TYPE)
          .header("content-disposition", `attachment; filename="wallet-${params.id}.csv"`)
          .send(Readable.from(lines));
      }
      const limit = query.limit ?? PAGE_LIMIT_DEFAULT;
      const rows = await wallets.listEntries(params.id, {
        limit: limit + 1,
        before_seq: Math.min(query.cursor ?? Infinity, period.closing.seq + 1),
        after_seq: period.opening.seq,
      });
      return {
        ...toPage(rows, limit, (entry) => entry.seq),
        opening_balance_cents: period.opening.balance_cents,
        closing_balance_cents: period.closing.balance_cents,
      };
    },
  );
}

async function findWallet(wallets: WalletRepository, customer_id: string) {
  const wallet = await wallets.findByCustomerId(customer_id);
  if (!wallet) throw noCustomer(customer_id);
  return wallet;
}
