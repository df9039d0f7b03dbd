-- Does: tells in which order customers have their turns: first those whose running jobs for their weight lie
--   below the level that p_slots more would reach, by how far they are ahead in turns; then the others. Of
--   equal ones, by their running jobs for their weight, then in the order given.
-- Locks, in order: nothing.
-- Returns: integer[]
-- Raises: nothing.
-- Called by: pick_turns.
--
-- p_open: the places of the customers who take part; one may stand there several times. Null when nobody
-- does.

CREATE OR REPLACE FUNCTION order_turns(
  p_slots   int,
  p_weights float8[],
  p_running float8[],
  p_ahead   float8[],
  p_open    int[]
)
RETURNS int[]
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
  RETURN (
    SELECT array_agg(
             o.nth ORDER BY CASE WHEN o.used < o.level THEN -1 ELSE o.used END, o.ahead, o.used, o.nth
           )
      FROM (
        -- In millionths, so that three thirds are one.
        SELECT f.nth, f.used, round(f.ahead * 1e6) AS ahead, min(f.level) OVER () AS level
          FROM (
            SELECT
              v.nth,
              v.running / v.weight AS used,
              v.ahead,
              -- As in share_slots.
              (p_slots + sum(v.running) OVER filled) / sum(v.weight) OVER filled AS level
              FROM (
                SELECT o.nth, p_weights[o.nth] AS weight, p_running[o.nth] AS running, p_ahead[o.nth] AS ahead
                  FROM (SELECT DISTINCT p.nth FROM unnest(p_open) p (nth)) o
              ) v
            WINDOW filled AS (ORDER BY v.running / v.weight, v.nth)
          ) f
      ) o
  );
END $$;
