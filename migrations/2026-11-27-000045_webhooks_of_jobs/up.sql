-- A one-off endpoint stands for the webhooks that jobs of a customer bring with them to one origin, which is
-- its url. What each of them wants to know stands with the job. It names no events, so it is told of nothing
-- else.
ALTER TABLE webhook_endpoints
  ADD COLUMN kind text NOT NULL DEFAULT 'lasting' CHECK (kind IN ('lasting', 'one_off')),
  -- When a job last brought a webhook to it, to the hour.
  ADD COLUMN used_at timestamptz,
  DROP CONSTRAINT webhook_endpoints_events_check,
  ADD CONSTRAINT webhook_endpoints_events_check CHECK ((events = '{}') = (kind = 'one_off'));

-- Serves submissions with a webhook: one row a customer and origin. Serves settles: whether there is one.
CREATE UNIQUE INDEX webhook_endpoints_one_off ON webhook_endpoints (customer_id, url) WHERE kind = 'one_off';

-- The webhook that a job brought with it. Only such jobs have a row, so nobody else pays for it. Written with
-- its job, in one transaction, and never changed. prune_jobs deletes the rows with their job.
CREATE TABLE job_webhooks (
  job_id      uuid PRIMARY KEY,
  endpoint_id uuid NOT NULL,
  url         text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
  events      text[] NOT NULL
);

-- Serves upkeep: whether an origin is still used.
CREATE INDEX job_webhooks_by_endpoint ON job_webhooks (endpoint_id);

-- What the webhooks of a customer's jobs are signed with, wherever they go: as webhook_secrets.
CREATE TABLE job_webhook_secrets (
  customer_id uuid NOT NULL,
  secret      text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Null: the current one. A secret that was rotated signs as well until then.
  expires_at  timestamptz,
  PRIMARY KEY (customer_id, created_at)
);

-- Where a delivery goes that a job asked for. Null: to the url of its endpoint.
ALTER TABLE webhook_deliveries ADD COLUMN url text;
