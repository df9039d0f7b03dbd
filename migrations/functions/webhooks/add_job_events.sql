-- Does: writes the events of jobs that have just ended, one delivery for each endpoint that wants one. The
--   event job.finished of an endpoint that wants both comes after the other.
-- Locks, in order: nothing. The caller has locked the jobs.
-- Returns: void
-- Raises: nothing.
-- Called by: post_charges, where an endpoint of one of the customers, or of the operator, is enabled.

CREATE OR REPLACE FUNCTION add_job_events(p_ids uuid[], p_customers uuid[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF EXISTS (
    SELECT
      FROM webhook_endpoints e
     WHERE e.customer_id = ANY (p_customers) AND e.kind = 'one_off' AND e.disabled_at IS NULL
  ) THEN
    PERFORM add_webhooks_of_jobs(p_ids);
  END IF;
  WITH listening AS MATERIALIZED (
    SELECT e.id, e.events, e.customer_id
      FROM webhook_endpoints e
     WHERE e.customer_id = ANY (p_customers) AND e.disabled_at IS NULL
    UNION ALL
    SELECT e.id, e.events, c.id
      FROM webhook_endpoints e
     CROSS JOIN unnest(p_customers) c (id)
     WHERE e.customer_id IS NULL AND e.disabled_at IS NULL
  ), wanted AS MATERIALIZED (
    SELECT
      l.id AS endpoint_id,
      j.id AS job_id,
      j.customer_id,
      'job.' || j.status AS type,
      ('job.' || j.status) = ANY (l.events) AS wants_status,
      'job.finished' = ANY (l.events) AS wants_finished,
      new_event_id() AS status_id
      FROM jobs j
      JOIN listening l ON l.customer_id = j.customer_id
     WHERE j.id = ANY (p_ids)
  )
  INSERT INTO webhook_deliveries (id, endpoint_id, customer_id, type, job_id, after_id)
  SELECT w.status_id, w.endpoint_id, w.customer_id, w.type, w.job_id, NULL
    FROM wanted w
   WHERE w.wants_status
  UNION ALL
  SELECT
    new_event_id(),
    w.endpoint_id,
    w.customer_id,
    'job.finished',
    w.job_id,
    CASE WHEN w.wants_status THEN w.status_id END
    FROM wanted w
   WHERE w.wants_finished;
END $$;
