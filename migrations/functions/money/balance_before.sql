-- Does: tells what a wallet had right before a point in time. Null: what it has now.
-- Locks, in order: nothing.
-- Returns: seq, balance_cents
-- Raises: nothing.
-- Called by: src/postgres/repositories/wallets.ts.

CREATE OR REPLACE FUNCTION balance_before(p_wallet uuid, p_at timestamptz)
RETURNS TABLE (
  seq           bigint,
  balance_cents bigint
)
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_column
DECLARE
  v_seq constant bigint := last_entry_before(p_wallet, coalesce(p_at, 'infinity'));
BEGIN
  RETURN QUERY
  SELECT
    v_seq,
    coalesce((
      SELECT e.balance_after_cents FROM wallet_entries e WHERE e.wallet_id = p_wallet AND e.seq = v_seq
    ), 0);
END $$;
