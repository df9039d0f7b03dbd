-- Jobs that ended and are not counted yet, one row a batch. post_charges writes it in the transaction that
-- ends them, and upkeep counts and deletes it a moment later. So the hot path writes one row, and the figures
-- below need no look at the jobs.
CREATE TABLE ended_jobs (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ended_at timestamptz NOT NULL DEFAULT now(),
  job_ids  uuid[] NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);
-- Ids do not become smaller by compression.
ALTER TABLE ended_jobs ALTER COLUMN job_ids SET STORAGE EXTERNAL;

-- How many jobs ended, and what they were charged, by minute and again by hour.
CREATE TABLE job_counts (
  span          text NOT NULL CHECK (span IN ('minute', 'hour')),
  starts_at     timestamptz NOT NULL,
  job_type_id   uuid NOT NULL,
  status        job_status NOT NULL,
  currency      text NOT NULL,
  jobs          bigint NOT NULL,
  charged_cents bigint NOT NULL,
  -- Serves every overview: the newest spans.
  PRIMARY KEY (span, starts_at, job_type_id, status, currency)
) WITH (fillfactor = 70);

-- How long jobs waited and ran, as counts by size. Bucket b has those of at most 2 ^ (b / 4) ms, and more
-- than the bucket before it.
CREATE TABLE job_times (
  span      text NOT NULL CHECK (span IN ('minute', 'hour')),
  starts_at timestamptz NOT NULL,
  measure   text NOT NULL CHECK (measure IN ('wait', 'run')),
  bucket    smallint NOT NULL,
  jobs      bigint NOT NULL,
  -- Serves every overview: the newest spans.
  PRIMARY KEY (span, starts_at, measure, bucket)
) WITH (fillfactor = 70);

-- Jobs and attempts that failed in the same way, by minute and customer. Old rows are deleted.
CREATE TABLE failures (
  fingerprint    uuid NOT NULL,
  minute         timestamptz NOT NULL,
  customer_id    uuid NOT NULL,
  job_type_id    uuid NOT NULL,
  code           text NOT NULL,
  -- The message with its numbers, ids and quotes replaced: what all of a fingerprint have in common.
  pattern        text NOT NULL,
  jobs           bigint NOT NULL,
  attempts       bigint NOT NULL,
  released_cents bigint NOT NULL,
  first_at       timestamptz NOT NULL,
  last_at        timestamptz NOT NULL,
  -- One of them, as an example.
  job_id         uuid NOT NULL,
  message        text NOT NULL,
  -- Serves the first time of a fingerprint.
  PRIMARY KEY (fingerprint, minute, customer_id)
) WITH (fillfactor = 70);

-- Serves the groups of a window of time, and their end.
CREATE INDEX failures_by_minute ON failures (minute);

-- The failed jobs of each fingerprint.
CREATE TABLE failed_jobs (
  job_id      uuid PRIMARY KEY,
  fingerprint uuid NOT NULL
);

-- Serves the list of the jobs of a fingerprint, newest first.
CREATE INDEX failed_jobs_by_fingerprint ON failed_jobs (fingerprint, job_id);

-- Serves the sums of refunds and top-ups by time. No charge is in it: the hot path pays nothing for it.
-- On a large table, build it before: "Before `migrate up`" in docs/upgrading.md.
CREATE INDEX IF NOT EXISTS wallet_entries_by_hand ON wallet_entries (created_at) WHERE kind <> 'charge';
