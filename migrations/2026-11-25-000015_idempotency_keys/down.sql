DROP FUNCTION submit_keyed_jobs(uuid[], uuid[], uuid[], smallint[], jsonb[], timestamptz[], smallint[], uuid[], boolean[], uuid[], uuid[], int[]);
DROP FUNCTION post_keyed_entries(uuid[], entry_kind[], bigint[], text[], text[], boolean[], text, uuid, uuid);
DROP FUNCTION create_customer(uuid, text, text, uuid, text, uuid, uuid);
DROP FUNCTION prune_idempotency_keys(int, int);
DROP FUNCTION take_idempotency_key(uuid, uuid);
DROP TABLE idempotency_keys;
