-- Does: counts the jobs of up to p_batches rows of ended_jobs: into job_counts, customer_counts, job_times,
--   failures and failed_jobs, each job once, appends them to the feed of events, and deletes the rows.
--   Returns how many rows it counted: 0 while another process counts, p_batches where more than c_jobs wait
--   to be counted.
-- Locks, in order: one advisory lock (only tried, held until the commit): one process at a time, so the rows
--   that count need no order. It waits for nobody but whoever deletes old rows.
-- Returns: integer
-- Raises: nothing.
-- Called by: src/postgres/repositories/figures.ts.
--
-- customer_counts is a row for each customer in a call (measured, 5,000 jobs of 1,000 customers on a busy
-- machine: 115 -> 160 ms).
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
  -- Jobs of one call, about: a batch more at most. Each failed attempt costs a few regular expressions.
  c_jobs    constant int := 5000;
  v_batches bigint[];
  v_ids     uuid[];
  v_failed  uuid[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('count_ended_jobs')) THEN
    RETURN 0;
  END IF;
  v_batches := array(
    SELECT b.id
      FROM (
        SELECT e.id, sum(cardinality(e.job_ids)) OVER (ORDER BY e.id) - cardinality(e.job_ids) AS before
          FROM (SELECT q.id, q.job_ids FROM ended_jobs q ORDER BY q.id LIMIT p_batches) e
      ) b
     WHERE b.before < c_jobs
  );
  IF v_batches = '{}' THEN
    RETURN 0;
  END IF;
  WITH gone AS (
    DELETE FROM ended_jobs e WHERE e.id = ANY (v_batches) RETURNING e.job_ids
  )
  SELECT array_agg(i.id) INTO v_ids FROM gone, unnest(gone.job_ids) i (id);
  PERFORM feed_ended_jobs(v_ids);

  WITH ended AS MATERIALIZED (
    SELECT
      j.id,
      j.customer_id,
      j.job_type_id,
      j.status,
      date_trunc('minute', j.completed_at) AS minute,
      j.cost_cents,
      j.started_at - j.run_at AS waited,
      j.completed_at - j.started_at AS ran,
      j.status = 'failed' OR j.errors IS NOT NULL AS has_failed
      FROM jobs j
     WHERE j.id = ANY (v_ids) AND j.completed_at IS NOT NULL
  ), grouped AS MATERIALIZED (
    SELECT
      d.customer_id,
      d.job_type_id,
      d.status,
      d.minute,
      count(*) AS jobs,
      coalesce(sum(d.cost_cents), 0) AS cents
      FROM ended d
     GROUP BY 1, 2, 3, 4
  ), counted AS (
    INSERT INTO job_counts AS c (span, starts_at, job_type_id, status, currency, jobs, charged_cents)
    SELECT
      s.span,
      date_trunc(s.span, e.minute, 'UTC'),
      e.job_type_id,
      e.status,
      w.currency,
      sum(e.jobs),
      sum(e.cents)
      FROM grouped e
      JOIN wallets w
        ON w.customer_id = ANY (array(SELECT DISTINCT g.customer_id FROM grouped g))
       AND w.customer_id = e.customer_id
     CROSS JOIN (VALUES ('minute'), ('hour')) s (span)
     GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (span, starts_at, job_type_id, status, currency) DO UPDATE
       SET jobs = c.jobs + excluded.jobs,
           charged_cents = c.charged_cents + excluded.charged_cents
  ), used AS (
    INSERT INTO customer_counts AS c (customer_id, starts_at, job_type_id, status, jobs, charged_cents)
    SELECT
      g.customer_id,
      date_trunc('hour', g.minute, 'UTC'),
      g.job_type_id,
      g.status,
      sum(g.jobs),
      sum(g.cents)
      FROM grouped g
     GROUP BY 1, 2, 3, 4
    ON CONFLICT (customer_id, starts_at, job_type_id, status) DO UPDATE
       SET jobs = c.jobs + excluded.jobs,
           charged_cents = c.charged_cents + excluded.charged_cents
  ), timed AS (
    INSERT INTO job_times AS t (span, starts_at, measure, bucket, jobs)
    SELECT s.span, date_trunc(s.span, e.minute, 'UTC'), e.measure, e.bucket, sum(e.jobs)
      FROM (
        SELECT d.minute, m.measure, time_bucket(m.length) AS bucket, count(*) AS jobs
          FROM ended d
         CROSS JOIN LATERAL (VALUES ('wait', d.waited), ('run', d.ran)) m (measure, length)
         WHERE d.status IN ('succeeded', 'failed') AND d.ran IS NOT NULL
         GROUP BY 1, 2, 3
      ) e
     CROSS JOIN (VALUES ('minute'), ('hour')) s (span)
     GROUP BY 1, 2, 3, 4
    ON CONFLICT (span, starts_at, measure, bucket) DO UPDATE SET jobs = t.jobs + excluded.jobs
  )
  SELECT array_agg(d.id) INTO v_failed FROM ended d WHERE d.has_failed;

  IF v_failed IS NOT NULL THEN
    PERFORM count_failures(v_failed);
  END IF;
  RETURN CASE WHEN cardinality(v_ids) >= c_jobs THEN p_batches ELSE cardinality(v_batches) END;
END $$;
