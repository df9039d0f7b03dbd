-- Does: takes jobs out of job_alone for a runner that runs nothing else: one that has lost three runners or
--   more, alone, or up to c_together of those that have lost two.
-- Locks, in order: rows of job_alone (SKIP LOCKED).
-- Returns: uuid[]
-- Raises: nothing.
-- Called by: claim_turns.
--
-- So a job that ends its process, even from a process of its own (a container that is killed as a whole when
-- one of them takes all memory), is found in a few steps, and those that were beside it are cleared.

CREATE OR REPLACE FUNCTION take_alone(p_limit int, p_runner uuid)
RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
  c_together constant int := 8;
  v_ids      uuid[] := '{}';
  v_row      record;
BEGIN
  FOR v_row IN
    SELECT a.job_id, a.lost_runners
      FROM job_alone a
      JOIN job_types t ON t.id = a.job_type_id
      JOIN runners r ON r.id = p_runner
     WHERE serves(r, t) AND a.priority = ANY (coalesce(r.priorities, '{0,1,2}'))
     ORDER BY a.lost_runners, a.priority, a.job_id
     LIMIT least(p_limit, c_together)
       FOR UPDATE OF a SKIP LOCKED
  LOOP
    EXIT WHEN v_row.lost_runners > 2 AND v_ids <> '{}';
    v_ids := v_ids || v_row.job_id;
    EXIT WHEN v_row.lost_runners > 2;
  END LOOP;
  DELETE FROM job_alone a WHERE a.job_id = ANY (v_ids);
  RETURN v_ids;
END $$;
