-- Does: submits a batch of which some jobs bring a webhook: calls submit_traced_jobs, and stores the webhooks
--   of the jobs that are stored.
-- Locks, in order: as submit_traced_jobs.
-- Returns: job_id, refusal?, estimated_cost_cents?, max_attempts?, created_at?, run_at?, due?,
--   current_balance_cents?, pending_charges_cents?, credit_limit_cents?, monthly_spend_limit_cents?,
--   month_spent_cents?, replay_of?, price_currency?, wallet_currency?, waiting_limit?, waiting_jobs?
-- Raises: as submit_keyed_jobs or submit_jobs.
-- Called by: src/postgres/hot/submissions.ts.
--
-- p_keys, p_hashes, p_items: null where no job has a key. p_traceparents: null where no job carries a trace,
-- p_tracestates as well. p_endpoints, p_urls, p_events: null where a job brings no webhook; the events with
-- commas between them. Only a batch with webhooks comes here, so that all others pay nothing for them.

CREATE OR REPLACE FUNCTION submit_webhook_jobs(
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
  p_tracestates  text[],
  p_endpoints    uuid[],
  p_urls         text[],
  p_events       text[]
)
RETURNS SETOF submitted_job
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT *
    FROM submit_traced_jobs(
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
      p_items,
      p_traceparents,
      p_tracestates
    );
  INSERT INTO job_webhooks (job_id, endpoint_id, url, events)
  SELECT r.id, r.endpoint_id, r.url, string_to_array(r.events, ',')
    FROM unnest(p_ids, p_endpoints, p_urls, p_events) r (id, endpoint_id, url, events)
    JOIN jobs j ON j.id = ANY (p_ids) AND j.id = r.id
   WHERE r.endpoint_id IS NOT NULL
  ON CONFLICT DO NOTHING;
END $$;
