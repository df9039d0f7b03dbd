DROP INDEX jobs_retries;
DROP TABLE bulk_actions CASCADE;
