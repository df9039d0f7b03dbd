DROP FUNCTION stamp_backlog(smallint, int, uuid);
DROP FUNCTION unstamp_lost_jobs(smallint, interval, uuid[]);
DROP FUNCTION count_stamped_jobs(interval);
DROP FUNCTION promote_due_jobs(int);
