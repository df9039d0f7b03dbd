-- Does: tells what was charged to a wallet in the current month (UTC).
-- Locks, in order: nothing.
-- Returns: bigint
-- Raises: nothing.
-- Called by: hold_refusal, quote_job, src/postgres/repositories/wallets.ts. The planner inlines it.

CREATE OR REPLACE FUNCTION spent_this_month(w wallets)
RETURNS bigint
LANGUAGE sql
STABLE
AS $$
  SELECT CASE
    WHEN w.spend_month >= date_trunc('month', now() AT TIME ZONE 'UTC')::date THEN w.month_spent_cents
    ELSE 0
  END
$$;
