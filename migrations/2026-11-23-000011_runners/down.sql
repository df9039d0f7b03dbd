DROP FUNCTION rescue_jobs(interval, int, int);
DROP FUNCTION heartbeat(uuid, uuid[]);
