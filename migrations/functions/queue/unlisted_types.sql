-- Does: returns what unlisted_among returns, as an array.
-- Locks, in order: nothing.
-- Returns: uuid[]
-- Raises: nothing.
-- Called by: submit_jobs, look_at_lanes.

CREATE OR REPLACE FUNCTION unlisted_types(p_types uuid[])
RETURNS uuid[]
LANGUAGE sql
STABLE
AS $$
  SELECT array(SELECT * FROM unlisted_among(p_types))
$$;
