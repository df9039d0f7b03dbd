-- Does: writes the event wallet.frozen of a wallet that was not frozen before.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: nothing.
-- Called by: the trigger below. Charges do not set frozen_at, so the hot path never comes here.

CREATE OR REPLACE FUNCTION tell_frozen_wallet()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM add_event(
    'wallet.frozen',
    NEW.customer_id,
    jsonb_build_object(
      'customer_id', NEW.customer_id,
      'current_balance_cents', NEW.current_balance_cents,
      'frozen_at', utc_text(NEW.frozen_at)
    )
  );
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER wallets_frozen_told
  AFTER UPDATE OF frozen_at ON wallets
  FOR EACH ROW WHEN (OLD.frozen_at IS NULL AND NEW.frozen_at IS NOT NULL)
  EXECUTE FUNCTION tell_frozen_wallet();
