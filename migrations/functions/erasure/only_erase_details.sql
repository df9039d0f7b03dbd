-- Does: lets an UPDATE of what an action shows (before, after) through only where it empties both and leaves
--   all else as it is: details can be erased, and never rewritten.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: restrict_violation: anything else would change.
-- Called by: the trigger below.

CREATE OR REPLACE FUNCTION only_erase_details()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  v_kept operator_actions := OLD;
BEGIN
  v_kept.before := NULL;
  v_kept.after := NULL;
  IF NEW IS DISTINCT FROM v_kept THEN
    RAISE EXCEPTION '% on % is forbidden', TG_OP, TG_TABLE_NAME
      USING ERRCODE = 'restrict_violation',
        HINT = 'What an action shows can be erased, as a whole. Nothing else of it can change.';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER operator_actions_erased_only
  BEFORE UPDATE OF before, after ON operator_actions
  FOR EACH ROW EXECUTE FUNCTION only_erase_details();
