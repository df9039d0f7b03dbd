-- Does: records a runner's heartbeat, and tells it what it must know. alive false: the runner was declared
--   dead, so it drops everything and registers anew. p_told: cancelled jobs of which it has heard. Until then
--   each heartbeat tells them again, so that a lost reply loses none.
-- Locks, in order: the runner's row.
-- Returns: alive, queue_paused, cancelled
-- Raises: nothing.
-- Called by: src/postgres/signals/heartbeat-thread.mjs.

CREATE OR REPLACE FUNCTION heartbeat(p_runner uuid, p_told uuid[])
RETURNS TABLE (
  alive        boolean,
  queue_paused boolean,
  cancelled    uuid[]
)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  UPDATE runners r SET heartbeat_at = clock_timestamp() WHERE r.id = p_runner;
  alive := FOUND;
  queue_paused := EXISTS (SELECT FROM queue_pause);
  IF p_told <> '{}' THEN
    DELETE FROM cancellations c WHERE c.runner_id = p_runner AND c.job_id = ANY (p_told);
  END IF;
  cancelled := array(SELECT c.job_id FROM cancellations c WHERE c.runner_id = p_runner);
  RETURN NEXT;
END $$;
