DROP TYPE claimed_job CASCADE;
DROP TYPE submitted_job CASCADE;
DROP TABLE pruned_jobs CASCADE;
DROP TABLE jobs CASCADE;
DROP TYPE attempt_outcome CASCADE;
DROP TYPE job_status CASCADE;
