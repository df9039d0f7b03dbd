-- Does: says how much more may be held of a wallet within the month's spend limit, for which charges of this
--   month and open holds count. Null where there is no limit. The planner inlines it.
-- Locks, in order: nothing.
-- Returns: bigint?
-- Raises: nothing.
-- Called by: holdable_cents, submit_jobs.

CREATE OR REPLACE FUNCTION month_room_cents(w wallets)
RETURNS bigint
LANGUAGE sql
STABLE
AS $$
  SELECT w.monthly_spend_limit_cents - spent_this_month(w) - w.pending_charges_cents
$$;
