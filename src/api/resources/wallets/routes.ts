import { findWallet } from "../../../core/use-cases/find-wallet.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { balanceAt } from "../../../core/use-cases/statement.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly, refuseForeign } from "../../http/auth.ts";
import { IdParams } from "../../http/fields.ts";
import { Balance, BalanceQuery, Wallet, WalletChanges } from "./contract.ts";

const tags = ["Wallets"];

export function walletRoutes(api: Api, { wallets }: Platform): void {
  api.get(
    "/customers/:id/wallet",
    {
      schema: {
        operationId: "getWallet",
        tags,
        summary: "Get the wallet of a customer",
        description:
          "Returns the balance, what is held for open jobs, what a new job may cost, and the limits of the wallet.",
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
        summary: "Update the limits of a wallet, or freeze it",
        description:
          "Changes only the fields that are sent. Balance plus credit limit must cover the held money: otherwise a lower credit limit, or the end of a freeze, is refused with 402 until the wallet is topped up.",
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
        summary: "Get the balance, now or at a past time",
        description:
          "Returns the balance after the last entry up to that time. Held money is not taken off: it moves when its job succeeds.",
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
}
