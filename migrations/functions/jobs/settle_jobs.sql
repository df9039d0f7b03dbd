-- Does: settles a batch of attempts: status, hold, charge and ledger together, in one round trip and one
--   transaction. Returns the refused outcomes only: the attempt that was refused, and what the job is now.
-- Locks, in order: jobs by id, then wallets by id (post_charges), then leases (SKIP LOCKED).
-- Returns: job_id, refused_attempt, status, attempt, rescued
-- Raises: nothing of its own.
-- Called by: src/postgres/hot/settlements.ts.
--
-- The fence is (id, status = 'running', attempt): a runner that lost the job writes nothing.
-- outcome succeeded: costs p_costs, at most the hold; null means the hold.
-- outcome failed, cancelled: costs nothing.
-- outcome retry: pending again after p_delays_ms, and the hold stays.
-- outcome released: pending again at once, and the attempt is excused.
-- p_outputs, p_costs, p_errors, p_delays_ms may be null where no job has one.
-- p_done: leases of which nothing runs any more. When an outcome of the batch was refused, one that still has
--   a running job stays.
-- rescued: the job waits because that attempt's runner was lost.

CREATE OR REPLACE FUNCTION settle_jobs(
  p_ids       uuid[],
  p_attempts  int[],
  p_outcomes  attempt_outcome[],
  p_costs     bigint[],
  p_outputs   jsonb[],
  p_errors    jsonb[],
  p_delays_ms bigint[],
  p_done      uuid[]
)
RETURNS TABLE (
  job_id          uuid,
  refused_attempt int,
  status          job_status,
  attempt         int,
  rescued         boolean
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  e_ids       uuid[];      -- ended
  e_customers uuid[];
  e_costs     bigint[];
  e_holds     bigint[];
  w_ids       uuid[];      -- wait again
  s_ids       uuid[];      -- written
  s_attempts  int[];
  s_customers uuid[];
  s_types     uuid[];
  v_refused   boolean;
BEGIN
  PERFORM FROM jobs j WHERE j.id = ANY (p_ids) ORDER BY j.id FOR NO KEY UPDATE;

  WITH settled AS (
    UPDATE jobs j
       SET status = CASE
             WHEN d.outcome IN ('retry', 'released') THEN 'pending'::job_status
             ELSE d.outcome::text::job_status
           END,
           completed_at = CASE WHEN d.outcome NOT IN ('retry', 'released') THEN now() END,
           cost_cents = CASE WHEN d.outcome = 'succeeded' THEN
             greatest(0, least(coalesce(d.cost, j.estimated_cost_cents), j.estimated_cost_cents))
           END,
           output_data = d.output,
           excused_attempts = j.excused_attempts + CASE WHEN d.outcome = 'released' THEN 1 ELSE 0 END,
           run_at = CASE
             WHEN d.outcome = 'retry' THEN now() + coalesce(d.delay_ms, 0) * interval '1 millisecond'
             ELSE j.run_at
           END,
           error = CASE WHEN d.outcome = 'failed' THEN d.error END,
           errors = CASE
             WHEN d.error IS NULL THEN j.errors
             ELSE append_error(j.errors, d.error, j.attempt, j.runner_id)
           END
      FROM unnest(p_ids, p_attempts, p_outcomes, p_costs, p_outputs, p_errors, p_delays_ms)
             d (id, attempt, outcome, cost, output, error, delay_ms)
     WHERE j.id = ANY (p_ids) AND j.id = d.id AND j.status = 'running' AND j.attempt = d.attempt
    RETURNING
      j.id,
      j.attempt,
      j.customer_id,
      j.job_type_id,
      j.status,
      j.cost_cents,
      j.estimated_cost_cents
  )
  SELECT
    array_agg(id) FILTER (WHERE status <> 'pending'),
    array_agg(customer_id) FILTER (WHERE status <> 'pending'),
    array_agg(coalesce(cost_cents, 0)) FILTER (WHERE status <> 'pending'),
    array_agg(estimated_cost_cents) FILTER (WHERE status <> 'pending'),
    array_agg(id) FILTER (WHERE status = 'pending'),
    array_agg(id),
    array_agg(attempt),
    array_agg(DISTINCT customer_id),
    array_agg(DISTINCT job_type_id)
    INTO e_ids, e_customers, e_costs, e_holds, w_ids, s_ids, s_attempts, s_customers, s_types
    FROM settled;

  IF w_ids IS NOT NULL THEN
    WITH waiting AS MATERIALIZED (
      SELECT j.id, j.priority, j.customer_id, j.job_type_id, j.run_at, j.run_at > now() AS later
        FROM jobs j
       WHERE j.id = ANY (w_ids)
    ), scheduled AS (
      INSERT INTO job_schedule (job_id, priority, customer_id, job_type_id, run_at)
      SELECT id, priority, customer_id, job_type_id, run_at FROM waiting WHERE later
    )
    INSERT INTO job_queue (priority, job_id, customer_id, job_type_id)
    SELECT priority, id, customer_id, job_type_id FROM waiting WHERE NOT later;
  END IF;
  IF e_ids IS NOT NULL THEN
    PERFORM post_charges(e_ids, e_customers, e_costs, e_holds);
  END IF;
  IF EXISTS (SELECT FROM customers c WHERE c.id = ANY (s_customers) AND c.running_limit IS NOT NULL)
    OR EXISTS (SELECT FROM job_types t WHERE t.id = ANY (s_types) AND t.running_limit IS NOT NULL)
  THEN
    -- A job that waits for its customer's or type's limit may start.
    PERFORM pg_notify('iep_jobs', '');
  END IF;
  v_refused := coalesce(cardinality(s_ids), 0) < cardinality(p_ids);
  IF p_done IS NOT NULL THEN
    -- A rescue holds leases while it waits for our jobs. Waiting for it here would be a deadlock.
    -- After a refusal p_done may be wrong: a job that runs without a lease is found by no rescue.
    DELETE FROM leases l
     WHERE l.id = ANY (array(SELECT d.id FROM leases d WHERE d.id = ANY (p_done) FOR UPDATE SKIP LOCKED))
       AND NOT (v_refused AND EXISTS (
         SELECT
           FROM jobs j
          WHERE j.id = ANY (l.job_ids) AND j.status = 'running' AND j.runner_id = l.runner_id
       ));
  END IF;
  IF v_refused THEN
    RETURN QUERY
    SELECT
      j.id,
      r.attempt,
      j.status,
      j.attempt,
      coalesce(
        j.errors -> -1 @> jsonb_build_object('code', 'runner_lost', 'attempt', r.attempt),
        false
      )
      FROM (
        SELECT d.id, d.attempt FROM unnest(p_ids, p_attempts) d (id, attempt)
        EXCEPT ALL
        SELECT s.id, s.attempt FROM unnest(s_ids, s_attempts) s (id, attempt)
      ) r
      JOIN jobs j ON j.id = ANY (p_ids) AND j.id = r.id;
  END IF;
END $$;
