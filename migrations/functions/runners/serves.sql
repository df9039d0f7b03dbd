-- Does: tells whether a runner serves a job type: it has the processor, and the type is among those that it
--   was restricted to, by name or by id. A runner that says nothing serves everything.
-- Locks, in order: nothing.
-- Returns: boolean
-- Raises: nothing.
-- Called by: claim_jobs, claim_turns, choose_turns, unlisted_types, the lists of what waits.

CREATE OR REPLACE FUNCTION serves(r runners, t job_types)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
  SELECT (r.processor_ids IS NULL OR t.processing_logic_id = ANY (r.processor_ids))
     AND (r.restricted_to IS NULL OR t.name = ANY (r.restricted_to) OR t.id::text = ANY (r.restricted_to))
$$;
