-- Does: writes an event that is no job's, one delivery for each endpoint that wants it: those of p_customer
--   and of the operator. p_customer null: those of the operator.
-- Locks, in order: nothing.
-- Returns: void
-- Raises: nothing.
-- Called by: append_entry, tell_low_balance, tell_frozen_wallet, settle_webhooks.

CREATE OR REPLACE FUNCTION add_event(p_type text, p_customer uuid, p_data jsonb)
RETURNS void
LANGUAGE sql
AS $$
  INSERT INTO webhook_deliveries (id, endpoint_id, customer_id, type, data)
  SELECT new_event_id(), e.id, p_customer, p_type, p_data
    FROM webhook_endpoints e
   WHERE (e.customer_id = p_customer OR e.customer_id IS NULL)
     AND e.disabled_at IS NULL
     AND p_type = ANY (e.events)
$$;
