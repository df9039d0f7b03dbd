-- Does: shares out p_slots among customers: how many each gets, so that afterwards each has as many jobs
--   running for its weight as the others, as far as that can be. Those who have more than that get none.
-- Locks, in order: nothing.
-- Returns: integer[]
-- Raises: nothing.
-- Called by: choose_turns.
--
-- The customers must stand in the order of p_running / p_weights. It is the level to which p_slots fill
-- vessels of the width p_weights that hold p_running already (max-min fairness). What is left after rounding
-- down goes to the first ones.

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
  v_shares  int[] := array_fill(0, ARRAY[cardinality(p_weights)]);
  v_weights float8 := 0;
  v_running float8 := p_slots;
  v_level   float8;
  v_filled  int;
  v_rest    int := p_slots;
BEGIN
  FOR n IN 1..cardinality(p_weights) LOOP
    EXIT WHEN n > 1 AND v_level <= p_running[n] / p_weights[n];
    v_weights := v_weights + p_weights[n];
    v_running := v_running + p_running[n];
    v_level := v_running / v_weights;
    v_filled := n;
  END LOOP;
  FOR n IN 1..v_filled LOOP
    -- A little more, because 3 may stand there as 2.9999.
    v_shares[n] := least(v_rest, floor(v_level * p_weights[n] - p_running[n] + 1e-6)::int);
    v_rest := v_rest - v_shares[n];
  END LOOP;
  FOR n IN 1..v_filled LOOP
    EXIT WHEN v_rest = 0;
    v_shares[n] := v_shares[n] + 1;
    v_rest := v_rest - 1;
  END LOOP;
  RETURN v_shares;
END $$;
