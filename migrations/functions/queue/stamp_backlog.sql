-- Does: stamps up to p_limit jobs of the backlog as pushed, for the caller to push to the ready list in
--   the order returned. As many customers get a turn as there are jobs to push.
-- Locks, in order: as take_turns without its advisory locks.
-- Returns: job_id, next_cursor
-- Raises: nothing.
-- Called by: src/postgres/repositories/waiting-jobs.ts.
--
-- The rows are deleted and inserted again rather than updated. A reader with an older snapshot would lock
-- an updated row (SKIP LOCKED checks it again only afterwards), and a concurrent claim of the id just
-- pushed would skip it (measured: the last jobs of a backlog, 2 s late). So refills and claims of the
-- backlog need not wait for one another.

CREATE OR REPLACE FUNCTION stamp_backlog(
  p_priority smallint,
  p_limit    int,
  p_after    uuid
)
RETURNS TABLE (
  job_id      uuid,
  next_cursor uuid
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these six: take_turns.sql
SET enable_sort = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_turns record;
BEGIN
  v_turns := take_turns(p_priority, p_limit, p_after, 0);
  WITH backlog AS (
    DELETE FROM job_queue q
     WHERE q.priority = p_priority AND q.job_id = ANY (v_turns.job_ids)
    RETURNING q.job_id, q.customer_id, q.waits_since
  )
  INSERT INTO job_queue (priority, job_id, customer_id, enqueued_at, waits_since)
  SELECT p_priority, backlog.job_id, backlog.customer_id, clock_timestamp(), backlog.waits_since
    FROM backlog;
  RETURN QUERY SELECT t.id, v_turns.next_cursor FROM unnest(v_turns.job_ids) t (id);
END $$;
