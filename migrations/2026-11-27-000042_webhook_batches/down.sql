-- What waits becomes deliveries, so that nothing is lost.
WITH told AS MATERIALIZED (
  SELECT b.endpoint_id, b.created_at, j.id AS job_id, t.type, t.nth, new_event_id() AS id
    FROM webhook_batches b
   CROSS JOIN unnest(b.job_ids) j (id)
   CROSS JOIN unnest(b.types) WITH ORDINALITY t (type, nth)
   ORDER BY b.id, t.nth
)
INSERT INTO webhook_deliveries
  (id, endpoint_id, customer_id, type, job_id, after_id, created_at, due_at)
SELECT
  t.id,
  t.endpoint_id,
  (SELECT j.customer_id FROM jobs j WHERE j.id = t.job_id),
  t.type,
  t.job_id,
  lag(t.id) OVER (PARTITION BY t.endpoint_id, t.job_id ORDER BY t.nth),
  t.created_at,
  t.created_at
  FROM told t;
DROP TABLE webhook_batches CASCADE;
