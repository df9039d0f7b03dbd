-- How many jobs of each customer ended, and what they were charged, by hour and job type. count_ended_jobs
-- writes it beside job_counts, so it begins with this version. Old rows are deleted.
CREATE TABLE customer_counts (
  customer_id   uuid NOT NULL,
  starts_at     timestamptz NOT NULL,
  job_type_id   uuid NOT NULL,
  status        job_status NOT NULL,
  jobs          bigint NOT NULL,
  charged_cents bigint NOT NULL,
  -- Serves the usage of one customer in a range of time.
  PRIMARY KEY (customer_id, starts_at, job_type_id, status)
) WITH (fillfactor = 70);

-- Serves the end of old rows.
CREATE INDEX customer_counts_by_age ON customer_counts (starts_at);
