-- Does: counts the failures of jobs that have ended, those of earlier attempts among them: into failures and
--   failed_jobs.
-- Locks, in order: nothing that others wait for. count_ended_jobs lets one process at a time do it.
-- Returns: void
-- Raises: nothing.
-- Called by: count_ended_jobs.

CREATE OR REPLACE FUNCTION count_failures(p_jobs uuid[])
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  WITH told AS MATERIALIZED (
    SELECT
      j.id AS job_id,
      j.customer_id,
      j.job_type_id,
      a.is_end,
      CASE WHEN a.is_end THEN j.estimated_cost_cents ELSE 0 END AS released_cents,
      CASE WHEN a.is_end THEN j.completed_at ELSE (a.error ->> 'at')::timestamptz END AS failed_at,
      coalesce(a.error ->> 'code', '') AS code,
      left(coalesce(a.error ->> 'message', ''), 500) AS message
      FROM jobs j
     CROSS JOIN LATERAL (
       SELECT true, j.error WHERE j.status = 'failed'
       UNION ALL
       SELECT false, e.error FROM jsonb_array_elements(coalesce(j.errors, '[]')) e (error)
     ) a (is_end, error)
     WHERE j.id = ANY (p_jobs)
  ), patterns AS MATERIALIZED (
    -- Most messages of an outage are the same.
    SELECT m.message, failure_pattern(m.message) AS pattern FROM (SELECT DISTINCT t.message FROM told t) m
  ), failed AS MATERIALIZED (
    SELECT t.*, p.pattern, failure_fingerprint(t.job_type_id, t.code, p.pattern) AS fingerprint
      FROM told t
      JOIN patterns p USING (message)
  ), listed AS (
    INSERT INTO failed_jobs (job_id, fingerprint)
    SELECT f.job_id, f.fingerprint FROM failed f WHERE f.is_end
    ON CONFLICT (job_id) DO NOTHING
  )
  INSERT INTO failures AS g (
    fingerprint,
    minute,
    customer_id,
    job_type_id,
    code,
    pattern,
    jobs,
    attempts,
    released_cents,
    first_at,
    last_at,
    job_id,
    message
  )
  SELECT
    f.fingerprint,
    date_trunc('minute', f.failed_at),
    f.customer_id,
    f.job_type_id,
    f.code,
    f.pattern,
    count(*) FILTER (WHERE f.is_end),
    count(*) FILTER (WHERE NOT f.is_end),
    sum(f.released_cents),
    min(f.failed_at),
    max(f.failed_at),
    (array_agg(f.job_id ORDER BY f.failed_at DESC))[1],
    (array_agg(f.message ORDER BY f.failed_at DESC))[1]
    FROM failed f
   GROUP BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (fingerprint, minute, customer_id) DO UPDATE
     SET jobs = g.jobs + excluded.jobs,
         attempts = g.attempts + excluded.attempts,
         released_cents = g.released_cents + excluded.released_cents,
         first_at = least(g.first_at, excluded.first_at),
         last_at = greatest(g.last_at, excluded.last_at),
         job_id = excluded.job_id,
         message = excluded.message;
END $$;
