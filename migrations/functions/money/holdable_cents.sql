-- Does: says how much more may be held of a wallet: what is available, and within the month's spend limit.
--   Null for a frozen wallet, of which nothing may be held, not even 0. The planner inlines it.
-- Locks, in order: nothing.
-- Returns: bigint?
-- Raises: nothing.
-- Called by: submit_jobs.

CREATE OR REPLACE FUNCTION holdable_cents(w wallets)
RETURNS bigint
LANGUAGE sql
STABLE
AS $$
  SELECT CASE
    WHEN w.frozen_at IS NULL THEN least(available_cents(w), month_room_cents(w))
  END
$$;
