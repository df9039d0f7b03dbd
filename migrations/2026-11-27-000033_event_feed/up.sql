-- Which jobs ended, in one order for all readers of GET /events. count_ended_jobs writes it, one process at a
-- time, until its commit: what a reader does not see yet is always behind what it sees. seq grows, and is
-- about the time in microseconds, so it tells nobody how much happens. A row has up to 100 jobs of one
-- customer.
CREATE TABLE event_feed (
  -- Serves the operator's reader, and the end of the feed.
  seq         bigint PRIMARY KEY,
  customer_id uuid NOT NULL,
  job_ids     uuid[] NOT NULL
);
-- Ids do not become smaller by compression.
ALTER TABLE event_feed ALTER COLUMN job_ids SET STORAGE EXTERNAL;

-- Serves the reader of one customer's events.
CREATE INDEX event_feed_by_customer ON event_feed (customer_id, seq);

-- A beginning that no customer has: the feed always has an end.
INSERT INTO event_feed (seq, customer_id, job_ids)
VALUES (
  floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
  '00000000-0000-0000-0000-000000000000',
  '{}'
);
