-- Does: locks those of p_subjects that have a limit of running jobs, customers and job types, and returns how
--   many more of their jobs may start: none of those that somebody else holds.
-- Locks, in order: an advisory lock for each of them (only tried, held until the commit).
-- Returns: subject, room
-- Raises: nothing.
-- Called by: pick_turns.
--
-- A limit is exact: whoever takes from a limited customer or type holds its lock until the commit, and counts
-- what runs after it has the lock.

CREATE OR REPLACE FUNCTION lock_limited(p_subjects uuid[])
RETURNS TABLE (
  subject uuid,
  room    int
)
LANGUAGE plpgsql
AS $$
DECLARE
  v_locked uuid[];
  v_held   uuid[];
BEGIN
  SELECT array_agg(x.id) FILTER (WHERE x.locked), array_agg(x.id) FILTER (WHERE NOT x.locked)
    INTO v_locked, v_held
    FROM (
      SELECT s.id, pg_try_advisory_xact_lock(hashtext('running_limit'), uuid_hash(s.id)) AS locked
        FROM (
          SELECT c.id FROM customers c WHERE c.running_limit IS NOT NULL AND c.id = ANY (p_subjects)
          UNION ALL
          SELECT t.id FROM job_types t WHERE t.running_limit IS NOT NULL AND t.id = ANY (p_subjects)
        ) s
    ) x;
  IF v_locked IS NOT NULL THEN
    RETURN QUERY SELECT b.subject, b.room FROM room_below_limits(v_locked) b;
  END IF;
  RETURN QUERY SELECT h, 0 FROM unnest(v_held) h;
END $$;
