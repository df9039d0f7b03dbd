-- Where the trace of a job goes on: W3C Trace Context, as the API wrote it. Only jobs that carry a trace have
-- a row, so whoever does not trace pays nothing (ADR 32). Written with its job, in one transaction, and never
-- changed. prune_jobs deletes the rows with their job, so there is no foreign key to pay for.
CREATE TABLE job_traces (
  job_id      uuid PRIMARY KEY,
  traceparent text NOT NULL,
  tracestate  text,
  -- Whoever writes it has validated it: a regular expression here would take 20 microseconds a row.
  CONSTRAINT job_traces_traceparent CHECK (length(traceparent) = 55),
  CONSTRAINT job_traces_tracestate CHECK (length(tracestate) <= 512)
);
