-- Does: takes a key for the rest of the transaction, and returns what it stands for so far. A request that is
--   sent twice at once waits here for the first one's commit, and then finds what that one created.
-- Locks, in order: the key (FOR UPDATE).
-- Returns: uuid[]
-- Raises: idempotency_key_reused (unique_violation) when the key stands for another request.
-- Called by: create_customer, post_keyed_entries.

CREATE OR REPLACE FUNCTION take_idempotency_key(p_id uuid, p_hash uuid)
RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_key idempotency_keys;
BEGIN
  LOOP
    INSERT INTO idempotency_keys (id, request_hash)
    VALUES (p_id, p_hash)
    ON CONFLICT (id) DO NOTHING;
    SELECT * INTO v_key FROM idempotency_keys i WHERE i.id = p_id FOR UPDATE;
    -- Not found: between the two statements it expired, or a twin whose request was refused gave it up.
    EXIT WHEN FOUND;
  END LOOP;
  IF v_key.request_hash <> p_hash THEN
    RAISE EXCEPTION 'the idempotency key stands for another request'
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'idempotency_key_reused';
  END IF;
  RETURN v_key.subjects;
END $$;
