-- Does: takes jobs out of job_alone for a runner that runs nothing else: one that has lost three runners or
--   more, alone, or up to c_together of those that have lost two. Jobs of a paused type, and those of a
--   customer or a type at its limit, stay where they wait.
-- Locks, in order: rows of job_alone (SKIP LOCKED); an advisory lock for each limited customer and type that
--   it takes from (only tried, held until the commit).
-- Returns: uuid[]
-- Raises: nothing.
-- Called by: claim_turns.
--
-- So a job that ends its process, even from a process of its own (a container that is killed as a whole when
-- one of them takes all memory), is found in a few steps, and those that were beside it are cleared.
-- A limit is exact, as in choose_turns.

CREATE OR REPLACE FUNCTION take_alone(p_limit int, p_runner uuid)
RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
  c_together constant int := 8;
  v_full     constant uuid[] := array(SELECT b.subject FROM room_below_limits(NULL) b);
  v_ids      uuid[] := '{}';
  v_owners   uuid[] := '{}';  -- customers and types of v_ids, one entry for each job
  v_limited  uuid[];
  v_row      record;
BEGIN
  FOR v_row IN
    SELECT a.job_id, a.customer_id, a.job_type_id, a.lost_runners
      FROM job_alone a
      JOIN job_types t ON t.id = a.job_type_id
      JOIN runners r ON r.id = p_runner
     WHERE t.paused_at IS NULL
       AND serves(r, t)
       AND a.priority = ANY (coalesce(r.priorities, '{0,1,2}'))
       AND a.customer_id <> ALL (v_full)
       AND a.job_type_id <> ALL (v_full)
     ORDER BY a.lost_runners, a.priority, a.job_id
     LIMIT least(p_limit, c_together)
       FOR UPDATE OF a SKIP LOCKED
  LOOP
    EXIT WHEN v_row.lost_runners > 2 AND v_ids <> '{}';
    v_limited := array(
      SELECT c.id FROM customers c WHERE c.id = v_row.customer_id AND c.running_limit IS NOT NULL
      UNION ALL
      SELECT t.id FROM job_types t WHERE t.id = v_row.job_type_id AND t.running_limit IS NOT NULL
    );
    IF v_limited <> '{}' THEN
      CONTINUE WHEN EXISTS (
        SELECT
          FROM unnest(v_limited) l (id)
         WHERE NOT pg_try_advisory_xact_lock(hashtext('running_limit'), uuid_hash(l.id))
      );
      CONTINUE WHEN EXISTS (
        SELECT
          FROM room_below_limits(v_limited) b
         WHERE b.room <= cardinality(array_positions(v_owners, b.subject))
      );
    END IF;
    v_ids := v_ids || v_row.job_id;
    v_owners := v_owners || v_row.customer_id || v_row.job_type_id;
    EXIT WHEN v_row.lost_runners > 2;
  END LOOP;
  DELETE FROM job_alone a WHERE a.job_id = ANY (v_ids);
  RETURN v_ids;
END $$;
