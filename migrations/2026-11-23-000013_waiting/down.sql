DROP FUNCTION age_jobs(smallint, interval, int, uuid);
DROP FUNCTION unpark_jobs(int);
