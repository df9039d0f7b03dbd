-- Does: refunds a job, in part or whole. p_amount_cents null gives back all that is left of its charge.
--   Idempotent by reference.
-- Locks, in order: the wallet that was charged.
-- Returns: outcome, wallet_id?, seq?, kind?, amount_cents?, balance_after_cents?, reference?, reason?,
--   actor?, created_at?, charged_cents, refunded_cents
-- Raises: nothing of its own.
-- Called by: src/postgres/hot/entries.ts.
--
-- outcome: posted | replayed | reference_reused | refund_exceeds_charge | balance_limit | unknown_job.
-- It goes by the ledger: the job itself may have been deleted. refunded_cents: what was given back before.

CREATE OR REPLACE FUNCTION refund_job(
  p_job          uuid,
  p_amount_cents bigint,
  p_reference    text,
  p_reason       text,
  p_actor        text
)
RETURNS TABLE (
  outcome             text,
  wallet_id           uuid,
  seq                 bigint,
  kind                entry_kind,
  amount_cents        bigint,
  balance_after_cents bigint,
  reference           text,
  reason              text,
  actor               text,
  created_at          timestamptz,
  charged_cents       bigint,
  refunded_cents      bigint
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_charge wallet_entries;
  v_wallet wallets;
  v_entry  wallet_entries;
  v_amount bigint;
BEGIN
  charged_cents := 0;
  refunded_cents := 0;
  SELECT * INTO v_charge FROM wallet_entries e WHERE e.job_id = p_job AND e.kind = 'charge';
  IF NOT FOUND THEN
    outcome := CASE
      WHEN EXISTS (SELECT FROM jobs j WHERE j.id = p_job) THEN 'refund_exceeds_charge'
      ELSE 'unknown_job'
    END;
    RETURN NEXT;
    RETURN;
  END IF;
  PERFORM FROM wallets w WHERE w.id = v_charge.wallet_id FOR NO KEY UPDATE;
  SELECT * INTO v_wallet FROM wallets w WHERE w.id = v_charge.wallet_id;
  charged_cents := -v_charge.amount_cents;
  refunded_cents := coalesce((
    SELECT sum(e.amount_cents) FROM wallet_entries e WHERE e.job_id = p_job AND e.kind = 'refund'
  ), 0);
  v_amount := coalesce(p_amount_cents, charged_cents - refunded_cents);
  SELECT * INTO v_entry
    FROM wallet_entries e
   WHERE e.wallet_id = v_wallet.id AND e.reference = p_reference;
  IF FOUND THEN
    outcome := CASE
      WHEN v_entry.kind = 'refund'
       AND v_entry.job_id = p_job
       AND v_entry.amount_cents = coalesce(p_amount_cents, v_entry.amount_cents)
      THEN 'replayed'
      ELSE 'reference_reused'
    END;
  ELSIF v_amount = 0 OR v_amount > charged_cents - refunded_cents THEN
    outcome := 'refund_exceeds_charge';
  ELSIF exceeds_balance_limit(v_wallet, v_amount) THEN
    outcome := 'balance_limit';
  ELSE
    outcome := 'posted';
    v_entry := append_entry(v_wallet, 'refund', v_amount, p_job, p_reference, p_reason, p_actor, false);
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
  RETURN NEXT;
END $$;
