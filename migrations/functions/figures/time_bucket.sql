-- Does: returns the bucket of job_times for an interval: the smallest b with interval <= 2 ^ (b / 4) ms.
-- Locks, in order: nothing.
-- Returns: smallint
-- Raises: nothing.
-- Called by: count_ended_jobs.
--
-- A percentile is told as the upper end of its bucket, so it is too high by 19 % at most.

CREATE OR REPLACE FUNCTION time_bucket(p_interval interval)
RETURNS smallint
LANGUAGE sql
STABLE
AS $$
  SELECT ceil(
    4 * ln(greatest(1, least(1e15, date_part('epoch', p_interval) * 1000))) / ln(2::float8)
  )::smallint
$$;
