CREATE TYPE log_level AS ENUM ('debug', 'info', 'warn', 'error');

-- What attempts tell while they run: lines of their log, and steps of their progress. seq counts from 1 in
-- each attempt. Only write_job_log writes here, and only while the attempt runs, so no row comes after the
-- attempt has ended. prune_jobs deletes the rows with their job, so there is no foreign key to pay for.
CREATE TABLE job_log (
  job_id   uuid NOT NULL,
  attempt  integer NOT NULL,
  seq      integer NOT NULL,
  at       timestamptz NOT NULL,
  -- Null for a step of the progress.
  level    log_level,
  -- Null for a line.
  fraction double precision,
  message  text,
  PRIMARY KEY (job_id, attempt, seq),
  CONSTRAINT job_log_line_or_progress CHECK ((level IS NULL) = (fraction IS NOT NULL)),
  CONSTRAINT job_log_fraction CHECK (fraction BETWEEN 0 AND 1)
);

-- How far each job is that ever said so. It changes while the job runs, so it stands apart from jobs.
CREATE TABLE job_progress (
  job_id   uuid PRIMARY KEY,
  attempt  integer NOT NULL,
  at       timestamptz NOT NULL,
  fraction double precision NOT NULL CHECK (fraction BETWEEN 0 AND 1),
  message  text
) WITH (fillfactor = 50);
