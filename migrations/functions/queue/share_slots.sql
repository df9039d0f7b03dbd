-- Does: shares out p_slots among customers: how many each gets, so that afterwards each has as many jobs
--   running for its weight as the others, as far as that can be. Those who have more than that get none.
-- Locks, in order: nothing.
-- Returns: integer[]
-- Raises: nothing.
-- Called by: pick_turns.
--
-- The customers stand in the order of their turns. It is the level to which p_slots fill vessels of the width
-- p_weights that hold p_running already (max-min fairness). What is left after rounding down goes to the
-- first whose share was rounded. So the first below the level gets at least one.

CREATE OR REPLACE FUNCTION share_slots(
  p_slots   int,
  p_weights float8[],
  p_running float8[]
)
RETURNS int[]
LANGUAGE plpgsql
IMMUTABLE
AS $$
DECLARE
  v_count   constant int := cardinality(p_weights);
  v_shares  int[];
  v_rounded int[] := '{}';  -- those whose share was rounded down
  v_level   float8;
  v_exact   float8;
  v_rest    int := p_slots;
  v_nth     int;
BEGIN
  IF 1 = ALL (p_weights) AND 0 = ALL (p_running) THEN
    RETURN array_fill(p_slots / v_count + 1, ARRAY[p_slots % v_count])
        || array_fill(p_slots / v_count, ARRAY[v_count - p_slots % v_count]);
  END IF;
  v_shares := array_fill(0, ARRAY[v_count]);
  -- While the vessels are filled, the level is the lowest when all that lie below it are taken together.
  SELECT min(l.level)
    INTO v_level
    FROM (
      SELECT (p_slots + sum(v.running) OVER filled) / sum(v.weight) OVER filled AS level
        FROM unnest(p_weights, p_running) WITH ORDINALITY v (weight, running, nth)
      WINDOW filled AS (ORDER BY v.running / v.weight, v.nth)
    ) l;
  FOR n IN 1..v_count LOOP
    v_exact := v_level * p_weights[n] - p_running[n];
    CONTINUE WHEN v_exact <= 1e-6;
    -- A little more, because 3 may stand there as 2.9999.
    v_shares[n] := least(v_rest, floor(v_exact + 1e-6)::int);
    v_rest := v_rest - v_shares[n];
    IF v_exact - v_shares[n] > 1e-6 THEN
      v_rounded := array_append(v_rounded, n);
    END IF;
  END LOOP;
  FOREACH v_nth IN ARRAY v_rounded LOOP
    EXIT WHEN v_rest = 0;
    v_shares[v_nth] := v_shares[v_nth] + 1;
    v_rest := v_rest - 1;
  END LOOP;
  RETURN v_shares;
END $$;
