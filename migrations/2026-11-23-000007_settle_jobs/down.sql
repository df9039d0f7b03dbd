DROP FUNCTION settle_jobs(uuid[], int[], attempt_outcome[], bigint[], jsonb[], jsonb[], bigint[], uuid[]);
DROP FUNCTION post_charges(uuid[], uuid[], bigint[], bigint[]);
DROP TYPE attempt_outcome;
