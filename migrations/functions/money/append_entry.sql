-- Does: appends one entry to the ledger and moves the wallet's balance by it. A balance that falls below
--   the wallet's threshold is put into the outbox once. A top-up is told to whoever wants to know.
-- Locks, in order: nothing. The caller has locked the wallet, and p_wallet is the row as it is now.
-- Returns: wallet_id, seq, kind, amount_cents, balance_after_cents, job_id?, reference?, reason?, actor?,
--   created_at
-- Raises: nothing of its own. The constraints of wallets and wallet_entries refuse what must not be.
-- Called by: post_entries, refund_job.

CREATE OR REPLACE FUNCTION append_entry(
  p_wallet       wallets,
  p_kind         entry_kind,
  p_amount_cents bigint,
  p_job          uuid,
  p_reference    text,
  p_reason       text,
  p_actor        text,
  p_freeze       boolean
)
RETURNS wallet_entries
LANGUAGE plpgsql
AS $$
DECLARE
  v_at      constant timestamptz := greatest(p_wallet.updated_at, clock_timestamp());
  v_balance constant bigint := p_wallet.current_balance_cents + p_amount_cents;
  v_entry   wallet_entries;
BEGIN
  INSERT INTO wallet_entries
    (wallet_id, seq, kind, amount_cents, balance_after_cents, job_id, reference, reason, actor, created_at)
  VALUES (
    p_wallet.id,
    p_wallet.last_entry_seq + 1,
    p_kind,
    p_amount_cents,
    v_balance,
    p_job,
    p_reference,
    p_reason,
    p_actor,
    v_at
  )
  RETURNING * INTO v_entry;
  UPDATE wallets w
     SET current_balance_cents = v_balance,
         last_entry_seq = v_entry.seq,
         updated_at = v_at,
         frozen_at = CASE
           WHEN p_freeze OR (p_kind = 'chargeback' AND available_cents(p_wallet) + p_amount_cents < 0)
           THEN coalesce(w.frozen_at, v_at)
           ELSE w.frozen_at
         END
   WHERE w.id = p_wallet.id;
  IF v_balance < p_wallet.low_balance_cents
    AND p_wallet.current_balance_cents >= p_wallet.low_balance_cents
  THEN
    INSERT INTO outbox (kind, customer_id, payload)
    VALUES (
      'low_balance',
      p_wallet.customer_id,
      jsonb_build_object(
        'current_balance_cents', v_balance,
        'low_balance_cents', p_wallet.low_balance_cents
      )
    );
  END IF;
  IF p_kind = 'top_up' THEN
    PERFORM add_event(
      'wallet.topped_up',
      p_wallet.customer_id,
      jsonb_build_object(
        'customer_id', p_wallet.customer_id,
        'amount_cents', p_amount_cents,
        'current_balance_cents', v_balance,
        'reference', p_reference,
        'seq', v_entry.seq
      )
    );
  END IF;
  RETURN v_entry;
END $$;
