DROP FUNCTION submit_jobs(uuid[], uuid[], uuid[], smallint[], jsonb[], timestamptz[], smallint[], uuid[], boolean[]);
