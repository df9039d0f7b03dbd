-- Does: finds an id in an array that is sorted, by halving. The time grows with the logarithm of its length;
--   that of array_position grows with the length.
-- Locks, in order: nothing.
-- Returns: integer?
-- Raises: nothing.
-- Called by: pick_turns, look_at_lanes. The planner inlines it.
--
-- Null where it is not in there.

CREATE OR REPLACE FUNCTION place_in(p_sorted uuid[], p_id uuid)
RETURNS int
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT CASE
    WHEN p_sorted[width_bucket(p_id, p_sorted)] = p_id THEN width_bucket(p_id, p_sorted)
  END
$$;
