-- Does: notes that a runner lives, and returns what it is to be told: whether it is still registered,
--   whether the queue is paused, whether it is to take no more jobs and to end then, and which of its
--   attempts were cancelled.
-- Locks, in order: the runner, then its rows of cancellations.
-- Returns: alive, queue_paused, draining, exits, cancelled
-- Raises: nothing.
-- Called by: src/postgres/signals/heartbeat-thread.mjs.
--
-- alive false: the runner was declared lost, so it drops everything and registers anew. p_told: the
-- cancelled jobs it has heard of. Until then each heartbeat returns them, so that a lost reply loses none.

CREATE OR REPLACE FUNCTION pulse(p_runner uuid, p_told uuid[])
RETURNS TABLE (
  alive        boolean,
  queue_paused boolean,
  draining     boolean,
  exits        boolean,
  cancelled    uuid[]
)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  UPDATE runners r
     SET heartbeat_at = clock_timestamp()
   WHERE r.id = p_runner
  RETURNING r.draining_at IS NOT NULL, r.draining_at IS NOT NULL AND r.exits_when_drained
    INTO draining, exits;
  alive := FOUND;
  draining := coalesce(draining, false);
  exits := coalesce(exits, false);
  queue_paused := EXISTS (SELECT FROM queue_pause);
  IF p_told <> '{}' THEN
    DELETE FROM cancellations c WHERE c.runner_id = p_runner AND c.job_id = ANY (p_told);
  END IF;
  cancelled := array(SELECT c.job_id FROM cancellations c WHERE c.runner_id = p_runner);
  RETURN NEXT;
END $$;
