-- POST ENTRIES: movements of money that are not a job's, each on its own, in the order given. Idempotent by reference. Locks: wallets by id.
-- outcome: posted | replayed (same reference, kind and amount) | reference_reused | insufficient_funds | balance_limit | unknown_customer.
-- Only available money can be taken by an adjustment: what is held for open jobs stays. A chargeback is a fact, whatever is available: where it leaves
-- less than the wallet owes, or where p_freezes says so, it freezes the wallet.
CREATE FUNCTION post_entries(p_customers uuid[], p_kinds entry_kind[], p_amounts bigint[], p_references text[], p_reasons text[], p_freezes boolean[], p_actor text)
RETURNS TABLE (outcome text, wallet_id uuid, seq bigint, kind entry_kind, amount_cents bigint, balance_after_cents bigint, reference text, reason text, actor text,
               created_at timestamptz, current_balance_cents bigint, pending_charges_cents bigint, credit_limit_cents bigint)
LANGUAGE plpgsql AS $$
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
    IF NOT FOUND THEN
      outcome := 'unknown_customer';
    ELSE
      SELECT * INTO v_entry FROM wallet_entries e WHERE e.wallet_id = v_wallet.id AND e.reference = p_references[n];
      IF FOUND THEN
        outcome := CASE WHEN v_entry.kind = p_kinds[n] AND v_entry.amount_cents = p_amounts[n] THEN 'replayed' ELSE 'reference_reused' END;
      ELSIF p_kinds[n] = 'adjustment' AND p_amounts[n] < 0
        AND v_wallet.current_balance_cents + v_wallet.credit_limit_cents - v_wallet.pending_charges_cents < -p_amounts[n] THEN
        outcome := 'insufficient_funds';
      ELSIF v_wallet.current_balance_cents + p_amounts[n] > 9000000000000000 OR v_wallet.current_balance_cents + p_amounts[n] - v_wallet.pending_charges_cents < -9000000000000000 THEN
        outcome := 'balance_limit';
      ELSE
        outcome := 'posted';
        v_entry := append_entry(v_wallet, p_kinds[n], p_amounts[n], NULL, p_references[n], p_reasons[n], p_actor, coalesce(p_freezes[n], false));
      END IF;
    END IF;
    wallet_id := v_wallet.id; seq := v_entry.seq; kind := v_entry.kind; amount_cents := v_entry.amount_cents; balance_after_cents := v_entry.balance_after_cents;
    reference := v_entry.reference; reason := v_entry.reason; actor := v_entry.actor; created_at := v_entry.created_at;
    current_balance_cents := v_wallet.current_balance_cents; pending_charges_cents := v_wallet.pending_charges_cents; credit_limit_cents := v_wallet.credit_limit_cents;
    RETURN NEXT;
  END LOOP;
END $$;

-- One entry with its movement of the balance. Called with the wallet locked, and as it is now.
CREATE FUNCTION append_entry(p_wallet wallets, p_kind entry_kind, p_amount_cents bigint, p_job uuid, p_reference text, p_reason text, p_actor text, p_freeze boolean)
RETURNS wallet_entries LANGUAGE plpgsql AS $$
DECLARE
  v_at      constant timestamptz := greatest(p_wallet.updated_at, clock_timestamp());
  v_balance constant bigint := p_wallet.current_balance_cents + p_amount_cents;
  v_entry   wallet_entries;
BEGIN
  INSERT INTO wallet_entries (wallet_id, seq, kind, amount_cents, balance_after_cents, job_id, reference, reason, actor, created_at)
  VALUES (p_wallet.id, p_wallet.last_entry_seq + 1, p_kind, p_amount_cents, v_balance, p_job, p_reference, p_reason, p_actor, v_at)
  RETURNING * INTO v_entry;
  UPDATE wallets w SET current_balance_cents = v_balance, last_entry_seq = v_entry.seq, updated_at = v_at,
         frozen_at = CASE WHEN p_freeze OR (p_kind = 'chargeback' AND v_balance + p_wallet.credit_limit_cents < p_wallet.pending_charges_cents)
                          THEN coalesce(w.frozen_at, v_at) ELSE w.frozen_at END
   WHERE w.id = p_wallet.id;
  IF v_balance < p_wallet.low_balance_cents AND p_wallet.current_balance_cents >= p_wallet.low_balance_cents THEN
    INSERT INTO outbox (kind, customer_id, payload)
    VALUES ('low_balance', p_wallet.customer_id, jsonb_build_object('current_balance_cents', v_balance, 'low_balance_cents', p_wallet.low_balance_cents));
  END IF;
  RETURN v_entry;
END $$;

-- REFUND of a job, in part or whole: p_amount_cents null gives back all that is left of its charge. Idempotent by reference. Locks: the wallet.
-- outcome: posted | replayed | reference_reused | refund_exceeds_charge | balance_limit | unknown_job. Goes by the ledger: the job itself may be gone.
CREATE FUNCTION refund_job(p_job uuid, p_amount_cents bigint, p_reference text, p_reason text, p_actor text)
RETURNS TABLE (outcome text, wallet_id uuid, seq bigint, kind entry_kind, amount_cents bigint, balance_after_cents bigint, reference text, reason text, actor text,
               created_at timestamptz, charged_cents bigint, refunded_cents bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_charge wallet_entries;
  v_wallet wallets;
  v_entry  wallet_entries;
  v_amount bigint;
BEGIN
  charged_cents := 0; refunded_cents := 0;
  SELECT * INTO v_charge FROM wallet_entries e WHERE e.job_id = p_job AND e.kind = 'charge';
  IF NOT FOUND THEN
    outcome := CASE WHEN EXISTS (SELECT FROM jobs j WHERE j.id = p_job) THEN 'refund_exceeds_charge' ELSE 'unknown_job' END;
    RETURN NEXT; RETURN;
  END IF;
  PERFORM FROM wallets w WHERE w.id = v_charge.wallet_id FOR NO KEY UPDATE;
  SELECT * INTO v_wallet FROM wallets w WHERE w.id = v_charge.wallet_id;
  charged_cents := -v_charge.amount_cents;
  refunded_cents := coalesce((SELECT sum(e.amount_cents) FROM wallet_entries e WHERE e.job_id = p_job AND e.kind = 'refund'), 0);
  v_amount := coalesce(p_amount_cents, charged_cents - refunded_cents);
  SELECT * INTO v_entry FROM wallet_entries e WHERE e.wallet_id = v_wallet.id AND e.reference = p_reference;
  IF FOUND THEN
    outcome := CASE WHEN v_entry.kind = 'refund' AND v_entry.job_id = p_job AND v_entry.amount_cents = coalesce(p_amount_cents, v_entry.amount_cents)
                    THEN 'replayed' ELSE 'reference_reused' END;
  ELSIF v_amount = 0 OR v_amount > charged_cents - refunded_cents THEN
    outcome := 'refund_exceeds_charge';
  ELSIF v_wallet.current_balance_cents + v_amount > 9000000000000000 THEN
    outcome := 'balance_limit';
  ELSE
    outcome := 'posted';
    v_entry := append_entry(v_wallet, 'refund', v_amount, p_job, p_reference, p_reason, p_actor, false);
  END IF;
  wallet_id := v_wallet.id; seq := v_entry.seq; kind := v_entry.kind; amount_cents := v_entry.amount_cents; balance_after_cents := v_entry.balance_after_cents;
  reference := v_entry.reference; reason := v_entry.reason; actor := v_entry.actor; created_at := v_entry.created_at;
  RETURN NEXT;
END $$;
