-- Does: tells why a wallet may not hold p_cents more; null when it may. A frozen wallet may hold nothing,
--   not even 0. What a month's limit leaves is less what was spent in the month and what is held.
-- Locks, in order: nothing.
-- Returns: text?
-- Raises: nothing.
-- Called by: submit_jobs, quote_job, src/postgres/repositories/bulk-preview.ts. The planner inlines it.
--
-- Returns wallet_frozen | insufficient_funds | spend_limit_reached. The rule and its order are written
-- nowhere else.

CREATE OR REPLACE FUNCTION hold_refusal(w wallets, p_cents bigint)
RETURNS text
LANGUAGE sql
STABLE
AS $$
  SELECT CASE
    WHEN w.frozen_at IS NOT NULL THEN 'wallet_frozen'
    WHEN available_cents(w) < p_cents THEN 'insufficient_funds'
    WHEN w.monthly_spend_limit_cents - spent_this_month(w) - w.pending_charges_cents < p_cents
    THEN 'spend_limit_reached'
  END
$$;
