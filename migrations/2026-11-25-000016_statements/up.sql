-- The seq of a wallet's last entry before a point in time; 0 when there is none. A wallet's entries are in the order of time and without a gap, so bisecting seq finds
-- it in 20 look-ups of a million, and no index on time has to be paid for by every charge.
CREATE FUNCTION last_entry_before(p_wallet uuid, p_at timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_low    bigint := 0;
  v_high   bigint := coalesce((SELECT max(e.seq) FROM wallet_entries e WHERE e.wallet_id = p_wallet), 0);
  v_middle bigint;
BEGIN
  WHILE v_low < v_high LOOP
    v_middle := (v_low + v_high + 1) / 2;
    IF (SELECT e.created_at FROM wallet_entries e WHERE e.wallet_id = p_wallet AND e.seq = v_middle) < p_at THEN
      v_low := v_middle;
    ELSE
      v_high := v_middle - 1;
    END IF;
  END LOOP;
  RETURN v_low;
END $$;

-- What a wallet had right before a point in time; null: what it has now.
CREATE FUNCTION balance_before(p_wallet uuid, p_at timestamptz) RETURNS TABLE (seq bigint, balance_cents bigint) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  v_seq constant bigint := last_entry_before(p_wallet, coalesce(p_at, 'infinity'));
BEGIN
  RETURN QUERY SELECT v_seq, coalesce((SELECT e.balance_after_cents FROM wallet_entries e WHERE e.wallet_id = p_wallet AND e.seq = v_seq), 0);
END $$;
