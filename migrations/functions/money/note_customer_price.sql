-- Does: notes a customer's own price in price_history, when it is set, changed or taken back.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: nothing.
-- Called by: the triggers below.

CREATE OR REPLACE FUNCTION note_customer_price()
RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT  -- a restore of data has an empty one
AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO price_history (job_type_id, customer_id)
    VALUES (OLD.job_type_id, OLD.customer_id);
  ELSE
    INSERT INTO price_history (job_type_id, customer_id, cost_cents, currency)
    SELECT NEW.job_type_id, NEW.customer_id, NEW.cost_cents, w.currency
      FROM wallets w
     WHERE w.customer_id = NEW.customer_id;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER customer_prices_made
  AFTER INSERT OR DELETE ON customer_prices
  FOR EACH ROW EXECUTE FUNCTION note_customer_price();

CREATE OR REPLACE TRIGGER customer_prices_changed
  AFTER UPDATE ON customer_prices
  FOR EACH ROW WHEN (OLD.cost_cents <> NEW.cost_cents)
  EXECUTE FUNCTION note_customer_price();
