-- Does: submits a batch of which some jobs carry a trace: calls submit_keyed_jobs or, where no job has a key,
--   submit_jobs, and stores the traces of the jobs that are stored.
-- Locks, in order: as submit_keyed_jobs or submit_jobs.
-- Returns: job_id, refusal?, estimated_cost_cents?, max_attempts?, created_at?, run_at?, due?,
--   current_balance_cents?, pending_charges_cents?, credit_limit_cents?, monthly_spend_limit_cents?,
--   month_spent_cents?, replay_of?, price_currency?, wallet_currency?, waiting_limit?, waiting_jobs?
-- Raises: as submit_keyed_jobs or submit_jobs.
-- Called by: src/postgres/hot/submissions.ts, submit_webhook_jobs.
--
-- p_keys, p_hashes, p_items: null where no job has a key. p_traceparents: null where a job carries no trace.
-- It and p_tracestates may be null as a whole.
-- Only a batch with traces or webhooks comes here, so that all others pay nothing for them.

CREATE OR REPLACE FUNCTION submit_traced_jobs(
  p_ids          uuid[],
  p_customers    uuid[],
  p_types        uuid[],
  p_priorities   smallint[],
  p_inputs       jsonb[],
  p_run_at       timestamptz[],
  p_max_attempts smallint[],
  p_retry_of     uuid[],
  p_room         boolean[],
  p_keys         uuid[],
  p_hashes       uuid[],
  p_items        int[],
  p_traceparents text[],
  p_tracestates  text[]
)
RETURNS SETOF submitted_job
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  IF p_keys IS NULL THEN
    RETURN QUERY
    SELECT *
      FROM submit_jobs(
        p_ids, p_customers, p_types, p_priorities, p_inputs, p_run_at, p_max_attempts, p_retry_of, p_room
      );
  ELSE
    RETURN QUERY
    SELECT *
      FROM submit_keyed_jobs(
        p_ids,
        p_customers,
        p_types,
        p_priorities,
        p_inputs,
        p_run_at,
        p_max_attempts,
        p_retry_of,
        p_room,
        p_keys,
        p_hashes,
        p_items
      );
  END IF;
  INSERT INTO job_traces (job_id, traceparent, tracestate)
  SELECT r.id, r.traceparent, r.tracestate
    FROM unnest(p_ids, p_traceparents, p_tracestates) r (id, traceparent, tracestate)
    JOIN jobs j ON j.id = ANY (p_ids) AND j.id = r.id
   WHERE r.traceparent IS NOT NULL
  ON CONFLICT DO NOTHING;
END $$;
