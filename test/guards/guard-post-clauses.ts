import {
  setJob,
  clause,
  fromTheFuture,
  inTurn,
  insertEntry,
  lastEntryInOrder,
  post,
  refund,
  setWallet,
  type Guard,
} from "./guard-attacks.ts";

// Clauses of the functions that move money by hand, and of the check of all entries.

const checking = clause("check_entries");
const posting = clause("post_entries");
const appending = clause("append_entry");
const refunding = clause("refund_job");

export const POST_CLAUSES: readonly Guard[] = [
  checking(
    "a charge is its job's cost",
    ["j.status IS DISTINCT FROM 'succeeded' OR j.cost_cents IS DISTINCT FROM -n.amount_cents", "false"],
    ({ wallet, gratis }) => insertEntry({ wallet, kind: "charge", cents: "-10", job: gratis }),
    "wallet_entries_charge_needs_success",
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless, nothing_else_is_charged, spent_this_month_is_sum_of_charges",
  ),
  checking(
    "a charge goes to the wallet of the job's customer",
    [" OR w.customer_id IS DISTINCT FROM j.customer_id", ""],
    (targets) =>
      `${setJob("running", "status = 'succeeded', cost_cents = 10, completed_at = now()")(targets)};
       ${insertEntry({ wallet: targets.other_wallet, seq: "2", kind: "charge", cents: "-10", after: "90", job: targets.running })}`,
    "wallet_entries_charge_needs_success",
    "accepted; broken: balance_is_sum_of_entries, held_is_sum_of_open_holds, entries_are_gapless, success_is_charged_once_at_its_cost, spent_this_month_is_sum_of_charges",
  ),
  checking(
    "a charge is its job's cost, alone",
    [" AND j.status = 'succeeded' AND j.cost_cents = -n.amount_cents", ""],
    ({ wallet, gratis }) => insertEntry({ wallet, kind: "charge", cents: "-10", job: gratis }),
    "wallet_entries_charge_needs_success",
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless, nothing_else_is_charged, spent_this_month_is_sum_of_charges",
  ),
  checking(
    "a charge goes to the wallet of the job's customer, alone",
    [
      "(SELECT w.customer_id FROM wallets w WHERE w.id = n.wallet_id) <> (",
      "(SELECT j.customer_id FROM jobs j WHERE j.id = n.job_id) <> (",
    ],
    (targets) =>
      `${setJob("running", "status = 'succeeded', cost_cents = 10, completed_at = now()")(targets)};
       ${insertEntry({ wallet: targets.other_wallet, seq: "2", kind: "charge", cents: "-10", after: "90", job: targets.running })}`,
    "wallet_entries_charge_needs_success",
    "accepted; broken: balance_is_sum_of_entries, held_is_sum_of_open_holds, entries_are_gapless, success_is_charged_once_at_its_cost, spent_this_month_is_sum_of_charges",
  ),
  checking(
    "a charge has a job, alone",
    [", true ) INTO v_kind", ", false ) INTO v_kind"],
    ({ wallet }) =>
      insertEntry({ wallet, kind: "charge", cents: "-10", job: "00000000-0000-0000-0000-0000000000ee" }),
    "wallet_entries_charge_needs_success",
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless, nothing_else_is_charged, spent_this_month_is_sum_of_charges",
  ),
  checking(
    "refunds stay within the charge",
    ["r.cents > -c.amount_cents", "false"],
    ({ wallet, succeeded }) => insertEntry({ wallet, kind: "refund", cents: "11", job: succeeded }),
    "wallet_entries_refund_within_charge",
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless, refunds_stay_within_charges",
  ),
  checking(
    "a refund has a charge",
    ["c.job_id IS NULL OR ", ""],
    ({ wallet, failed }) => insertEntry({ wallet, kind: "refund", cents: "5", job: failed }),
    "wallet_entries_refund_within_charge",
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless, refunds_stay_within_charges",
  ),
  checking(
    "a refund goes to who was charged",
    [" AND c.wallet_id = r.wallet_id", ""],
    ({ other_wallet, succeeded }) =>
      insertEntry({ wallet: other_wallet, seq: "2", kind: "refund", cents: "5", job: succeeded }),
    "wallet_entries_refund_within_charge",
    "accepted; broken: balance_is_sum_of_entries, running_balance_is_unbroken, entries_are_gapless, refunds_stay_within_charges",
  ),

  posting(
    "a reference moves money once",
    ["IF FOUND THEN", "IF false THEN"],
    ({ customer }) => post(customer, "top_up", "100", "start"),
    "replayed",
    "wallet_entries_one_reference",
  ),
  posting(
    "a reference stands for one movement",
    ["v_entry.kind = p_kinds[n] AND v_entry.amount_cents = p_amounts[n]", "true"],
    ({ customer }) => post(customer, "top_up", "101", "start"),
    "reference_reused",
    "replayed",
  ),
  posting(
    "a reference stands for one kind",
    ["v_entry.kind = p_kinds[n] AND ", ""],
    ({ customer }) => post(customer, "grant", "100", "start"),
    "reference_reused",
    "replayed",
  ),
  posting(
    "an adjustment takes only what is available",
    ["available_cents(v_wallet) < -p_amounts[n]", "false"],
    ({ customer }) => post(customer, "adjustment", "-71", "x"),
    "insufficient_funds",
    "wallets_not_overspent",
  ),
  clause("available_cents")(
    "what is held is not available",
    [" - w.pending_charges_cents", ""],
    ({ customer }) => post(customer, "adjustment", "-71", "x"),
    "insufficient_funds",
    "wallets_not_overspent",
  ),
  posting(
    "a balance has a limit",
    ["exceeds_balance_limit(v_wallet, p_amounts[n])", "false"],
    ({ customer }) => post(customer, "top_up", "9000000000000000", "x"),
    "balance_limit",
    "wallet_entries_balance_after_cents_check",
  ),
  appending(
    "a chargeback that leaves too little freezes",
    ["(p_kind = 'chargeback' AND available_cents(p_wallet) + p_amount_cents < 0)", "false"],
    inTurn(
      ({ customer }) => post(customer, "chargeback", "-71", "x"),
      ({ wallet }) => `SELECT frozen_at IS NOT NULL FROM wallets WHERE id = '${wallet}'`,
    ),
    "true",
    "wallets_not_overspent",
  ),
  appending(
    "a chargeback freezes where that is asked",
    ["p_freeze OR ", ""],
    inTurn(
      ({ customer }) => post(customer, "chargeback", "-1", "x", "t"),
      ({ wallet }) => `SELECT frozen_at IS NOT NULL FROM wallets WHERE id = '${wallet}'`,
    ),
    "true",
    "false",
  ),
  appending(
    "the balance moves",
    ["current_balance_cents = v_balance, ", ""],
    ({ customer }) => post(customer, "top_up", "5", "x"),
    "posted",
    "posted; broken: balance_is_sum_of_entries",
  ),
  appending(
    "seq moves on",
    ["last_entry_seq = v_entry.seq, ", ""],
    ({ customer }) => post(customer, "top_up", "5", "x"),
    "posted",
    "posted; broken: entries_are_gapless",
  ),
  appending(
    "time does not go back",
    ["greatest(p_wallet.updated_at, clock_timestamp())", "clock_timestamp()"],
    inTurn(fromTheFuture, ({ customer }) => post(customer, "top_up", "5", "x"), lastEntryInOrder),
    "in order",
    "back in time",
  ),
  appending(
    "a low balance is told once",
    [" AND p_wallet.current_balance_cents >= p_wallet.low_balance_cents", ""],
    inTurn(
      setWallet("low_balance_cents = 95"),
      ({ customer }) => post(customer, "adjustment", "-5", "x"),
      () => "SELECT count(*) FROM outbox",
    ),
    "0",
    "1",
  ),

  refunding(
    "refunds stay within the charge",
    [" OR v_amount > charged_cents - refunded_cents", ""],
    ({ succeeded }) => refund(succeeded, "11", "x"),
    "refund_exceeds_charge",
    "wallet_entries_refund_within_charge",
  ),
  refunding(
    "what was refunded before counts",
    ["refunded_cents := coalesce(( SELECT sum", "refunded_cents := 0 * coalesce(( SELECT sum"],
    inTurn(
      ({ succeeded }) => refund(succeeded, "6", "x"),
      ({ succeeded }) => refund(succeeded, "5", "y"),
    ),
    "refund_exceeds_charge",
    "wallet_entries_refund_within_charge",
  ),
  refunding(
    "nothing is no refund",
    ["v_amount = 0 OR ", ""],
    inTurn(
      ({ succeeded }) => refund(succeeded, "NULL", "x"),
      ({ succeeded }) => refund(succeeded, "NULL", "y"),
    ),
    "refund_exceeds_charge",
    "wallet_entries_amount_cents_check",
  ),
  refunding(
    "a job that was not charged has no refund",
    ["  IF NOT FOUND THEN", "  IF false THEN"],
    ({ failed }) => refund(failed, "5", "x"),
    "refund_exceeds_charge",
    'null value in column "wallet_id" of relation "wallet_entries" violates not-null constraint',
  ),
  refunding(
    "a reference moves money once",
    ["  IF FOUND THEN", "  IF false THEN"],
    inTurn(
      ({ succeeded }) => refund(succeeded, "5", "x"),
      ({ succeeded }) => refund(succeeded, "5", "x"),
    ),
    "replayed",
    "wallet_entries_one_reference",
  ),
  refunding(
    "a reference stands for one amount",
    [" AND v_entry.amount_cents = coalesce(p_amount_cents, v_entry.amount_cents)", ""],
    inTurn(
      ({ succeeded }) => refund(succeeded, "5", "x"),
      ({ succeeded }) => refund(succeeded, "4", "x"),
    ),
    "reference_reused",
    "replayed",
  ),
  refunding(
    "a reference stands for one kind",
    ["v_entry.kind = 'refund' AND v_entry.job_id = p_job AND ", ""],
    ({ succeeded }) => refund(succeeded, "NULL", "start"),
    "reference_reused",
    "replayed",
  ),
];
