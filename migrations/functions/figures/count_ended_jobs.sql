-- Does: counts the jobs of up to p_batches rows of ended_jobs: into job_counts, job_times, failures and
--   failed_jobs, each job once, and deletes the rows. Returns how many rows it counted: 0 while another
--   process counts.
-- Locks, in order: one advisory lock (only tried, held until the commit): one process at a time, so the rows
--   that count need no order. It waits for nobody but whoever deletes old rows.
-- Returns: integer
-- Raises: nothing.
-- Called by: src/postgres/repositories/figures.ts.
--
-- A job counts in the minute in which it ended, however late it is counted. What retention deleted before is
-- not counted.

CREATE OR REPLACE FUNCTION count_ended_jobs(p_batches int)
RETURNS int
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_batches bigint[];
  v_ids     uuid[];
  v_wallets uuid[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('count_ended_jobs')) THEN
    RETURN 0;
  END IF;
  v_batches := array(SELECT e.id FROM ended_jobs e ORDER BY e.id LIMIT p_batches);
  IF v_batches = '{}' THEN
    RETURN 0;
  END IF;
  WITH gone AS (
    DELETE FROM ended_jobs e WHERE e.id = ANY (v_batches) RETURNING e.job_ids
  )
  SELECT array_agg(i.id) INTO v_ids FROM gone, unnest(gone.job_ids) i (id);
  v_wallets := array(SELECT DISTINCT j.customer_id FROM jobs j WHERE j.id = ANY (v_ids));

  INSERT INTO job_counts AS c (span, starts_at, job_type_id, status, currency, jobs, charged_cents)
  SELECT
    s.span,
    date_trunc(s.span, e.completed_at, 'UTC'),
    e.job_type_id,
    e.status,
    e.currency,
    sum(e.jobs),
    sum(e.cents)
    FROM (
      SELECT
        date_trunc('minute', j.completed_at) AS completed_at,
        j.job_type_id,
        j.status,
        w.currency,
        count(*) AS jobs,
        coalesce(sum(j.cost_cents), 0) AS cents
        FROM jobs j
        JOIN wallets w ON w.customer_id = ANY (v_wallets) AND w.customer_id = j.customer_id
       WHERE j.id = ANY (v_ids) AND j.completed_at IS NOT NULL
       GROUP BY 1, 2, 3, 4
    ) e
   CROSS JOIN (VALUES ('minute'), ('hour')) s (span)
   GROUP BY 1, 2, 3, 4, 5
  ON CONFLICT (span, starts_at, job_type_id, status, currency) DO UPDATE
     SET jobs = c.jobs + excluded.jobs,
         charged_cents = c.charged_cents + excluded.charged_cents;

  INSERT INTO job_times AS t (span, starts_at, measure, bucket, jobs)
  SELECT s.span, date_trunc(s.span, e.completed_at, 'UTC'), e.measure, e.bucket, sum(e.jobs)
    FROM (
      SELECT
        date_trunc('minute', j.completed_at) AS completed_at,
        m.measure,
        time_bucket(m.length) AS bucket,
        count(*) AS jobs
        FROM jobs j
       CROSS JOIN LATERAL (
         VALUES ('wait', j.started_at - j.run_at), ('run', j.completed_at - j.started_at)
       ) m (measure, length)
       WHERE j.id = ANY (v_ids) AND j.status IN ('succeeded', 'failed') AND j.started_at IS NOT NULL
       GROUP BY 1, 2, 3
    ) e
   CROSS JOIN (VALUES ('minute'), ('hour')) s (span)
   GROUP BY 1, 2, 3, 4
  ON CONFLICT (span, starts_at, measure, bucket) DO UPDATE SET jobs = t.jobs + excluded.jobs;

  WITH failed AS MATERIALIZED (
    SELECT
      f.*,
      failure_fingerprint(f.job_type_id, f.code, f.pattern) AS fingerprint
      FROM (
        SELECT
          j.id AS job_id,
          j.customer_id,
          j.job_type_id,
          a.is_end,
          CASE WHEN a.is_end THEN j.estimated_cost_cents ELSE 0 END AS released_cents,
          CASE WHEN a.is_end THEN j.completed_at ELSE (a.error ->> 'at')::timestamptz END AS failed_at,
          coalesce(a.error ->> 'code', '') AS code,
          left(coalesce(a.error ->> 'message', ''), 500) AS message,
          failure_pattern(coalesce(a.error ->> 'message', '')) AS pattern
          FROM jobs j
         CROSS JOIN LATERAL (
           SELECT true, j.error WHERE j.status = 'failed'
           UNION ALL
           SELECT false, e.error FROM jsonb_array_elements(coalesce(j.errors, '[]')) e (error)
         ) a (is_end, error)
         WHERE j.id = ANY (v_ids) AND j.completed_at IS NOT NULL
           AND (j.status = 'failed' OR j.errors IS NOT NULL)
      ) f
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
  RETURN cardinality(v_batches);
END $$;
