import {
  cancel,
  claimAlone,
  clause,
  fromTheFuture,
  giveToOther,
  inTurn,
  lastEntryInOrder,
  setWallet,
  settleAlone,
  submitAlone,
  walletInOrder,
  type Guard,
} from "./guard-attacks.ts";

// Clauses of the functions that submit, start and settle a job that is alone in its batch.

const submitting = clause("submit_job");
const starting = clause("start_job");
const settling = clause("settle_success");

export const LONE_CLAUSES: readonly Guard[] = [
  submitting(
    "only what the wallet can pay",
    [" AND hold_refusal(w, price.cents) IS NULL", ""],
    inTurn(setWallet("frozen_at = now()"), (targets) => submitAlone(targets)),
    "",
    "stored at 10",
  ),
  submitting(
    "the hold",
    ["w.pending_charges_cents + price.cents", "w.pending_charges_cents"],
    (targets) => submitAlone(targets),
    "stored at 10",
    "stored at 10; broken: held_is_sum_of_open_holds",
  ),
  submitting(
    "a wallet's time does not go back",
    ["greatest(w.updated_at, clock_timestamp())", "clock_timestamp()"],
    inTurn(fromTheFuture, (targets) => submitAlone(targets), walletInOrder),
    "in order",
    "back in time",
  ),
  submitting(
    "nothing for who is not active",
    [" AND c.active", ""],
    inTurn(
      ({ customer }) => `UPDATE customers SET active = false WHERE id = '${customer}'`,
      (targets) => submitAlone(targets),
    ),
    "",
    "stored at 10",
  ),
  submitting(
    "nothing for who has a waiting_limit",
    [" AND c.waiting_limit IS NULL", ""],
    inTurn(
      ({ customer }) => `UPDATE customers SET waiting_limit = 1 WHERE id = '${customer}'`,
      (targets) => submitAlone(targets),
    ),
    "",
    "stored at 10",
  ),
  submitting(
    "nothing of a type that is disabled",
    [" AND t.enabled", ""],
    inTurn(
      ({ type }) => `UPDATE job_types SET enabled = false WHERE id = '${type}'`,
      (targets) => submitAlone(targets),
    ),
    "",
    "stored at 10",
  ),
  submitting(
    "nothing in another currency",
    [" AND (o.cost_cents IS NOT NULL OR is_priced_in(t, w.currency))", ""],
    inTurn(
      ({ type }) => `UPDATE job_types SET currency = 'USD' WHERE id = '${type}'`,
      (targets) => submitAlone(targets),
    ),
    "",
    "stored at 10",
  ),
  submitting(
    "a customer's own price",
    ["coalesce(o.cost_cents, t.standard_cost_cents)", "t.standard_cost_cents"],
    inTurn(
      ({ customer, type }) => `INSERT INTO customer_prices VALUES ('${customer}', '${type}', 3)`,
      (targets) => submitAlone(targets),
    ),
    "stored at 3",
    "stored at 10",
  ),
  submitting(
    "an old id is left to the way that notes it",
    ["p_id < id_at(clock_timestamp() - interval '5 seconds')", "false"],
    (targets) => submitAlone(targets, "10 s"),
    "",
    "stored at 10",
  ),
  submitting(
    "a job that is stored is queued",
    [
      "CASE WHEN h.listed THEN now() END FROM held h",
      "CASE WHEN h.listed THEN now() END FROM held h WHERE false",
    ],
    (targets) => submitAlone(targets),
    "stored at 10",
    "stored at 10; broken: every_waiting_job_is_queued_once",
  ),
  starting(
    "only a pending job is started",
    ["WHERE j.id = p_id AND j.status = 'pending'", "WHERE j.id = p_id"],
    (targets) => claimAlone(targets, targets.running, targets.spare_runner),
    "0",
    "1",
  ),
  starting(
    "only a registered runner claims",
    [
      "JOIN runners r ON r.id = p_runner AND serves(r, t)",
      "JOIN (SELECT * FROM runners LIMIT 1 FOR KEY SHARE) r ON serves(r, t)",
    ],
    (targets) => claimAlone(targets, targets.pending, targets.customer),
    "0",
    "1",
  ),
  starting(
    "every claim is a new attempt",
    ["attempt = j.attempt + 1", "attempt = greatest(j.attempt, 1)"],
    inTurn(
      ({ running }) =>
        `SELECT FROM settle_jobs('{${running}}', '{1}', '{released}', NULL, NULL, NULL, NULL, NULL)`,
      (targets) => claimAlone(targets, targets.running, targets.spare_runner),
      ({ running }) => settleAlone(running),
    ),
    "running, cost none",
    "succeeded, cost 10",
  ),
  starting(
    "a claim leaves a lease",
    ["VALUES (p_lease, p_runner, ARRAY[p_id])", "SELECT p_lease, p_runner, ARRAY[p_id] WHERE false"],
    (targets) => claimAlone(targets, targets.pending),
    "1",
    "1; broken: every_running_job_has_a_lease",
  ),
  starting(
    "who claims takes the job's place",
    ["WHERE q.priority = v_priority AND q.job_id = p_id )", "WHERE false )"],
    (targets) => claimAlone(targets, targets.pending),
    "1",
    "1; broken: every_waiting_job_is_queued_once",
  ),
  starting(
    "only what the runner serves",
    [" AND serves(r, t)", ""],
    inTurn(
      ({ runner }) => `UPDATE runners SET processor_ids = '{another}' WHERE id = '${runner}'`,
      (targets) => claimAlone(targets, targets.pending),
    ),
    "0",
    "1",
  ),
  starting(
    "only of the priorities that the runner takes",
    [" AND coalesce(q.priority = ANY (r.priorities), true)", ""],
    inTurn(
      ({ runner }) => `UPDATE runners SET priorities = '{2}' WHERE id = '${runner}'`,
      (targets) => claimAlone(targets, targets.pending),
    ),
    "0",
    "1",
  ),
  starting(
    "nothing of a limited type",
    [" AND t.running_limit IS NULL", ""],
    inTurn(
      ({ type }) => `UPDATE job_types SET running_limit = 1 WHERE id = '${type}'`,
      (targets) => claimAlone(targets, targets.pending),
    ),
    "0",
    "1",
  ),
  starting(
    "nothing of a limited customer",
    [" AND c.running_limit IS NULL", ""],
    inTurn(
      ({ customer }) => `UPDATE customers SET running_limit = 1 WHERE id = '${customer}'`,
      (targets) => claimAlone(targets, targets.pending),
    ),
    "0",
    "1",
  ),
  starting(
    "nothing of a paused type",
    [" AND t.paused_at IS NULL", ""],
    inTurn(
      ({ type }) => `UPDATE job_types SET paused_at = now() WHERE id = '${type}'`,
      (targets) => claimAlone(targets, targets.pending),
    ),
    "0",
    "1",
  ),
  starting(
    "nothing of a paused queue",
    [" AND NOT EXISTS (SELECT FROM queue_pause)", ""],
    inTurn(
      () => "INSERT INTO queue_pause DEFAULT VALUES",
      (targets) => claimAlone(targets, targets.pending),
    ),
    "0",
    "1",
  ),

  settling(
    "only a running job is settled",
    ["j.status = 'running' AND j.attempt = p_attempt", "j.attempt = p_attempt"],
    inTurn(
      ({ running }) => cancel(running),
      ({ running }) => settleAlone(running),
    ),
    "cancelled, cost none",
    "succeeded, cost 10; broken: held_is_sum_of_open_holds",
  ),
  settling(
    "only by its own attempt",
    ["j.status = 'running' AND j.attempt = p_attempt", "j.status = 'running'"],
    ({ running }) => settleAlone(running, 0),
    "running, cost none",
    "succeeded, cost 10",
  ),
  settling(
    "a cost is at most the hold",
    [
      "least(coalesce(p_cost, j.estimated_cost_cents), j.estimated_cost_cents)",
      "coalesce(p_cost, j.estimated_cost_cents)",
    ],
    ({ running }) => settleAlone(running, 1, "11"),
    "succeeded, cost 10",
    "jobs_cost_within_hold",
  ),
  settling(
    "a cost is never below nothing",
    ["greatest(0, least(", "(least("],
    ({ running }) => settleAlone(running, 1, "-5"),
    "succeeded, cost 0",
    "jobs_cost_within_hold",
  ),
  settling(
    "a job has a wallet",
    ["IF NOT FOUND THEN RAISE", "IF false THEN RAISE"],
    inTurn(
      () =>
        "INSERT INTO customers (id, name, email) VALUES ('00000000-0000-0000-0000-0000000000dd', 'None', 'n@example.com')",
      ({ running }) =>
        `UPDATE jobs SET customer_id = '00000000-0000-0000-0000-0000000000dd' WHERE id = '${running}'`,
      ({ running }) => settleAlone(running, 1, "0"),
    ),
    "a job has no wallet",
    "succeeded, cost 0; broken: held_is_sum_of_open_holds",
  ),
  settling(
    "nothing is no entry",
    ["IF v_job.cost > 0 THEN", "IF true THEN"],
    ({ running }) => settleAlone(running, 1, "0"),
    "succeeded, cost 0",
    "wallet_entries_amount_cents_check",
  ),
  settling(
    "the hold is released",
    ["w.pending_charges_cents - v_job.hold", "w.pending_charges_cents"],
    ({ running }) => settleAlone(running),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: held_is_sum_of_open_holds",
  ),
  settling(
    "the balance moves",
    ["w.current_balance_cents - v_job.cost,", "w.current_balance_cents,"],
    ({ running }) => settleAlone(running),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: balance_is_sum_of_entries, running_balance_is_unbroken",
  ),
  settling(
    "the balance after is the balance after",
    ["-v_job.cost, v_wallet.balance,", "-v_job.cost, v_wallet.balance + v_job.cost,"],
    ({ running }) => settleAlone(running),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: running_balance_is_unbroken",
  ),
  settling(
    "the month is counted",
    [
      "WHEN t.month THEN w.month_spent_cents ELSE 0 END + v_job.cost",
      "WHEN t.month THEN w.month_spent_cents ELSE 0 END",
    ],
    ({ running }) => settleAlone(running),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: spent_this_month_is_sum_of_charges",
  ),
  settling(
    "another month starts at nothing",
    [
      "CASE w.spend_month WHEN t.month THEN w.month_spent_cents ELSE 0 END + v_job.cost",
      "w.month_spent_cents + v_job.cost",
    ],
    inTurn(
      giveToOther,
      ({ other_wallet }) =>
        `UPDATE wallets SET spend_month = '2020-01-01', month_spent_cents = 5 WHERE id = '${other_wallet}'`,
      ({ running }) => settleAlone(running),
    ),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: spent_this_month_is_sum_of_charges",
  ),
  settling(
    "seq moves on",
    ["w.last_entry_seq + (v_job.cost > 0)::int", "w.last_entry_seq"],
    ({ running }) => settleAlone(running),
    "succeeded, cost 10",
    "wallet_entries_pkey",
  ),
  settling(
    "time does not go back",
    ["SELECT greatest(w.updated_at, clock_timestamp()) AS", "SELECT clock_timestamp() AS"],
    inTurn(fromTheFuture, ({ running }) => settleAlone(running), lastEntryInOrder),
    "in order",
    "back in time",
  ),
  settling(
    "a low balance is told once",
    [" AND v_wallet.balance + v_job.cost >= v_wallet.threshold", ""],
    inTurn(
      setWallet("low_balance_cents = 95"),
      ({ running }) => settleAlone(running),
      () => "SELECT count(*) FROM outbox",
    ),
    "0",
    "1",
  ),
];
