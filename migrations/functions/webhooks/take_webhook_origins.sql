-- Does: finds the one-off endpoint of each customer and origin, and creates those that are missing, up to
--   c_origins a customer. The first one of a customer brings the secret of all. Arrays of equal length, a
--   request an element; p_ids and p_secrets are for what is created.
-- Locks, in order: of a customer with a new origin: its origins (advisory, waits), then the customer (FOR KEY
--   SHARE); then the endpoint, when its used_at changes. By customer and origin.
-- Returns: place, endpoint_id?, refusal?
-- Raises: nothing.
-- Called by: src/postgres/repositories/job-webhooks.ts.
--
-- place: from 1. refusal: unknown_customer | customer_inactive | too_many_origins.
-- An erasure locks its customer against FOR KEY SHARE when it starts. So no endpoint comes after it.

CREATE OR REPLACE FUNCTION take_webhook_origins(
  p_customers uuid[],
  p_origins   text[],
  p_ids       uuid[],
  p_secrets   text[]
)
RETURNS TABLE (
  place       int,
  endpoint_id uuid,
  refusal     text
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  c_origins  constant int := 100;
  v_customer uuid;
  v_origin   text;
  v_used_at  timestamptz;
  v_active   boolean;
BEGIN
  FOR place, v_customer, v_origin IN
    SELECT r.n, r.customer_id, r.origin
      FROM unnest(p_customers, p_origins) WITH ORDINALITY r (customer_id, origin, n)
     ORDER BY r.customer_id, r.origin
  LOOP
    refusal := NULL;
    SELECT e.id, e.used_at
      INTO endpoint_id, v_used_at
      FROM webhook_endpoints e
     WHERE e.customer_id = v_customer AND e.url = v_origin AND e.kind = 'one_off';
    IF endpoint_id IS NOT NULL AND v_used_at < now() - interval '1 hour' THEN
      -- Upkeep may just have deleted it.
      UPDATE webhook_endpoints e
         SET used_at = now()
       WHERE e.id = endpoint_id
      RETURNING e.id INTO endpoint_id;
    END IF;
    IF endpoint_id IS NULL THEN
      PERFORM pg_advisory_xact_lock(hashtext('webhook_origins'), hashtext(v_customer::text));
      SELECT c.active INTO v_active FROM customers c WHERE c.id = v_customer FOR KEY SHARE;
      SELECT e.id
        INTO endpoint_id
        FROM webhook_endpoints e
       WHERE e.customer_id = v_customer AND e.url = v_origin AND e.kind = 'one_off';
      refusal := CASE
        WHEN v_active IS NULL THEN 'unknown_customer'
        WHEN NOT v_active THEN 'customer_inactive'
        WHEN endpoint_id IS NULL AND c_origins <= (
          SELECT count(*) FROM webhook_endpoints e WHERE e.customer_id = v_customer AND e.kind = 'one_off'
        ) THEN 'too_many_origins'
      END;
      IF refusal IS NULL AND endpoint_id IS NULL THEN
        endpoint_id := p_ids[place];
        INSERT INTO webhook_endpoints (id, customer_id, url, events, kind, used_at)
        VALUES (endpoint_id, v_customer, v_origin, '{}', 'one_off', now());
        INSERT INTO job_webhook_secrets (customer_id, secret)
        SELECT v_customer, p_secrets[place]
         WHERE NOT EXISTS (SELECT FROM job_webhook_secrets s WHERE s.customer_id = v_customer);
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
