import {
  HASH,
  KEY,
  OTHER_HASH,
  clause,
  fromTheFuture,
  inTurn,
  setWallet,
  submit,
  submitKeyed,
  walletInOrder,
  type Guard,
} from "./guard-attacks.ts";

// Clauses of the functions that submit, and of the idempotency keys.

const submitting = clause("submit_jobs");
const holding = clause("hold_refusal");
const quoting = clause("quote_job");
const keying = clause("submit_keyed_jobs");

export const SUBMIT_CLAUSES: readonly Guard[] = [
  // What goes together and can be paid is stored as one batch, a job alone and everything else one by one.
  holding(
    "funds, in a batch",
    ["WHEN available_cents(w) < p_cents THEN", "WHEN false THEN"],
    ({ customer, type }) => submit(customer, type, 8),
    [...Array(7).fill("stored at 10"), "insufficient_funds"].join(", "),
    "wallets_not_overspent",
  ),
  holding(
    "funds, one by one",
    ["WHEN available_cents(w) < p_cents THEN", "WHEN false THEN"],
    inTurn(
      ({ customer, type }) => `INSERT INTO customer_prices VALUES ('${customer}', '${type}', 71)`,
      ({ customer, type }) => submit(customer, type),
    ),
    "insufficient_funds",
    "wallets_not_overspent",
  ),
  holding(
    "frozen, in a batch",
    ["WHEN w.frozen_at IS NOT NULL THEN", "WHEN false THEN"],
    inTurn(setWallet("frozen_at = now()"), ({ customer, type }) => submit(customer, type, 2)),
    "wallet_frozen, wallet_frozen",
    "stored at 10",
  ),
  holding(
    "frozen, one by one",
    ["WHEN w.frozen_at IS NOT NULL THEN", "WHEN false THEN"],
    inTurn(setWallet("frozen_at = now()"), ({ customer, type }) => submit(customer, type)),
    "wallet_frozen",
    "stored at 10",
  ),
  holding(
    "spend limit, in a batch",
    [
      "WHEN w.monthly_spend_limit_cents - spent_this_month(w) - w.pending_charges_cents < p_cents THEN",
      "WHEN false THEN",
    ],
    inTurn(setWallet("monthly_spend_limit_cents = 39"), ({ customer, type }) => submit(customer, type, 2)),
    "spend_limit_reached, spend_limit_reached",
    "stored at 10",
  ),
  holding(
    "what is held counts towards the spend limit",
    [" - w.pending_charges_cents < p_cents", " < p_cents"],
    inTurn(setWallet("monthly_spend_limit_cents = 39"), ({ customer, type }) => submit(customer, type)),
    "spend_limit_reached",
    "stored at 10",
  ),
  clause("spent_this_month")(
    "what was spent counts",
    ["w.month_spent_cents", "0"],
    inTurn(setWallet("monthly_spend_limit_cents = 39"), ({ customer, type }) => submit(customer, type, 2)),
    "spend_limit_reached, spend_limit_reached",
    "stored at 10, spend_limit_reached",
  ),
  quoting(
    "what the wallet refuses is refused",
    ["v_quote.refusal := hold_refusal(v_wallet, v_quote.estimated_cost_cents);", ""],
    inTurn(setWallet("frozen_at = now()"), ({ customer, type }) => submit(customer, type)),
    "wallet_frozen",
    "stored at 10",
  ),
  submitting(
    "what is refused is not stored",
    ["IF v_job.refusal IS NULL THEN", "IF true THEN"],
    inTurn(
      setWallet("frozen_at = now()"),
      ({ customer, type }) => submit(customer, type),
      ({ customer }) => `SELECT count(*) FROM jobs WHERE customer_id = '${customer}'`,
    ),
    "5",
    "6",
  ),
  submitting(
    "who is not active gets nothing, in a batch",
    [" AND c.active", ""],
    inTurn(
      ({ customer }) => `UPDATE customers SET active = false WHERE id = '${customer}'`,
      ({ customer, type }) => submit(customer, type, 2),
    ),
    "customer_inactive, customer_inactive",
    "stored at 10",
  ),
  quoting(
    "who is not active gets nothing, one by one",
    ["ELSIF NOT v_active THEN", "ELSIF false THEN"],
    inTurn(
      ({ customer }) => `UPDATE customers SET active = false WHERE id = '${customer}'`,
      ({ customer, type }) => submit(customer, type),
    ),
    "customer_inactive",
    "stored at 10",
  ),
  submitting(
    "what is disabled is not sold, in a batch",
    [" AND t.enabled", ""],
    inTurn(
      ({ type }) => `UPDATE job_types SET enabled = false WHERE id = '${type}'`,
      ({ customer, type }) => submit(customer, type, 2),
    ),
    "job_type_disabled, job_type_disabled",
    "stored at 10",
  ),
  quoting(
    "what is disabled is not sold, one by one",
    ["ELSIF NOT v_type.enabled THEN", "ELSIF false THEN"],
    inTurn(
      ({ type }) => `UPDATE job_types SET enabled = false WHERE id = '${type}'`,
      ({ customer, type }) => submit(customer, type),
    ),
    "job_type_disabled",
    "stored at 10",
  ),
  submitting(
    "a customer's own price, in a batch",
    ["coalesce(o.cost_cents, t.standard_cost_cents)", "t.standard_cost_cents"],
    inTurn(
      ({ customer, type }) => `INSERT INTO customer_prices VALUES ('${customer}', '${type}', 3)`,
      ({ customer, type }) => submit(customer, type, 2),
    ),
    "stored at 3",
    "stored at 10",
  ),
  quoting(
    "a customer's own price, one by one",
    ["WHERE o.customer_id = p_customer AND o.job_type_id = p_type", "WHERE false"],
    inTurn(
      ({ customer, type }) => `INSERT INTO customer_prices VALUES ('${customer}', '${type}', 60)`,
      ({ customer, type }) => submit(customer, type, 2),
    ),
    "stored at 60, insufficient_funds",
    "stored at 10, stored at 10",
  ),
  submitting(
    "the hold, in a batch",
    ["w.pending_charges_cents + need.cents", "w.pending_charges_cents"],
    ({ customer, type }) => submit(customer, type, 2),
    "stored at 10",
    "stored at 10; broken: held_is_sum_of_open_holds",
  ),
  submitting(
    "the hold, one by one",
    ["w.pending_charges_cents + v_job.estimated_cost_cents", "w.pending_charges_cents"],
    ({ customer, type }) => submit(customer, type, 8),
    [...Array(7).fill("stored at 10"), "insufficient_funds"].join(", "),
    "stored at 10, stored at 10, stored at 10, stored at 10, stored at 10, stored at 10, stored at 10, stored at 10; broken: held_is_sum_of_open_holds",
  ),
  submitting(
    "a wallet's time does not go back, in a batch",
    [
      "w.pending_charges_cents + need.cents, updated_at = greatest(w.updated_at, clock_timestamp())",
      "w.pending_charges_cents + need.cents, updated_at = clock_timestamp()",
    ],
    inTurn(fromTheFuture, ({ customer, type }) => submit(customer, type, 2), walletInOrder),
    "in order",
    "back in time",
  ),
  submitting(
    "a wallet's time does not go back, one by one",
    [
      "w.pending_charges_cents + v_job.estimated_cost_cents, updated_at = greatest(w.updated_at, clock_timestamp())",
      "w.pending_charges_cents + v_job.estimated_cost_cents, updated_at = clock_timestamp()",
    ],
    inTurn(fromTheFuture, ({ customer, type }) => submit(customer, type, 8), walletInOrder),
    "in order",
    "back in time",
  ),

  keying(
    "a key stands for one request",
    ["WHEN i.request_hash <> r.hash THEN 'reused'", ""],
    inTurn(
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
      (targets) => submitKeyed(targets, { key: KEY, hash: OTHER_HASH, item: 0 }),
    ),
    "idempotency_key_reused",
    "replayed",
  ),
  keying(
    "what was made is not made again",
    ["i.subjects[r.item + 1] IS NOT NULL OR ", ""],
    inTurn(
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
    ),
    "replayed",
    "stored",
  ),
  keying(
    "nor twice in one batch",
    [" OR r.nth > 1", ""],
    (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }, { key: KEY, hash: HASH, item: 0 }),
    "replayed, stored",
    "stored, stored",
  ),
  keying(
    "each item is made once",
    ["PARTITION BY k.key, k.hash, k.item", "PARTITION BY k.key"],
    (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }, { key: KEY, hash: HASH, item: 1 }),
    "stored, stored",
    "stored, twin_refused",
  ),
  keying(
    "a key remembers what it made",
    ["v_stored := array(SELECT j.id FROM jobs j WHERE j.id = ANY (v_fresh_ids));", "v_stored := '{}';"],
    inTurn(
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
    ),
    "replayed",
    "stored",
  ),
  keying(
    "a key keeps what it made before",
    ["coalesce(i.subjects[place], made.job)", "made.job"],
    inTurn(
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 1 }),
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
    ),
    "replayed",
    "stored",
  ),
  keying(
    "a key that made nothing is forgotten",
    ["DELETE FROM idempotency_keys i WHERE i.id = ANY (v_keys) AND i.subjects = '{}';", ""],
    inTurn(
      setWallet("frozen_at = now()"),
      (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
      setWallet("frozen_at = NULL"),
      (targets) => submitKeyed(targets, { key: KEY, hash: OTHER_HASH, item: 0 }),
    ),
    "stored",
    "idempotency_key_reused",
  ),
  clause("take_idempotency_key")(
    "a key stands for one request",
    ["IF v_key.request_hash <> p_hash THEN", "IF false THEN"],
    inTurn(
      () => `SELECT take_idempotency_key('${KEY}', '${HASH}')`,
      () => `SELECT take_idempotency_key('${KEY}', '${OTHER_HASH}')`,
    ),
    "idempotency_key_reused",
    "",
  ),
  clause("add_customer")(
    "a key makes one customer",
    ["IF v_made[1] IS NOT NULL THEN RETURN v_made[1]; END IF;", ""],
    inTurn(
      ...[1, 2].map(
        () => () =>
          `SELECT add_customer(gen_random_uuid(), 'Keyed', 'k@example.com', NULL, NULL, NULL, gen_random_uuid(), 'EUR', '${KEY}', '${HASH}')`,
      ),
      () => "SELECT count(*) FROM customers WHERE name = 'Keyed'",
    ),
    "1",
    "2",
  ),
];
