import {
  HASH,
  KEY,
  OTHER_HASH,
  constraint,
  index,
  insertEntry,
  insertSeal,
  setJob,
  setWallet,
  type Guard,
} from "./guard-attacks.ts";

// Constraints and unique indexes, each with a write that only it refuses.

const wallets = constraint("wallets");
const entries = constraint("wallet_entries");
const jobs = constraint("jobs");
const prices = constraint("customer_prices");
const seals = constraint("wallet_seals");

export const CONSTRAINTS: readonly Guard[] = [
  wallets(
    "wallets_not_overspent",
    setWallet("current_balance_cents = 19"),
    "accepted; broken: balance_is_sum_of_entries, nothing_is_overspent",
  ),
  wallets(
    "wallets_balance_limit",
    setWallet("current_balance_cents = 9000000000000001"),
    "accepted; broken: balance_is_sum_of_entries",
  ),
  wallets(
    "wallets_pending_charges_cents_check",
    setWallet("pending_charges_cents = -1"),
    "accepted; broken: held_is_sum_of_open_holds, nothing_is_overspent",
  ),
  wallets("wallets_credit_limit_cents_check", setWallet("credit_limit_cents = -1"), "accepted"),
  wallets("wallets_monthly_spend_limit_cents_check", setWallet("monthly_spend_limit_cents = -1"), "accepted"),
  wallets(
    "wallets_month_spent_cents_check",
    setWallet("month_spent_cents = -1"),
    "accepted; broken: spent_this_month_is_sum_of_charges",
  ),
  wallets(
    "wallets_pkey",
    ({ other, wallet }) => `UPDATE wallets SET id = '${wallet}' WHERE customer_id = '${other}'`,
    "accepted; broken: balance_is_sum_of_entries, entries_are_gapless, entries_have_a_wallet, spent_this_month_is_sum_of_charges",
  ),
  wallets(
    "wallets_customer_id_key",
    ({ customer }) => `INSERT INTO wallets (id, customer_id) VALUES (gen_random_uuid(), '${customer}')`,
    "accepted; broken: held_is_sum_of_open_holds, success_is_charged_once_at_its_cost",
  ),
  wallets(
    "wallets_customer_id_fkey",
    () => "INSERT INTO wallets (id, customer_id) VALUES (gen_random_uuid(), gen_random_uuid())",
    "accepted",
  ),

  entries(
    "wallet_entries_pkey",
    ({ wallet }) => insertEntry({ wallet, kind: "top_up", cents: "5", seq: "2" }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless",
  ),
  entries(
    "wallet_entries_seq_check",
    ({ wallet }) => insertEntry({ wallet, kind: "top_up", cents: "5", seq: "0" }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless",
  ),
  entries(
    "wallet_entries_amount_cents_check",
    ({ wallet }) => insertEntry({ wallet, kind: "adjustment", cents: "0", reason: "none" }),
    "accepted; broken: running_balance_is_unbroken, entries_are_gapless",
  ),
  entries(
    "wallet_entries_balance_after_cents_check",
    ({ wallet }) => insertEntry({ wallet, kind: "top_up", cents: "5", after: "9007199254740992" }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless",
  ),
  entries(
    "wallet_entries_sign",
    ({ wallet }) => insertEntry({ wallet, kind: "top_up", cents: "-5" }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless",
  ),
  entries(
    "wallet_entries_name_their_job",
    ({ wallet }) => insertEntry({ wallet, kind: "refund", cents: "5" }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless",
  ),
  entries(
    "wallet_entries_name_their_actor",
    ({ wallet }) => insertEntry({ wallet, kind: "top_up", cents: "5", actor: null }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless",
  ),
  entries(
    "wallet_entries_adjustment_has_reason",
    ({ wallet }) => insertEntry({ wallet, kind: "adjustment", cents: "5" }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless",
  ),
  index(
    "wallet_entries_one_charge",
    ({ wallet, succeeded }) => insertEntry({ wallet, kind: "charge", cents: "-10", job: succeeded }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless, success_is_charged_once_at_its_cost, spent_this_month_is_sum_of_charges",
  ),
  index(
    "wallet_entries_one_reference",
    ({ wallet }) => insertEntry({ wallet, kind: "top_up", cents: "5", reference: "start" }),
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless",
  ),

  jobs(
    "jobs_pkey",
    ({ pending, running }) => `UPDATE jobs SET id = '${running}' WHERE id = '${pending}'`,
    "accepted; broken: every_waiting_job_is_queued_once",
  ),
  jobs(
    "jobs_customer_id_fkey",
    setJob("pending", "customer_id = gen_random_uuid()"),
    "accepted; broken: held_is_sum_of_open_holds",
  ),
  jobs("jobs_job_type_id_fkey", setJob("pending", "job_type_id = gen_random_uuid()"), "accepted"),
  jobs(
    "jobs_estimated_cost_cents_check",
    setJob("pending", "estimated_cost_cents = -1"),
    "accepted; broken: held_is_sum_of_open_holds",
  ),
  jobs(
    "jobs_cost_within_hold",
    setJob("succeeded", "cost_cents = 11"),
    "accepted; broken: success_is_charged_once_at_its_cost, no_charge_is_above_its_quote",
  ),
  jobs(
    "jobs_only_success_costs",
    setJob("failed", "cost_cents = 5"),
    "accepted; broken: nothing_else_is_charged",
  ),
  jobs("jobs_ended_has_time", setJob("failed", "completed_at = NULL"), "accepted"),
  jobs(
    "jobs_running_has_runner",
    setJob("running", "runner_id = NULL"),
    "accepted; broken: every_running_job_has_a_lease",
  ),
  jobs("jobs_check", setJob("running", "excused_attempts = 2"), "accepted"),

  constraint("job_types")(
    "job_types_standard_cost_cents_check",
    ({ type }) => `UPDATE job_types SET standard_cost_cents = -1 WHERE id = '${type}'`,
    "accepted",
  ),
  prices(
    "customer_prices_cost_cents_check",
    ({ customer, type }) => `INSERT INTO customer_prices VALUES ('${customer}', '${type}', -1)`,
    "accepted",
  ),
  prices(
    "customer_prices_pkey",
    ({ customer, type }) =>
      `INSERT INTO customer_prices VALUES ('${customer}', '${type}', 1), ('${customer}', '${type}', 2)`,
    "accepted",
  ),
  prices(
    "customer_prices_customer_id_fkey",
    ({ type }) => `INSERT INTO customer_prices VALUES (gen_random_uuid(), '${type}', 1)`,
    "accepted",
  ),
  prices(
    "customer_prices_job_type_id_fkey",
    ({ customer }) => `INSERT INTO customer_prices VALUES ('${customer}', gen_random_uuid(), 1)`,
    "accepted",
  ),
  constraint("idempotency_keys")(
    "idempotency_keys_pkey",
    () =>
      `INSERT INTO idempotency_keys (id, request_hash) VALUES ('${KEY}', '${HASH}'), ('${KEY}', '${OTHER_HASH}')`,
    "accepted",
  ),
  seals(
    "wallet_seals_pkey",
    ({ wallet }) => `${insertSeal(wallet, 1, 2)}; ${insertSeal(wallet, 1, 2)}`,
    "accepted",
  ),
  seals(
    "wallet_seals_link_key",
    ({ wallet }) =>
      `INSERT INTO wallet_seals (link, wallet_id, first_seq, last_seq, hash) VALUES (1, '${wallet}', 1, 1, sha256('')), (1, '${wallet}', 2, 2, sha256(''))`,
    "accepted",
  ),
  seals("wallet_seals_check", ({ wallet }) => insertSeal(wallet, 3, 2), "accepted"),
  seals("wallet_seals_hash_check", ({ wallet }) => insertSeal(wallet, 1, 2, "''"), "accepted"),
];

/** Of the tables of money and the fence: constraints that guard neither, only the form of what is stored. */
export const FORM_ONLY: readonly string[] = [
  "jobs_priority_check",
  "jobs_max_attempts_check",
  "price_history_pkey",
  "wallet_entries_actor_check",
  "wallet_entries_reason_check",
  "wallet_entries_reference_check",
  "wallets_currency_check",
  "wallets_low_balance_cents_check",
];
