DROP TABLE unsuccessful_jobs CASCADE;
