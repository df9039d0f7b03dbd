-- Does: returns the smallest UUIDv7 of a moment: ids that are smaller were created before it.
-- Locks, in order: nothing.
-- Returns: uuid
-- Raises: nothing.
-- Called by: submit_jobs. The planner inlines it: so STABLE, as extract() is.

CREATE OR REPLACE FUNCTION id_at(p_time timestamptz)
RETURNS uuid
LANGUAGE sql
STABLE
AS $$
  SELECT (
    lpad(to_hex(floor(extract(epoch FROM p_time) * 1000)::bigint), 12, '0') || repeat('0', 20)
  )::uuid
$$;
