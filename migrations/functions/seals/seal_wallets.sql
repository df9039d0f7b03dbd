-- Does: adds a link to the chains of up to p_wallets wallets after the cursor, for what is not sealed yet,
--   up to p_entries entries in all. Returns the next cursor: null at the end of the round, or while another
--   process seals.
-- Locks, in order: one advisory lock (only tried, held until the commit): one process at a time, which
--   keeps the links in order. No row: entries never change, and what is visible of them has no gap.
-- Returns: uuid?
-- Raises: nothing.
-- Called by: src/postgres/repositories/seals.ts.

CREATE OR REPLACE FUNCTION seal_wallets(
  p_wallets int,
  p_entries int,
  p_cursor  uuid
)
RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
  v_wallet record;
  v_seen   int := 0;
  v_cursor uuid := coalesce(p_cursor, '00000000-0000-0000-0000-000000000000');
  v_left   bigint := p_entries;
  v_sealed bigint;
  v_last   bigint;
  v_hash   bytea;
  v_link   bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('seal_wallets')) THEN
    RETURN NULL;
  END IF;
  v_link := coalesce((SELECT max(s.link) FROM wallet_seals s), 0);
  FOR v_wallet IN
    SELECT w.id, w.last_entry_seq, coalesce(s.last_seq, 0) AS sealed_seq, s.hash
      FROM (
        SELECT w.id, w.last_entry_seq FROM wallets w WHERE w.id > v_cursor ORDER BY w.id LIMIT p_wallets
      ) w
      LEFT JOIN LATERAL (
        SELECT s.last_seq, s.hash
          FROM wallet_seals s
         WHERE s.wallet_id = w.id
         ORDER BY s.last_seq DESC
         LIMIT 1
      ) s ON true
     ORDER BY w.id
  LOOP
    v_sealed := v_wallet.sealed_seq;
    IF v_sealed < v_wallet.last_entry_seq THEN
      v_last := least(v_wallet.last_entry_seq, v_sealed + v_left);
      v_hash := hash_entries(v_wallet.id, v_sealed + 1, v_last, v_wallet.hash);
      v_link := v_link + 1;
      v_left := v_left - (v_last - v_sealed);
      INSERT INTO wallet_seals (link, wallet_id, first_seq, last_seq, hash)
      VALUES (v_link, v_wallet.id, v_sealed + 1, v_last, v_hash);
      IF v_last < v_wallet.last_entry_seq THEN
        RETURN v_cursor;  -- the rest of this wallet comes with the next call
      END IF;
    END IF;
    v_seen := v_seen + 1;
    v_cursor := v_wallet.id;
    IF v_left = 0 THEN
      RETURN v_cursor;
    END IF;
  END LOOP;
  RETURN CASE WHEN v_seen = p_wallets THEN v_cursor END;
END $$;
