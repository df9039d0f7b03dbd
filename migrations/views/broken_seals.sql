-- Does: shows the links of wallet_seals that do not fit what they seal, or the link before, or that follow
--   a missing one. Empty unless somebody rewrote history.
-- Locks, in order: nothing.
-- Returns: wallet_id, first_seq, last_seq
-- Raises: nothing.
-- Called by: src/postgres/repositories/seals.ts.

CREATE OR REPLACE VIEW broken_seals AS
SELECT s.wallet_id, s.first_seq, s.last_seq
  FROM (
    SELECT
      s.*,
      lag(s.hash) OVER chain AS hash_before,
      lag(s.last_seq) OVER chain AS last_before,
      row_number() OVER (ORDER BY s.link) AS place
      FROM wallet_seals s
    WINDOW chain AS (PARTITION BY s.wallet_id ORDER BY s.last_seq)
  ) s
 WHERE s.link <> s.place
    OR s.first_seq <> coalesce(s.last_before, 0) + 1
    OR s.hash <> hash_entries(s.wallet_id, s.first_seq, s.last_seq, s.hash_before);
