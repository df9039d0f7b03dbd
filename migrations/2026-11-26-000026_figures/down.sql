DROP INDEX wallet_entries_by_hand;
DROP TABLE failed_jobs CASCADE;
DROP TABLE failures CASCADE;
DROP TABLE job_times CASCADE;
DROP TABLE job_counts CASCADE;
DROP TABLE ended_jobs CASCADE;
