-- Does: makes deliveries of the oldest batches of an endpoint, whole batches, until there are p_events of
--   them, and returns how many it made. Their ids and times are those of the end of the jobs, so whatever
--   looks at deliveries by time sees no difference.
-- Locks, in order: the batches (FOR UPDATE, skips).
-- Returns: integer
-- Raises: nothing.
-- Called by: claim_webhooks.
--
-- p_owner: the customer of the endpoint, null for one of the operator. A batch is a job's only place, and is
-- deleted with the same commit, so two at once make each event once. Batches are looked at again until there
-- is enough, so no more of them are locked than are needed.

CREATE OR REPLACE FUNCTION spread_webhooks(p_endpoint uuid, p_owner uuid, p_events int)
RETURNS int
LANGUAGE plpgsql
SET enable_seqscan = off  -- so that only the index serves, whatever the statistics say
SET enable_bitmapscan = off
AS $$
DECLARE
  v_made    int := 0;
  v_batches int := 1;
  v_ids     bigint[];
  n         int;
BEGIN
  WHILE v_made < p_events LOOP
    v_ids := array(
      SELECT b.id
        FROM webhook_batches b
       WHERE b.endpoint_id = p_endpoint
       ORDER BY b.id
       LIMIT v_batches
         FOR UPDATE SKIP LOCKED
    );
    EXIT WHEN v_ids = '{}';
    WITH taken AS (
      DELETE FROM webhook_batches b
       WHERE b.id = ANY (v_ids)
      RETURNING b.id, b.types, b.job_ids, b.created_at
    ), told AS MATERIALIZED (
      SELECT
        b.id AS batch_id,
        b.created_at,
        j.id AS job_id,
        t.type,
        t.nth,
        event_id_at(b.created_at, (j.nth * cardinality(b.types) + t.nth)::int) AS id
        FROM taken b
       CROSS JOIN unnest(b.job_ids) WITH ORDINALITY j (id, nth)
       CROSS JOIN unnest(b.types) WITH ORDINALITY t (type, nth)
    )
    INSERT INTO webhook_deliveries
      (id, endpoint_id, customer_id, type, job_id, after_id, created_at, due_at)
    SELECT
      t.id,
      p_endpoint,
      coalesce(p_owner, (SELECT j.customer_id FROM jobs j WHERE j.id = t.job_id)),
      t.type,
      t.job_id,
      lag(t.id) OVER (PARTITION BY t.batch_id, t.job_id ORDER BY t.nth),
      t.created_at,
      t.created_at
      FROM told t;
    GET DIAGNOSTICS n = ROW_COUNT;
    v_made := v_made + n;
    v_batches := ceil((p_events - v_made)::float8 * cardinality(v_ids) / greatest(n, 1));
  END LOOP;
  RETURN v_made;
END $$;
