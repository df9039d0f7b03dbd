-- Does: finds up to p_limit jobs of a customer that are pending or running, by where they wait and by their
--   leases: no look at the history of the customer, whatever its size is.
-- Locks, in order: nothing.
-- Returns: uuid[]
-- Raises: nothing.
-- Called by: start_erasure, advance_erasure, src/postgres/repositories/erasures.ts, in
--   queries.

CREATE OR REPLACE FUNCTION open_jobs_of(p_customer uuid, p_limit int)
RETURNS uuid[]
LANGUAGE sql
STABLE
AS $$
  SELECT array(
    SELECT o.job_id
      FROM (
        SELECT q.job_id
          FROM job_queue q
         WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.customer_id = p_customer
        UNION ALL
        SELECT s.job_id FROM job_schedule s WHERE s.customer_id = p_customer
        UNION ALL
        SELECT k.job_id FROM job_parked k WHERE k.customer_id = p_customer
        UNION ALL
        SELECT a.job_id FROM job_alone a WHERE a.customer_id = p_customer
        UNION ALL
        SELECT j.id
          FROM (SELECT DISTINCT unnest(l.job_ids) AS id FROM leases l) r
          JOIN jobs j ON j.id = r.id AND j.status = 'running' AND j.customer_id = p_customer
      ) o
     LIMIT p_limit
  )
$$;
