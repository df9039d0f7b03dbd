-- Does: refuses the statement. Shared by every table that must never lose a row, and by those of which no row
--   may be rewritten either. The triggers are for each statement, so an INSERT pays nothing.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: restrict_violation, always.
-- Called by: DELETE and TRUNCATE of wallets; UPDATE, DELETE and TRUNCATE of the append-only tables.

CREATE OR REPLACE FUNCTION forbid_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION '% on % is forbidden', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER wallets_stay
  BEFORE DELETE OR TRUNCATE ON wallets
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE OR REPLACE TRIGGER wallet_entries_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_entries
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE OR REPLACE TRIGGER price_history_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON price_history
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE OR REPLACE TRIGGER wallet_seals_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_seals
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
