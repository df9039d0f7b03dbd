-- POST ENTRY: one movement of money that is not a charge. Idempotent by reference. Locks: the wallet.
-- outcome: posted | replayed (same reference, kind and amount) | reference_reused | insufficient_funds | unknown_customer.
-- Only available money can be taken: what is held for open jobs stays.
CREATE FUNCTION post_entry(p_customer uuid, p_kind entry_kind, p_amount_cents bigint, p_reference text, p_reason text)
RETURNS TABLE (outcome text, wallet_id uuid, seq bigint, kind entry_kind, amount_cents bigint, balance_after_cents bigint, reference text, reason text, created_at timestamptz,
               current_balance_cents bigint, pending_charges_cents bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_wallet wallets;
  v_entry  wallet_entries;
BEGIN
  SELECT * INTO v_wallet FROM wallets w WHERE w.customer_id = p_customer FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    outcome := 'unknown_customer'; RETURN NEXT; RETURN;
  END IF;
  SELECT * INTO v_entry FROM wallet_entries e WHERE e.wallet_id = v_wallet.id AND e.reference = p_reference;
  IF FOUND THEN
    outcome := CASE WHEN v_entry.kind = p_kind AND v_entry.amount_cents = p_amount_cents THEN 'replayed' ELSE 'reference_reused' END;
  ELSIF p_amount_cents < 0 AND v_wallet.current_balance_cents - v_wallet.pending_charges_cents < -p_amount_cents THEN
    outcome := 'insufficient_funds';
  ELSE
    outcome := 'posted';
    INSERT INTO wallet_entries (wallet_id, seq, kind, amount_cents, balance_after_cents, reference, reason)
    VALUES (v_wallet.id, v_wallet.last_entry_seq + 1, p_kind, p_amount_cents, v_wallet.current_balance_cents + p_amount_cents, p_reference, p_reason)
    RETURNING * INTO v_entry;
    UPDATE wallets w SET current_balance_cents = w.current_balance_cents + p_amount_cents, last_entry_seq = w.last_entry_seq + 1, updated_at = now() WHERE w.id = v_wallet.id;
  END IF;
  wallet_id := v_wallet.id; seq := v_entry.seq; kind := v_entry.kind; amount_cents := v_entry.amount_cents; balance_after_cents := v_entry.balance_after_cents;
  reference := v_entry.reference; reason := v_entry.reason; created_at := v_entry.created_at;
  current_balance_cents := v_wallet.current_balance_cents; pending_charges_cents := v_wallet.pending_charges_cents;
  RETURN NEXT;
END $$;
