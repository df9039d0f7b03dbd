-- Does: deletes figures by the minute that are older than p_minutes, and all other figures and failures that
--   are older than p_all: up to p_limit rows of each table. Returns the most that it deleted of one table.
-- Locks, in order: the rows that it deletes, which nothing else writes.
-- Returns: bigint
-- Raises: nothing.
-- Called by: src/postgres/repositories/expiry.ts.
--
-- A failed job is forgotten by its id, as old as p_all: there is no time in failed_jobs.

CREATE OR REPLACE FUNCTION forget_figures(
  p_minutes interval,
  p_all     interval,
  p_limit   int
)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  v_most bigint := 0;
  n      bigint;
BEGIN
  DELETE FROM job_counts c WHERE c.ctid = ANY (array(
    SELECT o.ctid
      FROM job_counts o
     WHERE (o.span = 'minute' AND o.starts_at < now() - p_minutes)
        OR (o.span = 'hour' AND o.starts_at < now() - p_all)
     LIMIT p_limit
  ));
  GET DIAGNOSTICS n = ROW_COUNT;
  v_most := greatest(v_most, n);
  DELETE FROM customer_counts u WHERE u.ctid = ANY (array(
    SELECT o.ctid FROM customer_counts o WHERE o.starts_at < now() - p_all LIMIT p_limit
  ));
  GET DIAGNOSTICS n = ROW_COUNT;
  v_most := greatest(v_most, n);
  DELETE FROM job_times t WHERE t.ctid = ANY (array(
    SELECT o.ctid
      FROM job_times o
     WHERE (o.span = 'minute' AND o.starts_at < now() - p_minutes)
        OR (o.span = 'hour' AND o.starts_at < now() - p_all)
     LIMIT p_limit
  ));
  GET DIAGNOSTICS n = ROW_COUNT;
  v_most := greatest(v_most, n);
  DELETE FROM failures f WHERE f.ctid = ANY (array(
    SELECT o.ctid FROM failures o WHERE o.minute < now() - p_all LIMIT p_limit
  ));
  GET DIAGNOSTICS n = ROW_COUNT;
  v_most := greatest(v_most, n);
  DELETE FROM failed_jobs j WHERE j.job_id = ANY (array(
    SELECT o.job_id FROM failed_jobs o WHERE o.job_id < id_at(now() - p_all) LIMIT p_limit
  ));
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN greatest(v_most, n);
END $$;
