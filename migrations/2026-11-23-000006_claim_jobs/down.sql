DROP FUNCTION claim_next_jobs(int, uuid, uuid);
DROP FUNCTION claim_jobs(uuid[], uuid, uuid);
DROP FUNCTION start_jobs(uuid[], uuid, uuid);
