-- Does: tells what a wallet has that is not held: its balance and its credit limit, less its open holds.
-- Locks, in order: nothing.
-- Returns: bigint
-- Raises: nothing.
-- Called by: hold_refusal, post_entries, append_entry, the view audit,
--   src/postgres/repositories/wallets.ts. The planner inlines it.

CREATE OR REPLACE FUNCTION available_cents(w wallets)
RETURNS bigint
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT w.current_balance_cents + w.credit_limit_cents - w.pending_charges_cents
$$;
