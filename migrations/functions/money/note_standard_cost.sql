-- Does: notes the standard cost of a job type in price_history, when the type is created and when it
--   changes.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: nothing.
-- Called by: the triggers below.

CREATE OR REPLACE FUNCTION note_standard_cost()
RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT  -- a restore of data has an empty one
AS $$
BEGIN
  INSERT INTO price_history (job_type_id, cost_cents, currency)
  VALUES (NEW.id, NEW.standard_cost_cents, NEW.currency);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER job_types_price_made
  AFTER INSERT ON job_types
  FOR EACH ROW EXECUTE FUNCTION note_standard_cost();

CREATE OR REPLACE TRIGGER job_types_price_changed
  AFTER UPDATE ON job_types
  FOR EACH ROW WHEN (OLD.standard_cost_cents <> NEW.standard_cost_cents OR OLD.currency <> NEW.currency)
  EXECUTE FUNCTION note_standard_cost();
