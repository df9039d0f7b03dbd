-- Does: cancels a batch of jobs for a bulk action that runs and has reached p_after, and moves it on to
--   p_reached, all in one transaction. False: somebody else did this batch, or the action does not run.
-- Locks, in order: the action (SKIP LOCKED), then as cancel_jobs.
-- Returns: boolean
-- Raises: as cancel_jobs.
-- Called by: src/postgres/repositories/bulk-actions.ts.
--
-- Who asked for pending jobs means no running one: what a runner takes after the look is skipped.

CREATE OR REPLACE FUNCTION advance_bulk_cancel(
  p_action  uuid,
  p_after   uuid,
  p_ids     uuid[],
  p_reached uuid,
  p_ended   boolean
)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_owner        uuid;
  v_only_waiting boolean;
  v_ids          uuid[];
  v_jobs         bigint;
  v_costs        jsonb;
  v_skips        jsonb;
BEGIN
  SELECT b.owner_id, b.filter ->> 'status' IS NOT DISTINCT FROM 'pending'
    INTO v_owner, v_only_waiting
    FROM bulk_actions b
   WHERE b.id = p_action AND b.status = 'running' AND b.reached_id IS NOT DISTINCT FROM p_after
     FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  v_ids := array(
    SELECT j.id FROM jobs j WHERE j.id = ANY (p_ids) AND (v_owner IS NULL OR j.customer_id = v_owner)
  );
  SELECT coalesce(sum(x.jobs), 0), jsonb_object_agg(x.currency, x.cents)
    INTO v_jobs, v_costs
    FROM (
      SELECT w.currency, count(*) AS jobs, sum(c.released_cents) AS cents
        FROM cancel_jobs(v_ids, v_only_waiting) c
        JOIN wallets w ON w.customer_id = c.customer_id
       GROUP BY 1
    ) x;
  SELECT jsonb_object_agg(x.reason, x.jobs)
    INTO v_skips
    FROM (VALUES
      ('not_found', cardinality(p_ids) - cardinality(v_ids)),
      (CASE WHEN v_only_waiting THEN 'not_pending' ELSE 'already_ended' END, cardinality(v_ids) - v_jobs)
    ) x (reason, jobs)
   WHERE x.jobs > 0;
  UPDATE bulk_actions b
     SET reached_id = p_reached,
         seen = b.seen + cardinality(p_ids),
         jobs = b.jobs + v_jobs,
         skips = add_counts(b.skips, v_skips),
         costs = add_counts(b.costs, v_costs),
         worked_at = clock_timestamp(),
         status = CASE WHEN p_ended THEN 'done' ELSE b.status END,
         ended_at = CASE WHEN p_ended THEN now() END
   WHERE b.id = p_action;
  RETURN true;
END $$;
