-- Does: appends jobs that ended to event_feed, those of each customer in the order in which they ended, lists
--   those without success in unsuccessful_jobs, and wakes the readers of the feed.
-- Locks, in order: nothing that others wait for. count_ended_jobs lets one process at a time do it, until the
--   commit: that is what keeps the feed in order.
-- Returns: void
-- Raises: nothing.
-- Called by: count_ended_jobs.
--
-- A clock that goes back does not matter: seq is greater than all before it.

CREATE OR REPLACE FUNCTION feed_ended_jobs(p_jobs uuid[])
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  -- Jobs of one row.
  c_jobs constant int := 100;
  v_seq  bigint;
BEGIN
  SELECT greatest(f.seq, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    INTO v_seq
    FROM (SELECT coalesce(max(g.seq), 0) AS seq FROM event_feed g) f;

  INSERT INTO event_feed (seq, customer_id, job_ids)
  SELECT
    v_seq + row_number() OVER (ORDER BY min(e.completed_at), e.customer_id, e.part),
    e.customer_id,
    array_agg(e.id ORDER BY e.completed_at, e.id)
    FROM (
      SELECT
        j.id,
        j.customer_id,
        j.completed_at,
        (row_number() OVER (PARTITION BY j.customer_id ORDER BY j.completed_at, j.id) - 1) / c_jobs AS part
        FROM jobs j
       WHERE j.id = ANY (p_jobs) AND j.completed_at IS NOT NULL
    ) e
   GROUP BY e.customer_id, e.part;

  INSERT INTO unsuccessful_jobs (status, job_id, customer_id, job_type_id)
  SELECT j.status, j.id, j.customer_id, j.job_type_id
    FROM jobs j
   WHERE j.id = ANY (p_jobs) AND j.status IN ('failed', 'cancelled')
  ON CONFLICT (status, job_id) DO NOTHING;

  -- In this transaction, because it is rare: NOTIFY takes a lock that all commits share.
  PERFORM pg_notify('iep_event_feed', '');
END $$;
