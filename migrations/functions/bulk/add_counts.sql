-- Does: adds up two objects of numbers, name by name. A null is an empty one.
-- Locks, in order: nothing.
-- Returns: jsonb
-- Raises: nothing.
-- Called by: advance_bulk_cancel, advance_bulk_retry.

CREATE OR REPLACE FUNCTION add_counts(p_one jsonb, p_other jsonb)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT coalesce(jsonb_object_agg(s.name, s.number), '{}')
    FROM (
      SELECT c.name, sum(c.number::bigint) AS number
        FROM (
          SELECT * FROM jsonb_each_text(coalesce(p_one, '{}'))
          UNION ALL
          SELECT * FROM jsonb_each_text(coalesce(p_other, '{}'))
        ) c (name, number)
       GROUP BY 1
    ) s
$$;
