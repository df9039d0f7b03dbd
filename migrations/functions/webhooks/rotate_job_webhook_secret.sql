-- Does: makes p_secret the secret of the webhooks of a customer's jobs. The one before, if there was one,
--   signs as well for p_overlap, and one that had been rotated before ends now. Returns what became of it.
-- Locks, in order: the customer's origins (advisory, waits), then the customer (FOR KEY SHARE).
-- Returns: text
-- Raises: nothing.
-- Called by: src/postgres/repositories/job-webhooks.ts.
--
-- created (there was none) | rotated | unknown_customer | customer_erased.

CREATE OR REPLACE FUNCTION rotate_job_webhook_secret(
  p_customer uuid,
  p_secret   text,
  p_overlap  interval
)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  v_customer customers;
  v_before   boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('webhook_origins'), hashtext(p_customer::text));
  SELECT * INTO v_customer FROM customers c WHERE c.id = p_customer FOR KEY SHARE;
  IF NOT FOUND THEN
    RETURN 'unknown_customer';
  ELSIF v_customer.erased_at IS NOT NULL THEN
    RETURN 'customer_erased';
  END IF;
  DELETE FROM job_webhook_secrets s WHERE s.customer_id = p_customer AND s.expires_at IS NOT NULL;
  UPDATE job_webhook_secrets s
     SET expires_at = clock_timestamp() + p_overlap
   WHERE s.customer_id = p_customer;
  v_before := FOUND;
  INSERT INTO job_webhook_secrets (customer_id, secret) VALUES (p_customer, p_secret);
  RETURN CASE WHEN v_before THEN 'rotated' ELSE 'created' END;
END $$;
