-- Does: tells whether an entry would take a wallet beyond what a balance may be: above
--   9,000,000,000,000,000 cents, or below its negative once all that is held is charged.
-- Locks, in order: nothing.
-- Returns: boolean
-- Raises: nothing.
-- Called by: post_entries, refund_job.
--
-- The constraints wallets_balance_limit and wallet_entries_balance_after_cents_check have the same number.

CREATE OR REPLACE FUNCTION exceeds_balance_limit(w wallets, p_amount_cents bigint)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT w.current_balance_cents + p_amount_cents > 9000000000000000
      OR w.current_balance_cents + p_amount_cents - w.pending_charges_cents < -9000000000000000
$$;
