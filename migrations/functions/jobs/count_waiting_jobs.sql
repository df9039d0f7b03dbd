-- Does: counts the jobs of a customer that wait: for a slot, for a later time, for a paused type, or to run
--   alone. Counts up to p_most, so that it never reads more rows than that.
-- Locks, in order: nothing.
-- Returns: bigint
-- Raises: nothing.
-- Called by: submit_jobs.
--
-- Every branch is an index scan of this customer alone, but that of job_alone, which has a few rows.

CREATE OR REPLACE FUNCTION count_waiting_jobs(p_customer uuid, p_most integer)
RETURNS bigint
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
  RETURN (
    SELECT count(*)
      FROM (
        SELECT 1 FROM job_queue q WHERE q.priority = ANY ('{0,1,2}') AND q.customer_id = p_customer
        UNION ALL
        SELECT 1 FROM job_schedule s WHERE s.customer_id = p_customer
        UNION ALL
        SELECT 1 FROM job_parked p WHERE p.customer_id = p_customer
        UNION ALL
        SELECT 1 FROM job_alone a WHERE a.customer_id = p_customer
        LIMIT p_most
      ) waiting
  );
END $$;
