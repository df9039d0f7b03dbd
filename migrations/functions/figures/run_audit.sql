-- Does: audits, when an audit was requested or the last one is older than p_every, and keeps the result.
--   Returns whether it did. An audit that takes long is done more seldom: it takes 1 % of the time at most,
--   also where it does not end in time.
-- Locks, in order: one advisory lock (only tried, held until the commit): one process at a time. Then the row
--   of last_audit, which nobody else holds for longer than a moment.
-- Returns: boolean
-- Raises: nothing.
-- Called by: src/postgres/repositories/audit.ts.

CREATE OR REPLACE FUNCTION run_audit(p_every interval)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_at       timestamptz;
  v_promises jsonb;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('run_audit')) THEN
    RETURN false;
  END IF;
  PERFORM
     FROM last_audit a
    WHERE a.requested_at IS NULL
      AND greatest(a.checked_at, a.tried_at)
          >= clock_timestamp() - greatest(p_every, a.took_ms * interval '100 milliseconds');
  IF FOUND THEN
    RETURN false;
  END IF;
  v_at := clock_timestamp();
  BEGIN
    SELECT jsonb_agg(to_jsonb(a)) INTO v_promises FROM audit a;
  EXCEPTION
    -- The time limit of statements ends a statement once. Without this note, the next audit would begin at
    -- once and last as long.
    WHEN query_canceled THEN
      INSERT INTO last_audit AS a (tried_at, took_ms)
      VALUES (v_at, ceil(extract(epoch FROM clock_timestamp() - v_at) * 1000))
      ON CONFLICT (only_row) DO UPDATE
         SET tried_at = excluded.tried_at, took_ms = excluded.took_ms, requested_at = NULL;
      RAISE WARNING 'the audit did not end in time';
      RETURN false;
  END;
  INSERT INTO last_audit AS a (checked_at, took_ms, promises)
  VALUES (v_at, ceil(extract(epoch FROM clock_timestamp() - v_at) * 1000), v_promises)
  ON CONFLICT (only_row) DO UPDATE
     SET checked_at = excluded.checked_at,
         took_ms = excluded.took_ms,
         promises = excluded.promises,
         requested_at = CASE WHEN a.requested_at > v_at THEN a.requested_at END;
  RETURN true;
END $$;
