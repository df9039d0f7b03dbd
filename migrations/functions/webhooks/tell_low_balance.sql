-- Does: writes the event wallet.low beside a low balance that was put into the outbox.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: nothing.
-- Called by: the trigger below.

CREATE OR REPLACE FUNCTION tell_low_balance()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM add_event(
    'wallet.low',
    NEW.customer_id,
    NEW.payload || jsonb_build_object('customer_id', NEW.customer_id)
  );
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER outbox_told
  AFTER INSERT ON outbox
  FOR EACH ROW WHEN (NEW.kind = 'low_balance')
  EXECUTE FUNCTION tell_low_balance();
