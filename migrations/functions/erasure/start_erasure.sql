-- Does: starts the erasure of a customer. In one transaction its name, its address, its keys and its sessions
--   are gone, its webhook endpoints are disabled, and it can submit nothing more; advance_erasure does the
--   rest. For an erasure that has started it only adds the two decisions. Returns what became of it.
-- Locks, in order: the customer, then its erasure, then its endpoints by id.
-- Returns: text
-- Raises: nothing.
-- Called by: src/postgres/repositories/erasures.ts.
--
-- started | open_jobs (and p_cancels does not say what becomes of them) | balance_left (and p_forfeits does
-- not) | unknown_customer.
--
-- FOR UPDATE, because api_key is unique: submissions under way keep the row until their commit.

CREATE OR REPLACE FUNCTION start_erasure(
  p_customer uuid,
  p_cancels  boolean,
  p_forfeits boolean,
  p_actor    text
)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM FROM customers c WHERE c.id = p_customer FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'unknown_customer';
  END IF;
  UPDATE erasures e
     SET cancels_jobs = e.cancels_jobs OR p_cancels,
         forfeits = e.forfeits OR p_forfeits,
         actor = CASE WHEN p_forfeits AND NOT e.forfeits THEN p_actor ELSE e.actor END,
         waits_for = NULL
   WHERE e.customer_id = p_customer AND e.ended_at IS NULL;
  IF EXISTS (SELECT FROM erasures e WHERE e.customer_id = p_customer) THEN
    RETURN 'started';
  END IF;
  IF NOT p_cancels AND open_jobs_of(p_customer, 1) <> '{}' THEN
    RETURN 'open_jobs';
  END IF;
  IF NOT p_forfeits AND EXISTS (
    SELECT FROM wallets w WHERE w.customer_id = p_customer AND w.current_balance_cents <> 0
  )
  THEN
    RETURN 'balance_left';
  END IF;
  INSERT INTO erasures (customer_id, cancels_jobs, forfeits, actor)
  VALUES (p_customer, p_cancels, p_forfeits, p_actor);
  DELETE FROM api_keys k WHERE k.customer_id = p_customer;  -- and with them their sessions
  PERFORM
     FROM webhook_endpoints e
    WHERE e.customer_id = p_customer AND e.disabled_at IS NULL
    ORDER BY e.id
      FOR NO KEY UPDATE;
  UPDATE webhook_endpoints e
     SET disabled_at = now(), disabled_reason = 'by_hand'
   WHERE e.customer_id = p_customer AND e.disabled_at IS NULL;
  UPDATE customers c
     SET name = 'Erased customer',
         email = 'erased-' || p_customer || '@erased.invalid',
         api_key = NULL,
         active = false,
         erased_at = now(),
         updated_at = now()
   WHERE c.id = p_customer;
  RETURN 'started';
END $$;
