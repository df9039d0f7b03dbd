-- Does: says what a wallet may still spend or give: balance and credit limit, without what is held for open
--   jobs. The planner inlines it, and every rule about available money is built on it.
-- Locks, in order: nothing.
-- Returns: bigint
-- Raises: nothing.
-- Called by: holdable_cents, submit_jobs, post_entries, append_entry, src/postgres/repositories/wallets.ts.

CREATE OR REPLACE FUNCTION available_cents(w wallets)
RETURNS bigint
LANGUAGE sql
STABLE
AS $$
  SELECT w.current_balance_cents + w.credit_limit_cents - w.pending_charges_cents
$$;
