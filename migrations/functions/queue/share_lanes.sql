-- Does: splits the shares of customers over their lanes, so that the oldest of all their jobs come first.
-- Locks, in order: nothing.
-- Returns: nth, found, jobs
-- Raises: nothing.
-- Called by: pick_turns.
--
-- One row a lane that takes part. found: how many jobs were looked at; jobs: how many of these it gives.
-- Side by side, for each lane: its customer, its type, the job after which to look, how many it may give at
-- most, and the share of its customer, 0 for those that take no part. p_listing: jobs for the ready lists.

CREATE OR REPLACE FUNCTION share_lanes(
  p_priority  smallint,
  p_listing   boolean,
  p_customers uuid[],
  p_types     uuid[],
  p_last      uuid[],
  p_most      int[],
  p_shares    int[]
)
RETURNS TABLE (
  nth   int,
  found int,
  jobs  int
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT
    l.nth::int,
    count(p.nth)::int,
    count(p.nth) FILTER (WHERE p.place <= l.share)::int
    FROM unnest(p_shares, p_most) WITH ORDINALITY l (share, most, nth)
    LEFT JOIN (
      SELECT l.nth, row_number() OVER (PARTITION BY l.customer_id ORDER BY q.job_id) AS place
        FROM unnest(p_customers, p_types, p_last, p_most, p_shares)
               WITH ORDINALITY l (customer_id, job_type_id, last, most, share, nth)
       CROSS JOIN LATERAL (
          SELECT q.job_id
            FROM job_queue q
           WHERE q.priority = p_priority
             AND q.customer_id = l.customer_id
             AND q.job_type_id = l.job_type_id
             AND q.job_id > l.last
             AND (NOT p_listing OR q.enqueued_at IS NULL)
           ORDER BY q.customer_id, q.job_type_id, q.job_id
           LIMIT l.most
        ) q
       WHERE l.share > 0 AND l.most > 0
    ) p ON p.nth = l.nth
   WHERE l.share > 0 AND l.most > 0
   GROUP BY l.nth;
END $$;
