-- Cancels or retries of all jobs that a filter matches, done by the upkeep of runners, a batch at a time. The
-- row moves on in the transaction of each batch, so a crash loses nothing and repeats nothing.
CREATE TABLE bulk_actions (
  id          uuid PRIMARY KEY,
  action      text NOT NULL CHECK (action IN ('cancel', 'retry')),
  -- The customer who asked, and whose jobs alone it reaches. Null: the operator, and everybody's.
  owner_id    uuid,
  filter      jsonb NOT NULL,
  -- preview: it counted what it would do, and does nothing.
  status      text NOT NULL CHECK (status IN ('preview', 'running', 'done', 'stopped')),
  -- What it was expected to do: {matched, is_capped, jobs, skips, costs}.
  expected    jsonb NOT NULL,
  -- Only jobs of before are reached, so never those that it creates itself.
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  worked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at    timestamptz,
  -- The last job that was looked at.
  reached_id  uuid,
  seen        bigint NOT NULL DEFAULT 0,
  jobs        bigint NOT NULL DEFAULT 0,
  -- How many jobs were passed over, by reason.
  skips       jsonb NOT NULL DEFAULT '{}',
  -- Cents by currency: held for the new jobs of a retry, or given back by a cancel.
  costs       jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT bulk_actions_ended_has_time CHECK ((status = 'running') = (ended_at IS NULL))
) WITH (fillfactor = 50);

-- Serves upkeep: the action that has waited longest for its next batch.
CREATE INDEX bulk_actions_running ON bulk_actions (worked_at) WHERE status = 'running';
-- Serves a customer's actions, newest first.
CREATE INDEX bulk_actions_by_owner ON bulk_actions (owner_id, id);
-- Serves expiry: those that ended long ago, and previews of yesterday.
CREATE INDEX bulk_actions_ended ON bulk_actions (status, ended_at) WHERE ended_at IS NOT NULL;

-- Serves bulk retries: whether a job was retried before. The column never changes, and few jobs have it.
-- On a large table, build it before: "Before `migrate up`" in docs/upgrading.md.
CREATE INDEX IF NOT EXISTS jobs_retries ON jobs (retry_of) WHERE retry_of IS NOT NULL;
