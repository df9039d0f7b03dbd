-- Does: writes the standard cost of a job type into price_history, when it is created and at every change.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: nothing.
-- Called by: every INSERT and change of standard_cost_cents of job_types.

CREATE OR REPLACE FUNCTION note_standard_cost()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO price_history (job_type_id, cost_cents)
  VALUES (NEW.id, NEW.standard_cost_cents);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER job_types_price_made
  AFTER INSERT ON job_types
  FOR EACH ROW EXECUTE FUNCTION note_standard_cost();

CREATE OR REPLACE TRIGGER job_types_price_changed
  AFTER UPDATE ON job_types
  FOR EACH ROW WHEN (OLD.standard_cost_cents <> NEW.standard_cost_cents)
  EXECUTE FUNCTION note_standard_cost();
