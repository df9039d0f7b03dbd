-- Where events are sent to.
CREATE TABLE webhook_endpoints (
  id              uuid PRIMARY KEY,
  -- Whose events it gets. Null: an endpoint of the operator, which gets those of all customers.
  customer_id     uuid,
  url             text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
  events          text[] NOT NULL CHECK (events <> '{}'),
  description     text CHECK (length(description) <= 200),
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  -- A disabled endpoint gets no new events, and what waits for it waits on.
  disabled_at     timestamptz,
  disabled_reason text CHECK (disabled_reason IN ('by_hand', 'gone', 'failing')),
  -- Of a program that forwards to its own machine: runners leave it alone. Without a sign of life it goes.
  listened_at     timestamptz,
  -- Failures since the last success, and since when.
  failures        int NOT NULL DEFAULT 0,
  failing_since   timestamptz,
  -- Nothing is sent before. Then one delivery is tried, the probe; each that fails makes the pause longer.
  paused_until    timestamptz,
  pauses          int NOT NULL DEFAULT 0,
  probe_id        uuid,
  delivered_at    timestamptz,
  CONSTRAINT webhook_endpoints_disabled_has_reason CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
) WITH (fillfactor = 50);

-- Serves whatever writes events: whether somebody wants them.
CREATE INDEX webhook_endpoints_enabled ON webhook_endpoints (customer_id) WHERE disabled_at IS NULL;
-- Serves a customer's endpoints, newest first.
CREATE INDEX webhook_endpoints_by_customer ON webhook_endpoints (customer_id, id);

-- What deliveries are signed with. Signing needs it in clear, so it stands apart: only what creates, claims
-- and rotates reads or writes it.
CREATE TABLE webhook_secrets (
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  secret      text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Null: the current one. A secret that was rotated signs as well until then.
  expires_at  timestamptz,
  PRIMARY KEY (endpoint_id, created_at)
);

-- One event for one endpoint: what waits to be sent, and the log of what was, written in the transaction
-- of what it tells.
CREATE TABLE webhook_deliveries (
  -- UUIDv7, and the webhook-id: it stays the same however often it is sent.
  id          uuid PRIMARY KEY,
  endpoint_id uuid NOT NULL,
  customer_id uuid,
  type        text NOT NULL,
  -- The job that ended. It is read when it is sent: a job that has ended changes no more.
  job_id      uuid,
  -- What else there is to tell, when it is no job.
  data        jsonb,
  -- Not sent before this one has ended: the order of the events of a job.
  after_id    uuid,
  created_at  timestamptz NOT NULL DEFAULT now(),
  status      text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
  -- When it is sent. A claim moves it ahead by its lease, so what a dead process had is sent again.
  due_at      timestamptz NOT NULL DEFAULT now(),
  -- The fence: grows with each claim.
  claims      int NOT NULL DEFAULT 0,
  tries       int NOT NULL DEFAULT 0,
  -- Sent once more because somebody asked: it says nothing about the health of the endpoint.
  is_manual   boolean NOT NULL DEFAULT false,
  ended_at    timestamptz,
  -- How the last tries ended, oldest first.
  answers     jsonb NOT NULL DEFAULT '[]'
) WITH (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);

-- Serves claims: what waits, endpoint by endpoint.
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint_id, due_at) WHERE status = 'pending';
-- Serves claims: what somebody wants to be sent now, although its endpoint is disabled or paused.
CREATE INDEX webhook_deliveries_manual ON webhook_deliveries (endpoint_id, created_at)
  WHERE status = 'pending' AND is_manual;
-- Serves the log of an endpoint, newest first, and a replay.
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id);
-- Serves what failed of an endpoint: the log, and a replay.
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (endpoint_id, id) WHERE status = 'failed';
