-- Does: sorts jobs as they would start if one slot after the other were free: by how far ahead their
--   customers then are in turns, then by the places of these.
-- Locks, in order: nothing.
-- Returns: integer[]
-- Raises: nothing.
-- Called by: pick_turns.
--
-- Returns the places of the jobs in p_ids, in the new order. Side by side, for each job: the place of its
-- customer, how far that is ahead, and its weight.

CREATE OR REPLACE FUNCTION sort_by_turns(
  p_ids       uuid[],
  p_customers int[],
  p_ahead     float8[],
  p_weights   float8[]
)
RETURNS int[]
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
  RETURN array(
    SELECT s.nth::int
      FROM (
        SELECT
          j.nth,
          j.id,
          j.customer,
          j.ahead + (row_number() OVER (PARTITION BY j.customer ORDER BY j.id) - 1) / j.weight AS ahead
          FROM unnest(p_ids, p_customers, p_ahead, p_weights)
                 WITH ORDINALITY j (id, customer, ahead, weight, nth)
      ) s
     -- In millionths, so that three thirds are one.
     ORDER BY round(s.ahead * 1e6), s.customer, s.id
  );
END $$;
