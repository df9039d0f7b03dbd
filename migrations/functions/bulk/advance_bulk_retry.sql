-- Does: retries a batch of jobs for a bulk action that runs and has reached p_after, and moves it on to
--   p_reached, all in one transaction: so each job once, whatever crashes. False: somebody else did this
--   batch, or the action does not run.
-- Locks, in order: the action (SKIP LOCKED), then the old jobs by id, then as submit_jobs.
-- Returns: boolean
-- Raises: as submit_jobs.
-- Called by: src/postgres/repositories/bulk-actions.ts.
--
-- p_new_ids: the ids of the new jobs. p_refusals: why a job is not to be retried, as the caller found out;
-- null where nothing speaks against it. The new jobs go into the backlog, from where refill takes them,
-- and keep the webhooks that the old ones brought.
--
-- The lock of the old job orders two bulk actions that reach it: the second one sees the retry of the first.

CREATE OR REPLACE FUNCTION advance_bulk_retry(
  p_action   uuid,
  p_after    uuid,
  p_ids      uuid[],
  p_new_ids  uuid[],
  p_refusals text[],
  p_reached  uuid,
  p_ended    boolean
)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_owner      uuid;
  v_retried    uuid[];
  v_skips      jsonb;
  v_refused    jsonb;
  v_costs      jsonb;
  v_jobs       bigint := 0;
  n_ids        uuid[];
  n_customers  uuid[];
  n_types      uuid[];
  n_priorities smallint[];
  n_inputs     jsonb[];
  n_tries      smallint[];
  n_old        uuid[];
BEGIN
  SELECT b.owner_id
    INTO v_owner
    FROM bulk_actions b
   WHERE b.id = p_action AND b.status = 'running' AND b.reached_id IS NOT DISTINCT FROM p_after
     FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM FROM jobs j WHERE j.id = ANY (p_ids) ORDER BY j.id FOR NO KEY UPDATE;
  v_retried := array(SELECT x.retry_of FROM jobs x WHERE x.retry_of = ANY (p_ids));

  WITH verdict AS MATERIALIZED (
    SELECT
      r.new_id,
      j.*,
      CASE
        WHEN j.id IS NULL THEN 'not_found'
        WHEN j.status IN ('pending', 'running') THEN 'not_ended'
        WHEN j.status = 'succeeded' THEN 'succeeded'
        WHEN j.id = ANY (v_retried) THEN 'already_retried'
        ELSE r.refusal
      END AS skip
      FROM unnest(p_ids, p_new_ids, p_refusals) r (id, new_id, refusal)
      LEFT JOIN jobs j ON j.id = r.id AND (v_owner IS NULL OR j.customer_id = v_owner)
  )
  SELECT
    (
      SELECT jsonb_object_agg(s.skip, s.jobs)
        FROM (SELECT x.skip, count(*) AS jobs FROM verdict x WHERE x.skip IS NOT NULL GROUP BY 1) s
    ),
    array_agg(v.new_id ORDER BY v.new_id),
    array_agg(v.customer_id ORDER BY v.new_id),
    array_agg(v.job_type_id ORDER BY v.new_id),
    array_agg(v.priority ORDER BY v.new_id),
    array_agg(v.input_data ORDER BY v.new_id),
    array_agg(v.max_attempts ORDER BY v.new_id),
    array_agg(v.id ORDER BY v.new_id)
    INTO v_skips, n_ids, n_customers, n_types, n_priorities, n_inputs, n_tries, n_old
    FROM verdict v
   WHERE v.skip IS NULL;

  IF n_ids IS NOT NULL THEN
    SELECT jsonb_object_agg(x.refusal, x.jobs)
      INTO v_refused
      FROM (
        SELECT s.refusal, count(*) AS jobs
          FROM submit_jobs(
                 n_ids,
                 n_customers,
                 n_types,
                 n_priorities,
                 n_inputs,
                 NULL,
                 n_tries,
                 n_old,
                 '{false,false,false}'
               ) s
         WHERE s.refusal IS NOT NULL
         GROUP BY 1
      ) x;
    INSERT INTO job_webhooks (job_id, endpoint_id, url, events)
    SELECT j.id, h.endpoint_id, h.url, h.events
      FROM job_webhooks h
      JOIN jobs j ON j.id = ANY (n_ids) AND j.retry_of = h.job_id
     WHERE h.job_id = ANY (n_old);
    SELECT coalesce(sum(x.jobs), 0), jsonb_object_agg(x.currency, x.cents)
      INTO v_jobs, v_costs
      FROM (
        SELECT w.currency, count(*) AS jobs, sum(j.estimated_cost_cents) AS cents
          FROM jobs j
          JOIN wallets w ON w.customer_id = j.customer_id
         WHERE j.id = ANY (n_ids)
         GROUP BY 1
      ) x;
    -- A runner without Redis waits for this.
    PERFORM pg_notify('iep_jobs', '');
  END IF;
  UPDATE bulk_actions b
     SET reached_id = p_reached,
         seen = b.seen + cardinality(p_ids),
         jobs = b.jobs + v_jobs,
         skips = add_counts(add_counts(b.skips, v_skips), v_refused),
         costs = add_counts(b.costs, v_costs),
         worked_at = clock_timestamp(),
         status = CASE WHEN p_ended THEN 'done' ELSE b.status END,
         ended_at = CASE WHEN p_ended THEN now() END
   WHERE b.id = p_action;
  RETURN true;
END $$;
