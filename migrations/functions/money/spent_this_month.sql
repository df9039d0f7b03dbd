-- Does: says what a wallet was charged in the current month (UTC). The planner inlines it.
-- Locks, in order: nothing.
-- Returns: bigint
-- Raises: nothing.
-- Called by: month_room_cents, submit_jobs, src/postgres/repositories/wallets.ts.

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
