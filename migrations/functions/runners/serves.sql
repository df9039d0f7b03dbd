-- Does: tells whether a runner serves a job type: it has the processor, and the type is among those that it
--   was restricted to, by name or by id. A runner that says nothing serves everything.
-- Locks, in order: nothing.
-- Returns: boolean
-- Raises: nothing.
-- Called by: take_jobs, take_alone, look_at_lanes, unlisted_among, must_run_dry, waiting_for,
--   src/postgres/repositories/figures.ts, src/postgres/repositories/job-types.ts,
--   src/postgres/repositories/waiting-jobs.ts.

CREATE OR REPLACE FUNCTION serves(r runners, t job_types)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
  SELECT (r.processor_ids IS NULL OR t.processing_logic_id = ANY (r.processor_ids))
     AND (r.restricted_to IS NULL OR t.name = ANY (r.restricted_to) OR t.id::text = ANY (r.restricted_to))
$$;
