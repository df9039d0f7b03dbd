-- Does: posts entries that are not a job's, each on its own, in the order given. Idempotent by reference.
--   Arrays of equal length, an entry an element.
-- Locks, in order: wallets by id.
-- Returns: outcome, wallet_id?, seq?, kind?, amount_cents?, balance_after_cents?, reference?, reason?,
--   actor?, created_at?, current_balance_cents?, pending_charges_cents?, credit_limit_cents?
-- Raises: nothing of its own.
-- Called by: src/postgres/hot/entries.ts, post_keyed_entries.
--
-- outcome: posted | replayed (same reference, kind and amount) | reference_reused | insufficient_funds |
-- balance_limit | unknown_customer.
-- An adjustment can only take available money: what is held for open jobs stays. A chargeback is a fact,
-- whatever is available: where it leaves less than the wallet owes, or where p_freezes says so, it freezes
-- the wallet.

CREATE OR REPLACE FUNCTION post_entries(
  p_customers  uuid[],
  p_kinds      entry_kind[],
  p_amounts    bigint[],
  p_references text[],
  p_reasons    text[],
  p_freezes    boolean[],
  p_actor      text
)
RETURNS TABLE (
  outcome               text,
  wallet_id             uuid,
  seq                   bigint,
  kind                  entry_kind,
  amount_cents          bigint,
  balance_after_cents   bigint,
  reference             text,
  reason                text,
  actor                 text,
  created_at            timestamptz,
  current_balance_cents bigint,
  pending_charges_cents bigint,
  credit_limit_cents    bigint
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  n        int;
  v_wallet wallets;
  v_entry  wallet_entries;
BEGIN
  PERFORM FROM wallets w WHERE w.customer_id = ANY (p_customers) ORDER BY w.id FOR NO KEY UPDATE;
  FOR n IN 1..cardinality(p_customers) LOOP
    v_entry := NULL;
    SELECT * INTO v_wallet FROM wallets w WHERE w.customer_id = p_customers[n];
    IF v_wallet.id IS NULL THEN
      outcome := 'unknown_customer';
    ELSE
      SELECT * INTO v_entry
        FROM wallet_entries e
       WHERE e.wallet_id = v_wallet.id AND e.reference = p_references[n];
      IF FOUND THEN
        outcome := CASE
          WHEN v_entry.kind = p_kinds[n] AND v_entry.amount_cents = p_amounts[n] THEN 'replayed'
          ELSE 'reference_reused'
        END;
      ELSIF p_kinds[n] = 'adjustment' AND p_amounts[n] < 0 AND available_cents(v_wallet) < -p_amounts[n] THEN
        outcome := 'insufficient_funds';
      ELSIF exceeds_balance_limit(v_wallet, p_amounts[n]) THEN
        outcome := 'balance_limit';
      ELSE
        outcome := 'posted';
        v_entry := append_entry(
          v_wallet,
          p_kinds[n],
          p_amounts[n],
          NULL,
          p_references[n],
          p_reasons[n],
          p_actor,
          coalesce(p_freezes[n], false)
        );
      END IF;
    END IF;
    wallet_id := v_wallet.id;
    seq := v_entry.seq;
    kind := v_entry.kind;
    amount_cents := v_entry.amount_cents;
    balance_after_cents := v_entry.balance_after_cents;
    reference := v_entry.reference;
    reason := v_entry.reason;
    actor := v_entry.actor;
    created_at := v_entry.created_at;
    current_balance_cents := v_wallet.current_balance_cents;
    pending_charges_cents := v_wallet.pending_charges_cents;
    credit_limit_cents := v_wallet.credit_limit_cents;
    RETURN NEXT;
  END LOOP;
END $$;
