DROP FUNCTION prune_jobs(interval, int, uuid);
