DROP TABLE job_types;
