-- Does: writes which jobs have just ended for each endpoint that wants to know it: a batch for each way in
--   which they ended, cut to c_jobs. Deliveries are made of them when they can be sent (spread_webhooks). The
--   event job.finished of an endpoint that wants both comes after the other.
-- Locks, in order: nothing. The caller has locked the jobs.
-- Returns: void
-- Raises: nothing.
-- Called by: post_charges and settle_success, where an endpoint of one of the customers, or of the operator,
--   is enabled.
--
-- A one-off endpoint names no events, so it has no batch. What its jobs want to know stands with each job,
-- and is looked for only where a customer has such an endpoint.
-- A batch of c_jobs fits its page. A longer one would go into pieces of 2 KB in another table.

CREATE OR REPLACE FUNCTION add_job_events(p_ids uuid[], p_customers uuid[])
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  c_jobs constant int := 100;
BEGIN
  IF EXISTS (
    SELECT
      FROM webhook_endpoints e
     WHERE e.customer_id = ANY (p_customers) AND e.kind = 'one_off' AND e.disabled_at IS NULL
  ) THEN
    PERFORM add_webhooks_of_jobs(p_ids);
  END IF;
  WITH ended AS MATERIALIZED (
    SELECT j.id, j.customer_id, j.status FROM jobs j WHERE j.id = ANY (p_ids)
  ), wanted AS (
    SELECT l.id AS endpoint_id, l.events, e.status, e.ids
      FROM (SELECT d.customer_id, d.status, array_agg(d.id) AS ids FROM ended d GROUP BY 1, 2) e
      JOIN webhook_endpoints l ON l.customer_id = e.customer_id
     WHERE l.customer_id = ANY (p_customers) AND l.disabled_at IS NULL
    UNION ALL
    SELECT l.id, l.events, e.status, e.ids
      FROM (SELECT d.status, array_agg(d.id) AS ids FROM ended d GROUP BY 1) e
     CROSS JOIN webhook_endpoints l
     WHERE l.customer_id IS NULL AND l.disabled_at IS NULL
  )
  INSERT INTO webhook_batches (endpoint_id, types, job_ids)
  SELECT
    w.endpoint_id,
    array_remove(
      ARRAY[
        CASE WHEN 'job.' || w.status = ANY (w.events) THEN 'job.' || w.status END,
        CASE WHEN 'job.finished' = ANY (w.events) THEN 'job.finished' END
      ],
      NULL
    ),
    w.ids[s.first:s.first + c_jobs - 1]
    FROM wanted w
   CROSS JOIN generate_series(1, cardinality(w.ids), c_jobs) s (first)
   WHERE w.events && ARRAY['job.' || w.status, 'job.finished'];
END $$;
