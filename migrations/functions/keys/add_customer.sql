-- Does: creates a customer with its limits and its empty wallet, once under a key. Returns the id that is
--   stored: another id than p_id means that the customer was created before.
-- Locks, in order: the key.
-- Returns: uuid
-- Raises: idempotency_key_reused (unique_violation): the key stands for another request.
-- Called by: src/postgres/repositories/customers.ts.
--
-- p_weight may be null: that of most customers. A limit that is null: none.

CREATE OR REPLACE FUNCTION add_customer(
  p_id            uuid,
  p_name          text,
  p_email         text,
  p_weight        smallint,
  p_running_limit int,
  p_waiting_limit int,
  p_wallet        uuid,
  p_currency      text,
  p_key           uuid,
  p_hash          uuid
)
RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
  v_made uuid[] := CASE WHEN p_key IS NOT NULL THEN take_idempotency_key(p_key, p_hash) END;
BEGIN
  IF v_made[1] IS NOT NULL THEN
    RETURN v_made[1];
  END IF;
  INSERT INTO customers (id, name, email, weight, running_limit, waiting_limit)
  VALUES (p_id, p_name, p_email, coalesce(p_weight, 1), p_running_limit, p_waiting_limit);
  INSERT INTO wallets (id, customer_id, currency) VALUES (p_wallet, p_id, p_currency);
  UPDATE idempotency_keys i SET subjects = ARRAY[p_id] WHERE i.id = p_key;
  RETURN p_id;
END $$;
