-- Does: deletes up to p_limit idempotency keys that are older than p_days (expiry). Returns how many.
-- Locks, in order: those keys (SKIP LOCKED).
-- Returns: bigint
-- Raises: nothing.
-- Called by: src/postgres/repositories/expiry.ts.
--
-- The SET list leaves only the BRIN index: with nothing old, a scan would read all of the table.

CREATE OR REPLACE FUNCTION prune_idempotency_keys(p_days int, p_limit int)
RETURNS bigint
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
  v_old uuid[] := array(
    SELECT i.id
      FROM idempotency_keys i
     WHERE i.created_at < now() - make_interval(days => p_days)
     LIMIT p_limit
       FOR UPDATE SKIP LOCKED
  );
BEGIN
  DELETE FROM idempotency_keys i WHERE i.id = ANY (v_old);
  RETURN cardinality(v_old);
END $$;
