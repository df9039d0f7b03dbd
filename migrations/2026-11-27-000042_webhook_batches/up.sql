-- Events of jobs that have no delivery yet: which jobs ended, for one endpoint, as it wanted to know at that
-- moment. Written in the transaction of what they tell, up to 100 jobs a row. A claim makes the deliveries of
-- the oldest ones when the endpoint has nothing else that is due.
CREATE TABLE webhook_batches (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- No foreign key: its check would cost a settle more than the row. A claim deletes what is left behind.
  endpoint_id uuid NOT NULL,
  -- The events of each job, in the order in which they are sent.
  types       text[] NOT NULL,
  job_ids     uuid[] NOT NULL,
  -- When the jobs ended, and the time of their events.
  created_at  timestamptz NOT NULL DEFAULT now()
) WITH (
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);
-- Ids do not become smaller by compression.
ALTER TABLE webhook_batches ALTER COLUMN job_ids SET STORAGE EXTERNAL;

-- Serves claims: the oldest batches of an endpoint.
CREATE INDEX webhook_batches_by_endpoint ON webhook_batches (endpoint_id, id);
