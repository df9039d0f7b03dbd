-- Does: makes p_secret the secret of an endpoint. The one before signs as well for p_overlap, and one that
--   had been rotated before ends now. With p_owner null, it may be anybody's endpoint. False: there is none.
-- Locks, in order: the endpoint.
-- Returns: boolean
-- Raises: nothing.
-- Called by: src/postgres/repositories/webhook-endpoints.ts.

CREATE OR REPLACE FUNCTION rotate_webhook_secret(
  p_endpoint uuid,
  p_owner    uuid,
  p_secret   text,
  p_overlap  interval
)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM
     FROM webhook_endpoints e
    WHERE e.id = p_endpoint AND (p_owner IS NULL OR e.customer_id = p_owner)
      FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM webhook_secrets s WHERE s.endpoint_id = p_endpoint AND s.expires_at IS NOT NULL;
  UPDATE webhook_secrets s
     SET expires_at = clock_timestamp() + p_overlap
   WHERE s.endpoint_id = p_endpoint;
  INSERT INTO webhook_secrets (endpoint_id, secret) VALUES (p_endpoint, p_secret);
  RETURN true;
END $$;
