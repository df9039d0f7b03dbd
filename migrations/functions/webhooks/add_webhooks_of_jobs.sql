-- Does: writes the deliveries of the webhooks that jobs brought with them, for those that have just ended.
--   The event job.finished of a job that wants both comes after the other.
-- Locks, in order: nothing. The caller has locked the jobs.
-- Returns: void
-- Raises: nothing.
-- Called by: add_job_events, where one of the customers has a one-off endpoint.

CREATE OR REPLACE FUNCTION add_webhooks_of_jobs(p_ids uuid[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT
      h.endpoint_id,
      h.url,
      j.id AS job_id,
      j.customer_id,
      'job.' || j.status AS type,
      ('job.' || j.status) = ANY (h.events) AS wants_status,
      'job.finished' = ANY (h.events) AS wants_finished,
      new_event_id() AS status_id
      FROM job_webhooks h
      JOIN jobs j ON j.id = ANY (p_ids) AND j.id = h.job_id
      JOIN webhook_endpoints e ON e.id = h.endpoint_id AND e.disabled_at IS NULL
     WHERE h.job_id = ANY (p_ids)
  )
  INSERT INTO webhook_deliveries (id, endpoint_id, customer_id, type, job_id, after_id, url)
  SELECT w.status_id, w.endpoint_id, w.customer_id, w.type, w.job_id, NULL, w.url
    FROM wanted w
   WHERE w.wants_status
  UNION ALL
  SELECT
    new_event_id(),
    w.endpoint_id,
    w.customer_id,
    'job.finished',
    w.job_id,
    CASE WHEN w.wants_status THEN w.status_id END,
    w.url
    FROM wanted w
   WHERE w.wants_finished;
END $$;
