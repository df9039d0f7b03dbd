-- Does: takes a key for the rest of the transaction. A concurrent twin waits here for our commit, and then
--   finds what we created. Returns the subjects so far.
-- Locks, in order: the key.
-- Returns: uuid[]
-- Raises: idempotency_key_reused (unique_violation): the key stands for another request.
-- Called by: add_customer, create_bulk_action, post_keyed_entries.

CREATE OR REPLACE FUNCTION take_idempotency_key(p_id uuid, p_hash uuid)
RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_key idempotency_keys;
BEGIN
  LOOP
    INSERT INTO idempotency_keys (id, request_hash) VALUES (p_id, p_hash) ON CONFLICT (id) DO NOTHING;
    SELECT * INTO v_key FROM idempotency_keys i WHERE i.id = p_id FOR UPDATE;
    -- Not found: it expired in between, or a twin whose request was refused has deleted it.
    EXIT WHEN FOUND;
  END LOOP;
  IF v_key.request_hash <> p_hash THEN
    RAISE EXCEPTION 'the idempotency key stands for another request'
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'idempotency_key_reused';
  END IF;
  RETURN v_key.subjects;
END $$;
