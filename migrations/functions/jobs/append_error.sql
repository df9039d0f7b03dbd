-- Does: appends an error to those of a job, with its attempt, its runner and the time. At most the newest
--   20 are kept.
-- Locks, in order: nothing.
-- Returns: jsonb
-- Raises: nothing.
-- Called by: settle_jobs, rescue_jobs. The planner inlines it.

CREATE OR REPLACE FUNCTION append_error(
  p_errors    jsonb,
  p_error     jsonb,
  p_attempt   int,
  p_runner_id uuid
)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
  SELECT
    CASE
      WHEN jsonb_array_length(p_errors) >= 20 THEN p_errors - 0
      ELSE coalesce(p_errors, '[]')
    END || jsonb_build_array(p_error || jsonb_build_object(
      'attempt', p_attempt,
      'runner_id', p_runner_id,
      'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    ))
$$;
