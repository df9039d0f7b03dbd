import { history, inTurn, insertEntry, sealed, trigger, type Guard } from "./guard-attacks.ts";

export const TRIGGERS: readonly Guard[] = [
  trigger("wallets")(
    "wallets_stay",
    ({ other_wallet }) => `DELETE FROM wallets WHERE id = '${other_wallet}'`,
    "DELETE on wallets is forbidden",
    "accepted; broken: entries_have_a_wallet",
  ),
  trigger("wallet_entries")(
    "wallet_entries_append_only (UPDATE)",
    ({ wallet }) => `UPDATE wallet_entries SET amount_cents = 101 WHERE wallet_id = '${wallet}' AND seq = 1`,
    "UPDATE on wallet_entries is forbidden",
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken",
  ),
  trigger("wallet_entries")(
    "wallet_entries_append_only (DELETE)",
    () => "DELETE FROM wallet_entries",
    "DELETE on wallet_entries is forbidden",
    "accepted; broken: balance_is_sum_of_entries, entries_are_gapless, success_is_charged_once_at_its_cost, spent_this_month_is_sum_of_charges",
  ),
  trigger("wallet_entries")(
    "wallet_entries_append_only (TRUNCATE)",
    () => "TRUNCATE wallet_entries",
    "TRUNCATE on wallet_entries is forbidden",
    "accepted; broken: balance_is_sum_of_entries, entries_are_gapless, success_is_charged_once_at_its_cost, spent_this_month_is_sum_of_charges",
  ),
  trigger("wallet_entries")(
    "wallet_entries_checked",
    ({ wallet, running }) => insertEntry({ wallet, kind: "charge", cents: "-10", job: running }),
    "wallet_entries_charge_needs_success",
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless, nothing_else_is_charged, spent_this_month_is_sum_of_charges",
  ),
  trigger("wallet_seals")(
    "wallet_seals_append_only (UPDATE)",
    inTurn(sealed, () => "UPDATE wallet_seals SET hash = sha256('')"),
    "UPDATE on wallet_seals is forbidden",
    "accepted",
  ),
  trigger("wallet_seals")(
    "wallet_seals_append_only (DELETE)",
    inTurn(sealed, () => "DELETE FROM wallet_seals"),
    "DELETE on wallet_seals is forbidden",
    "accepted",
  ),
  trigger("wallet_seals")(
    "wallet_seals_append_only (TRUNCATE)",
    () => "TRUNCATE wallet_seals",
    "TRUNCATE on wallet_seals is forbidden",
    "accepted",
  ),
  trigger("price_history")(
    "price_history_append_only (UPDATE)",
    () => "UPDATE price_history SET cost_cents = 1",
    "UPDATE on price_history is forbidden",
    "accepted",
  ),
  trigger("price_history")(
    "price_history_append_only (DELETE)",
    () => "DELETE FROM price_history",
    "DELETE on price_history is forbidden",
    "accepted",
  ),
  trigger("price_history")(
    "price_history_append_only (TRUNCATE)",
    () => "TRUNCATE price_history",
    "TRUNCATE on price_history is forbidden",
    "accepted",
  ),
  ...(["UPDATE", "DELETE", "TRUNCATE"] as const).map((verb) =>
    trigger("operator_actions")(
      `operator_actions_append_only (${verb})`,
      () =>
        ({
          UPDATE: "UPDATE operator_actions SET operator_name = 'somebody else'",
          DELETE: "DELETE FROM operator_actions",
          TRUNCATE: "TRUNCATE operator_actions",
        })[verb],
      `${verb} on operator_actions is forbidden`,
      "accepted",
    ),
  ),
  trigger("operator_actions")(
    "operator_actions_erased_only",
    inTurn(
      () =>
        `INSERT INTO operator_actions (id, operator_name, action, target_type, after, address, request_id)
         VALUES (gen_random_uuid(), 'somebody', 'updateWallet', 'customer', '{"credit_limit_cents": 1}', '::1', gen_random_uuid())`,
      () => "UPDATE operator_actions SET after = '{}'",
    ),
    "UPDATE on operator_actions is forbidden",
    "accepted",
  ),
  trigger("job_types")(
    "job_types_price_made",
    () =>
      "INSERT INTO job_types (id, name, processing_logic_id, standard_cost_cents) VALUES (gen_random_uuid(), 'New', 'echo', 7); SELECT cost_cents FROM price_history ORDER BY id DESC LIMIT 1",
    "7",
    "0",
  ),
  trigger("job_types")(
    "job_types_price_changed",
    inTurn(({ type }) => `UPDATE job_types SET standard_cost_cents = 11 WHERE id = '${type}'`, history),
    "2 prices",
    "1 prices",
  ),
  trigger("customer_prices")(
    "customer_prices_made",
    inTurn(
      ({ customer, type }) =>
        `INSERT INTO customer_prices VALUES ('${customer}', '${type}', 3); DELETE FROM customer_prices`,
      history,
    ),
    "3 prices",
    "1 prices",
  ),
  trigger("customer_prices")(
    "customer_prices_changed",
    inTurn(
      ({ customer, type }) =>
        `INSERT INTO customer_prices VALUES ('${customer}', '${type}', 3); UPDATE customer_prices SET cost_cents = 4`,
      history,
    ),
    "3 prices",
    "2 prices",
  ),
  trigger("wallets")(
    "wallets_frozen_told",
    inTurn(
      () =>
        `INSERT INTO webhook_endpoints (id, url, events)
         VALUES (gen_random_uuid(), 'https://shop.example', '{wallet.frozen}')`,
      ({ wallet }) => `UPDATE wallets SET frozen_at = now() WHERE id = '${wallet}'`,
      () => "SELECT count(*) FROM webhook_deliveries",
    ),
    "1",
    "0",
  ),
];
