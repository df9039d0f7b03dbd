-- Does: creates a key with the name and the scopes of another one, which expires after the overlap. Both
--   happen or neither. Returns rolled | not_found | too_many_keys.
-- Locks, in order: the customer (FOR UPDATE, because api_key is unique), then the old key, as start_erasure.
-- Returns: text
-- Raises: unique_violation: there is a key with this id or hash.
-- Called by: src/postgres/repositories/api-keys.ts.
--
-- not_found: the old key is not this customer's, was revoked or has expired.
-- p_keeps_expiry: the new key expires when the old one would have, or at p_expires_at if that is earlier.

CREATE OR REPLACE FUNCTION roll_api_key(
  p_id              uuid,
  p_customer        uuid,
  p_replaces        uuid,
  p_prefix          text,
  p_hash            text,
  p_overlap_seconds integer,
  p_expires_at      timestamptz,
  p_keeps_expiry    boolean,
  p_keys_max        integer
)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  v_old api_keys;
  v_now timestamptz;
BEGIN
  PERFORM FROM customers c WHERE c.id = p_customer FOR UPDATE;
  SELECT *
    INTO v_old
    FROM api_keys k
   WHERE k.id = p_replaces AND k.customer_id = p_customer
     FOR NO KEY UPDATE;
  -- After the wait for the lock: it may have expired meanwhile.
  v_now := clock_timestamp();
  IF v_old.id IS NULL OR v_old.revoked_at IS NOT NULL OR v_old.expires_at <= v_now THEN
    RETURN 'not_found';
  END IF;
  -- Two calls at once may go above the limit by one: it only has to be an end.
  IF p_keys_max <= (
    SELECT count(*)
      FROM api_keys k
     WHERE k.customer_id = p_customer AND k.revoked_at IS NULL AND coalesce(k.expires_at > v_now, true)
  )
  THEN
    RETURN 'too_many_keys';
  END IF;
  UPDATE api_keys k
     SET expires_at = least(k.expires_at, v_now + make_interval(secs => p_overlap_seconds))
   WHERE k.id = p_replaces;
  INSERT INTO api_keys (id, customer_id, name, prefix, key_hash, scopes, expires_at)
  VALUES (
    p_id,
    p_customer,
    v_old.name,
    p_prefix,
    p_hash,
    v_old.scopes,
    CASE WHEN p_keeps_expiry THEN least(v_old.expires_at, p_expires_at) ELSE p_expires_at END
  );
  UPDATE customers c SET api_key = p_hash WHERE c.id = p_customer;
  RETURN 'rolled';
END $$;
