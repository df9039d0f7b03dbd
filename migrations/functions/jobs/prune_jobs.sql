-- Does: deletes jobs that ended more than p_older ago with their logs, traces and webhooks, a batch at a
--   time, oldest ids first (retention). Their ledger entries stay. Looks at up to p_limit jobs after the
--   cursor; returns how many it deleted, and the next cursor, null at the end.
-- Locks, in order: those jobs (SKIP LOCKED), then pruned_jobs by customer.
-- Returns: pruned, next_cursor?
-- Raises: nothing.
-- Called by: src/postgres/repositories/jobs.ts.
--
-- There is no index on completed_at. No job ended before its id was created (UUIDv7), so the walk stops
-- where ids are too young. Nothing else ever changes a job that has ended.

CREATE OR REPLACE FUNCTION prune_jobs(
  p_older  interval,
  p_limit  int,
  p_cursor uuid
)
RETURNS TABLE (
  pruned      bigint,
  next_cursor uuid
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these three: promote_due_jobs.sql
SET enable_sort = off
SET enable_bitmapscan = off
AS $$
DECLARE
  v_before constant timestamptz := now() - p_older;
  -- The greatest UUIDv7 of that moment.
  v_last   constant uuid := (
    lpad(to_hex(floor(extract(epoch FROM v_before) * 1000)::bigint), 12, '0') || repeat('f', 20)
  )::uuid;
  v_seen   uuid[];
  v_old    uuid[];
BEGIN
  SELECT array_agg(w.id), array_agg(w.id) FILTER (WHERE w.completed_at < v_before)
    INTO v_seen, v_old
    FROM (
      SELECT j.id, j.completed_at
        FROM jobs j
       WHERE j.id > coalesce(p_cursor, '00000000-0000-0000-0000-000000000000')
         AND j.id <= v_last
       ORDER BY j.id
       LIMIT p_limit
    ) w;
  pruned := 0;
  IF v_old IS NOT NULL THEN
    v_old := array(SELECT j.id FROM jobs j WHERE j.id = ANY (v_old) FOR UPDATE SKIP LOCKED);
    DELETE FROM job_log l WHERE l.job_id = ANY (v_old);
    DELETE FROM job_progress p WHERE p.job_id = ANY (v_old);
    DELETE FROM unsuccessful_jobs u
     WHERE u.status = ANY ('{failed,cancelled}'::job_status[]) AND u.job_id = ANY (v_old);
    DELETE FROM job_traces t WHERE t.job_id = ANY (v_old);
    DELETE FROM job_webhooks h WHERE h.job_id = ANY (v_old);
    WITH gone AS (
      DELETE FROM jobs j WHERE j.id = ANY (v_old) RETURNING j.customer_id, j.cost_cents
    )
    INSERT INTO pruned_jobs AS p (customer_id, jobs, charged_jobs, charged_cents)
    SELECT
      g.customer_id,
      count(*),
      count(*) FILTER (WHERE g.cost_cents > 0),
      coalesce(sum(g.cost_cents), 0)::bigint
      FROM gone g
     GROUP BY 1
     ORDER BY 1
    ON CONFLICT (customer_id) DO UPDATE
       SET jobs = p.jobs + excluded.jobs,
           charged_jobs = p.charged_jobs + excluded.charged_jobs,
           charged_cents = p.charged_cents + excluded.charged_cents;
    pruned := cardinality(v_old);
  END IF;
  next_cursor := CASE WHEN cardinality(v_seen) = p_limit THEN v_seen[p_limit] END;
  RETURN NEXT;
END $$;
