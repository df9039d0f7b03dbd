-- Does: stops every statement that would change or delete rows of a table that is only appended to, and the
--   deletion of wallets.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: restrict_violation: always.
-- Called by: the triggers below.

CREATE OR REPLACE FUNCTION forbid_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION '% on % is forbidden', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER wallets_stay
  BEFORE DELETE OR TRUNCATE ON wallets
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

-- For each statement, so that an INSERT pays nothing.
CREATE OR REPLACE TRIGGER wallet_entries_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_entries
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE OR REPLACE TRIGGER wallet_seals_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_seals
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE OR REPLACE TRIGGER price_history_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON price_history
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

-- All columns but before and after: only_erase_details.sql has these.
CREATE OR REPLACE TRIGGER operator_actions_append_only
  BEFORE UPDATE OF
    id,
    at,
    operator_id,
    operator_name,
    action,
    target_type,
    target_id,
    address,
    request_id
  OR DELETE OR TRUNCATE ON operator_actions
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
