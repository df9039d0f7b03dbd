-- Does: quotes, holds and stores one job that is due now, as submit_jobs does, with the fewest statements.
--   Only a job that needs no thought: its wallet can pay, and its customer has no waiting_limit.
--   p_listed: the caller pushes it to the ready lists after the commit, if it may be there.
-- Locks, in order: the wallet. The job is new.
-- Returns: estimated_cost_cents, max_attempts, created_at
-- Raises: the constraints of jobs: unique_violation for a job that an earlier call stored.
-- Called by: src/postgres/hot/submissions.ts.
--
-- No row: nothing was written, and submit_jobs says why. It is due since created_at. Most jobs that come one
-- by one are stored so (measured for one job: 0.84 of the server's processor time, 0.75 with ready lists).
-- Each join finds one row by its key, so loops are what it is to be joined by. The update looks at the wallet
-- again under its lock.

CREATE OR REPLACE FUNCTION submit_job(
  p_id       uuid,
  p_customer uuid,
  p_type     uuid,
  p_priority smallint,
  p_input    jsonb,
  p_listed   boolean
)
RETURNS TABLE (estimated_cost_cents bigint, max_attempts smallint, created_at timestamptz)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  -- First the number of the transaction, then the clock: an old id is noted by submit_jobs.
  PERFORM pg_current_xact_id();
  IF p_id < id_at(clock_timestamp() - interval '5 seconds') THEN
    RETURN;
  END IF;
  RETURN QUERY
  WITH held AS (
    UPDATE wallets w
       SET pending_charges_cents = w.pending_charges_cents + price.cents,
           updated_at = greatest(w.updated_at, clock_timestamp())
      FROM customers c
      JOIN job_types t ON t.id = p_type AND t.enabled
      LEFT JOIN customer_prices o ON o.customer_id = c.id AND o.job_type_id = t.id
     CROSS JOIN LATERAL (SELECT coalesce(o.cost_cents, t.standard_cost_cents) AS cents) price
     WHERE c.id = p_customer
       AND c.active
       AND c.waiting_limit IS NULL
       AND w.customer_id = c.id
       AND (o.cost_cents IS NOT NULL OR is_priced_in(t, w.currency))
       AND hold_refusal(w, price.cents) IS NULL
    RETURNING
      price.cents,
      t.max_attempts,
      p_listed
        AND c.running_limit IS NULL
        AND NOT EXISTS (SELECT FROM unlisted_among(ARRAY[t.id])) AS listed
  ), queued AS (
    INSERT INTO job_queue (priority, job_id, customer_id, job_type_id, enqueued_at)
    SELECT p_priority, p_id, p_customer, p_type, CASE WHEN h.listed THEN now() END FROM held h
  )
  INSERT INTO jobs AS j
    (id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, max_attempts, run_at)
  SELECT p_id, p_customer, p_type, p_priority, p_input, h.cents, h.max_attempts, now()
    FROM held h
  RETURNING j.estimated_cost_cents, j.max_attempts, j.created_at;
END $$;
